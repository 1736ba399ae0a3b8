import { applications, layers, models, optimizers } from "graft-ml";

type AnyModel = InstanceType<typeof models.Model>;

/** Lets only the layers learn whose names begin so; an empty beginning: all of them. */
function unfreeze(base: AnyModel, beginning: string): void {
  for (const layer of base.layers) layer.trainable = layer.name.startsWith(beginning);
}

function compiled(model: InstanceType<typeof models.Sequential>) {
  model.compile({
    loss: "binary_crossentropy",
    optimizer: new optimizers.RMSprop({ learningRate: 1e-5 }),
    metrics: ["acc"],
  });
  return model;
}

/**
 * The reference job's classifier on VGG16, 150×150.
 *
 * @param weights a file, or `null` for random ones
 * @param learns beginning of the names of the layers that learn, such as `block5`
 */
export async function vgg16Classifier(weights: string | null, learns: string) {
  const base = await applications.VGG16({ weights, includeTop: false, inputShape: [150, 150, 3] });
  unfreeze(base, learns);
  return compiled(
    new models.Sequential([
      base,
      new layers.Flatten(),
      new layers.Dense(256, { activation: "relu" }),
      new layers.Dropout(0.5),
      new layers.Dense(1, { activation: "sigmoid" }),
    ]),
  );
}

/** A network with its feature map pooled and one dense unit on top; see {@link vgg16Classifier} for `learns`. */
export function pooledClassifier(base: AnyModel, learns: string) {
  unfreeze(base, learns);
  return compiled(
    new models.Sequential([base, new layers.GlobalAveragePooling2D(), new layers.Dense(1, { activation: "sigmoid" })]),
  );
}

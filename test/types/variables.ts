import {
  applications,
  callbacks,
  type Float32Tensor,
  ImageDataGenerator,
  imageDatasetFromDirectory,
  layers,
  models,
  type SymbolicTensor,
  type Tensor,
} from "graft-ml";

/* Compiled with all the rest, and never run: options, rows and shapes held in variables fit without `as const`. */

const options = { padding: "same", activation: "relu", strides: [2, 2], kernelInitializer: "he_normal" };
const size = [3, 3];
export const convolution = new layers.Conv2D(8, size, options);
export const named = new layers.Conv2D({ filters: 8, kernelSize: size, ...options });
export const flip = new layers.RandomFlip("horizontal");

const inputShape: number[] = [64, 64, 3];
export const inputs: SymbolicTensor = layers.Input({ shape: inputShape });
const network = { weights: null, includeTop: false, inputShape, pooling: "avg" };
export const base = applications.VGG16(network);

const flow = { targetSize: [150, 150], classMode: "binary", colorMode: "rgb", batchSize: 20 };
const rows = [{ filename: "a.png", class: "cat" }];
const augmentation = { fillMode: "nearest", brightnessRange: [0.5, 1.5], horizontalFlip: true };
export const datagen = new ImageDataGenerator(augmentation);
export const folder = datagen.flowFromDirectory("photos", flow);
export const table = datagen.flowFromDataframe(rows, flow);
export const dataset = imageDatasetFromDirectory("photos", { imageSize: inputShape.slice(0, 2), labelMode: "int" });

const watched = { monitor: "val_loss", mode: "min", verbose: 1, saveFreq: "epoch" };
export const checkpoint = new callbacks.ModelCheckpoint("best.keras", watched);

const silent = { verbose: 0, callbacks: [checkpoint] };
const automatic = { verbose: "auto" };

/** How much is said, too. */
export async function quietly(model: models.Model, x: Tensor): Promise<void> {
  await model.fit(x, { y: x, epochs: 1, ...silent });
  await model.evaluate(x, { y: x, ...automatic });
  await model.predict(x, { verbose: false });
}

/** A file gives what a variable of either kind takes, arrays go in as they came out, and one output is one array. */
export async function through(x: Tensor): Promise<Tensor> {
  const model: models.Model = await models.loadModel("model.keras");
  const row: models.Sequential = await models.loadModel("row.keras");
  const weights: Float32Tensor[] = model.getWeights();
  row.setWeights(weights);
  row.setWeights([x]);
  return model.predict(x);
}

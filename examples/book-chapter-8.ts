/**
 * The counterpart of a script of the book "Deep Learning with Python", 2nd edition, section 8.3: features of a pretrained network
 * are computed once, and a small classifier is trained on them.
 *
 *     npx tsx examples/book-chapter-8.ts --data-dir cats-vs-dogs-small
 *
 * --data-dir has `train` and `validation`, and `test` if there are such, each with one folder for each of two classes.
 */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  applications,
  callbacks,
  imageDatasetFromDirectory,
  initializers,
  layers,
  models,
  ops,
  optimizers,
} from "graft-ml";
import type { ImageDataset, Tensor } from "graft-ml";

const { values: flags } = parseArgs({
  options: {
    "data-dir": { type: "string", default: "cats-vs-dogs-small" },
    base: { type: "string" },
    size: { type: "string", default: "180" },
    units: { type: "string", default: "256" },
    epochs: { type: "string", default: "20" },
    "learning-rate": { type: "string", default: "1e-3" },
    out: { type: "string", default: "runs/book-chapter-8" },
    plain: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const size = Number(flags.size);
const fromDirectory = (part: string): Promise<ImageDataset> =>
  imageDatasetFromDirectory(join(flags["data-dir"], part), {
    imageSize: [size, size],
    batchSize: 32,
    shuffle: !flags.plain,
  });

const trainDataset = await fromDirectory("train");
const validationDataset = await fromDirectory("validation");
const testDataset = await fromDirectory(existsSync(join(flags["data-dir"], "test")) ? "test" : "validation");

const convBase =
  flags.base === undefined
    ? await applications.VGG16({ weights: "imagenet", includeTop: false, inputShape: [size, size, 3] })
    : await models.loadModel(flags.base);

async function getFeaturesAndLabels(dataset: ImageDataset): Promise<[features: Tensor, labels: Tensor]> {
  const allFeatures: Tensor[] = [];
  const allLabels: Tensor[] = [];
  for await (const [images, labels] of dataset) {
    const preprocessedImages = applications.vgg16.preprocessInput(images);
    const features = await convBase.predict(preprocessedImages, { verbose: 0 });
    allFeatures.push(features);
    allLabels.push(labels);
  }
  return [await ops.concatenate(allFeatures), await ops.concatenate(allLabels)];
}

const [trainFeatures, trainLabels] = await getFeaturesAndLabels(trainDataset);
const [valFeatures, valLabels] = await getFeaturesAndLabels(validationDataset);
const [testFeatures, testLabels] = await getFeaturesAndLabels(testDataset);
console.log("Features:", trainFeatures.dims);

const kernelInitializer = flags.plain ? new initializers.Constant(0.001) : "glorot_uniform";
const inputs = layers.Input({ shape: trainFeatures.dims.slice(1) });
let x = new layers.Flatten().apply(inputs);
x = new layers.Dense(Number(flags.units), { activation: flags.plain ? "relu" : "linear", kernelInitializer }).apply(x);
x = new layers.Dropout(flags.plain ? 0 : 0.5).apply(x);
const outputs = new layers.Dense(1, { activation: "sigmoid", kernelInitializer }).apply(x);
const model = new models.Model(inputs, outputs);
model.compile({
  loss: "binary_crossentropy",
  optimizer: new optimizers.RMSprop(Number(flags["learning-rate"])),
  metrics: ["accuracy"],
});

await mkdir(flags.out, { recursive: true });
const filepath = join(flags.out, "feature_extraction.keras");
const { history } = await model.fit(trainFeatures, trainLabels, {
  epochs: Number(flags.epochs),
  validationData: [valFeatures, valLabels],
  callbacks: [new callbacks.ModelCheckpoint({ filepath, saveBestOnly: true, monitor: "val_loss" })],
  shuffle: !flags.plain,
});

const testModel = await models.loadModel(filepath);
const best = await testModel.evaluate(testFeatures, testLabels);
console.log(`Test accuracy: ${best["accuracy"]?.toFixed(3)}`);
if (flags.json) {
  const features = [await ops.mean(trainFeatures), await ops.std(trainFeatures)].map(({ data }) => Number(data[0]));
  console.log(JSON.stringify({ features, history, best }));
}

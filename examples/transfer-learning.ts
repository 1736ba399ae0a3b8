/**
 * The counterpart of Keras's guide to transfer learning, https://keras.io/guides/transfer_learning/: a classifier is trained on
 * top of a frozen network, then all of it a little more.
 *
 *     npx tsx examples/transfer-learning.ts --data-dir cats-vs-dogs-small
 *
 * --data-dir has `train` and `validation`, each with one folder for each of two classes. --plain leaves out what is up to chance.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { applications, imageDatasetFromDirectory, layers, losses, metrics, models, optimizers } from "graft-ml";
import type { SymbolicTensor } from "graft-ml";

const { values: flags } = parseArgs({
  options: {
    "data-dir": { type: "string", default: "cats-vs-dogs-small" },
    base: { type: "string" },
    size: { type: "string", default: "150" },
    "batch-size": { type: "string", default: "64" },
    epochs: { type: "string", default: "2" },
    "learning-rate": { type: "string", default: "1e-3" },
    "fine-tuning-epochs": { type: "string", default: "1" },
    "fine-tuning-rate": { type: "string", default: "1e-5" },
    plain: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const size = Number(flags.size);

// Photos and labels, in batches.
const how = {
  labelMode: "binary",
  imageSize: [size, size],
  batchSize: Number(flags["batch-size"]),
  shuffle: !flags.plain,
} as const;
const trainDs = await imageDatasetFromDirectory(join(flags["data-dir"], "train"), how);
const validationDs = await imageDatasetFromDirectory(join(flags["data-dir"], "validation"), how);

// Random changes of the photos, as layers of the model.
const augmentationLayers = flags.plain ? [] : [new layers.RandomFlip("horizontal"), new layers.RandomRotation(0.1)];
function dataAugmentation(x: SymbolicTensor): SymbolicTensor {
  for (const layer of augmentationLayers) x = layer.apply(x);
  return x;
}

// The pretrained network, or one from a file; frozen.
const baseModel =
  flags.base === undefined
    ? await applications.VGG16({ weights: "imagenet", inputShape: [size, size, 3], includeTop: false })
    : await models.loadModel(flags.base);
baseModel.trainable = false;

const inputs = layers.Input({ shape: [size, size, 3] });
let x = dataAugmentation(inputs);
x = new layers.Rescaling({ scale: 1 / 127.5, offset: -1 }).apply(x);
// In inference mode, so that statistics of batch normalization stay as they are when the network is unfrozen.
x = baseModel.apply(x, { training: false });
x = new layers.GlobalAveragePooling2D().apply(x);
x = new layers.Dropout(flags.plain ? 0 : 0.2).apply(x);
const outputs = new layers.Dense(1, { kernelInitializer: flags.plain ? "zeros" : "glorot_uniform" }).apply(x);
const model = new models.Model(inputs, outputs);
model.summary();

model.compile({
  optimizer: new optimizers.Adam(Number(flags["learning-rate"])),
  loss: new losses.BinaryCrossentropy({ fromLogits: true }),
  metrics: [new metrics.BinaryAccuracy()],
});
const first = await model.fit(trainDs, { epochs: Number(flags.epochs), validationData: validationDs });

// All of it, at a very low learning rate.
baseModel.trainable = true;
model.summary();
model.compile({
  optimizer: new optimizers.Adam(Number(flags["fine-tuning-rate"])),
  loss: new losses.BinaryCrossentropy({ fromLogits: true }),
  metrics: [new metrics.BinaryAccuracy()],
});
const second = await model.fit(trainDs, { epochs: Number(flags["fine-tuning-epochs"]), validationData: validationDs });

const { loss, binary_accuracy: accuracy } = await model.evaluate(validationDs);
console.log(`Validation loss ${loss?.toFixed(4)}, accuracy ${accuracy?.toFixed(4)}`);
if (flags.json) console.log(JSON.stringify({ first: first.history, second: second.history }));

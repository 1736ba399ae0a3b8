/**
 * The guide's script, line for line: a pretrained VGG16, a new classifier on top, the last block trained along.
 *
 *     npx tsx examples/cats-and-dogs.ts --base-dir cats-vs-dogs-small --weights imagenet
 *
 * --base-dir has `train` and `validation`, each with one folder per class. The plots are written to --out.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { applications, ImageDataGenerator, layers, models, optimizers, plots, setRandomSeed } from "graft-ml";

const { values: flags } = parseArgs({
  options: {
    "base-dir": { type: "string" },
    weights: { type: "string", default: "imagenet" },
    epochs: { type: "string", default: "100" },
    "steps-per-epoch": { type: "string", default: "100" },
    "validation-steps": { type: "string", default: "50" },
    seed: { type: "string", default: "0" },
    out: { type: "string", default: "runs/cats-and-dogs" },
    json: { type: "boolean", default: false },
  },
});
const baseDir = flags["base-dir"];
if (baseDir === undefined) {
  console.error("Say where the photos are: --base-dir DIR, with train/ and validation/ in it.");
  process.exit(2);
}
setRandomSeed(Number(flags.seed));

// Photos: augmented for training, as they are for validation.
const trainDatagen = new ImageDataGenerator({
  rescale: 1 / 255,
  rotationRange: 40,
  widthShiftRange: 0.2,
  heightShiftRange: 0.2,
  shearRange: 0.2,
  zoomRange: 0.2,
  horizontalFlip: true,
  fillMode: "nearest",
});
const testDatagen = new ImageDataGenerator({ rescale: 1 / 255 });

const trainGenerator = await trainDatagen.flowFromDirectory(join(baseDir, "train"), {
  targetSize: [150, 150],
  batchSize: 20,
  classMode: "binary",
});
const validationGenerator = await testDatagen.flowFromDirectory(join(baseDir, "validation"), {
  targetSize: [150, 150],
  batchSize: 20,
  classMode: "binary",
});

// The pretrained network, frozen up to its last block.
const convBase = await applications.VGG16({
  weights: flags.weights,
  includeTop: false,
  inputShape: [150, 150, 3],
});
convBase.summary();

convBase.trainable = true;
let setTrainable = false;
for (const layer of convBase.layers) {
  if (layer.name === "block5_conv1") setTrainable = true;
  layer.trainable = setTrainable;
}

// The new classifier on top.
const model = new models.Sequential();
model.add(convBase);
model.add(new layers.Flatten());
model.add(new layers.Dense(256, { activation: "relu" }));
model.add(new layers.Dropout(0.5));
model.add(new layers.Dense(1, { activation: "sigmoid" }));
model.summary();

model.compile({
  loss: "binary_crossentropy",
  optimizer: new optimizers.RMSprop({ learningRate: 1e-5 }),
  metrics: ["acc"],
});

const start = performance.now();
const { history, seconds } = await model.fit(trainGenerator, {
  stepsPerEpoch: Number(flags["steps-per-epoch"]),
  epochs: Number(flags.epochs),
  validationData: validationGenerator,
  validationSteps: Number(flags["validation-steps"]),
});

// Accuracy and loss: dots for training, lines for validation.
await mkdir(flags.out, { recursive: true });
for (const plot of plots.historyPlots(history)) {
  const file = join(flags.out, `${plot.axis}.svg`);
  await writeFile(file, plots.curvesSvg([plot]));
  console.log(`Plot: ${file}`);
}
console.log(`Time used: ${((performance.now() - start) / 1000).toFixed(1)} s`);
if (flags.json) console.log(JSON.stringify({ history, seconds }));

/**
 * Cross-validation as books, forums and notebooks show it with scikit-learn's KFold: the photos are divided into k parts, and a
 * new network is trained for each of them on all others.
 *
 *     npx tsx examples/k-fold.ts --data-dir flowers
 *
 * --data-dir has one folder for each class. --plain takes every k-th photo for a fold and does not shuffle.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Tensor } from "graft-ml";
import { Dataset, layers, models, ops, optimizers, setRandomSeed, utils } from "graft-ml";

const { values: flags } = parseArgs({
  options: {
    "data-dir": { type: "string", default: "flowers" },
    model: { type: "string" },
    size: { type: "string", default: "64" },
    folds: { type: "string", default: "5" },
    epochs: { type: "string", default: "25" },
    "batch-size": { type: "string", default: "32" },
    "learning-rate": { type: "string", default: "1e-3" },
    plain: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const size = Number(flags.size);
const k = Number(flags.folds);
setRandomSeed(42);

// All photos as one array, and their classes.
const classes = (await readdir(flags["data-dir"])).sort();
const images: Tensor[] = [];
const labels: number[] = [];
for (const [label, name] of classes.entries()) {
  for (const file of (await readdir(join(flags["data-dir"], name))).sort()) {
    const img = await utils.loadImg(join(flags["data-dir"], name, file), { targetSize: [size, size] });
    images.push(utils.imgToArray(img));
    labels.push(label);
  }
}
const x = await ops.divide(await ops.stack(images), 255);
const y = utils.toCategorical(labels, classes.length);
console.log(`${images.length} photos of ${classes.length} classes`);

async function createModel(): Promise<models.BaseModel> {
  if (flags.model !== undefined) return models.loadModel(flags.model);
  return new models.Sequential([
    layers.Input({ shape: [size, size, 3] }),
    new layers.Conv2D(32, 3, { activation: "relu" }),
    new layers.MaxPooling2D(2),
    new layers.Conv2D(64, 3, { activation: "relu" }),
    new layers.MaxPooling2D(2),
    new layers.Flatten(),
    new layers.Dropout(0.5),
    new layers.Dense(classes.length, { activation: "softmax" }),
  ]);
}

// The order in which photos are dealt to the folds.
const inOrder = Dataset.range(images.length);
const order: number[] = [];
for await (const row of flags.plain ? inOrder : inOrder.shuffle(images.length)) order.push(row);

const scores: Record<string, number>[] = [];
for (let fold = 0; fold < k; fold++) {
  const train = order.filter((_, place) => place % k !== fold);
  const test = order.filter((_, place) => place % k === fold);

  const model = await createModel();
  model.compile({
    optimizer: new optimizers.Adam({ learningRate: Number(flags["learning-rate"]) }),
    loss: "categorical_crossentropy",
    metrics: ["accuracy"],
  });
  await model.fit(await ops.take(x, train, 0), await ops.take(y, train, 0), {
    epochs: Number(flags.epochs),
    batchSize: Number(flags["batch-size"]),
    shuffle: !flags.plain,
    verbose: 0,
  });
  const score = await model.evaluate(await ops.take(x, test, 0), await ops.take(y, test, 0), { verbose: 0 });
  console.log(`Fold ${fold + 1}: loss ${score["loss"]?.toFixed(4)}, accuracy ${score["accuracy"]?.toFixed(4)}`);
  scores.push(score);
}

const accuracies = scores.map(({ accuracy = 0 }) => accuracy);
const mean = accuracies.reduce((sum, one) => sum + one, 0) / k;
const deviation = Math.sqrt(accuracies.reduce((sum, one) => sum + (one - mean) ** 2, 0) / k);
console.log(`Accuracy ${mean.toFixed(4)} (± ${deviation.toFixed(4)})`);
if (flags.json) console.log(JSON.stringify({ scores }));

/**
 * A competition's script of the usual kind: a table says the class of each photo, rare classes count more, callbacks stop the
 * training and lower its rate, and the predictions go into a table.
 *
 *     npx tsx examples/kaggle-table.ts --train-csv train.csv --train-dir train --test-csv test.csv --test-dir test
 *
 * The tables have the columns `file` and, for training, `label`. --plain leaves out what is up to chance.
 */
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { callbacks, Dataset, ImageDataGenerator, layers, models, ops, optimizers, setRandomSeed } from "graft-ml";

const { values: flags } = parseArgs({
  options: {
    "train-csv": { type: "string", default: "train.csv" },
    "train-dir": { type: "string", default: "train" },
    "test-csv": { type: "string", default: "test.csv" },
    "test-dir": { type: "string", default: "test" },
    model: { type: "string" },
    size: { type: "string", default: "128" },
    "batch-size": { type: "string", default: "32" },
    epochs: { type: "string", default: "30" },
    "learning-rate": { type: "string", default: "1e-3" },
    out: { type: "string", default: "submission.csv" },
    plain: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const size = Number(flags.size);
setRandomSeed(42);

// The table, a quarter of which is for validation.
const table = (await readFile(flags["train-csv"], "utf8"))
  .trim()
  .split("\n")
  .slice(1)
  .map((line) => {
    const [file = "", label = ""] = line.trim().split(",");
    return { file, label };
  });
const rows: typeof table = [];
const inOrder = Dataset.fromElements(table);
for await (const row of flags.plain ? inOrder : inOrder.shuffle(table.length)) rows.push(row);
const trainDf = rows.slice(0, Math.floor((rows.length * 3) / 4));
const validDf = rows.slice(trainDf.length);

const how = {
  directory: flags["train-dir"],
  xCol: "file",
  yCol: "label",
  classMode: "categorical",
  targetSize: [size, size],
  batchSize: Number(flags["batch-size"]),
} as const;
const augmentation = flags.plain ? {} : { rotationRange: 20, zoomRange: 0.2, horizontalFlip: true };
const trainDatagen = new ImageDataGenerator({ rescale: 1 / 255, ...augmentation });
const datagen = new ImageDataGenerator({ rescale: 1 / 255 });
const trainGenerator = await trainDatagen.flowFromDataframe(trainDf, { ...how, shuffle: !flags.plain });
const labels = Object.keys(trainGenerator.classIndices);
const validGenerator = await datagen.flowFromDataframe(validDf, { ...how, shuffle: false, classes: labels });

// Rare classes count more.
const classWeight: Record<number, number> = {};
for (const [label, index] of Object.entries(trainGenerator.classIndices)) {
  classWeight[index] = trainDf.length / (labels.length * trainDf.filter((row) => row.label === label).length);
}

const model =
  flags.model === undefined
    ? new models.Sequential([
        layers.Input({ shape: [size, size, 3] }),
        new layers.Conv2D(32, [3, 3], { activation: "relu" }),
        new layers.MaxPooling2D([2, 2]),
        new layers.Conv2D(64, [3, 3], { activation: "relu" }),
        new layers.MaxPooling2D([2, 2]),
        new layers.Flatten(),
        new layers.Dense(128, { activation: "relu" }),
        new layers.Dropout(0.5),
        new layers.Dense(labels.length, { activation: "softmax" }),
      ])
    : await models.loadModel(flags.model);
model.compile({
  optimizer: new optimizers.Adam({ learningRate: Number(flags["learning-rate"]) }),
  loss: "categorical_crossentropy",
  metrics: ["accuracy"],
});
const { history } = await model.fit(trainGenerator, {
  validationData: validGenerator,
  epochs: Number(flags.epochs),
  classWeight,
  shuffle: !flags.plain,
  callbacks: [
    new callbacks.EarlyStopping({ monitor: "val_loss", patience: 4, restoreBestWeights: true }),
    new callbacks.ReduceLROnPlateau({ monitor: "val_loss", factor: 0.5, patience: 1 }),
  ],
});

// The test photos, in the order of their table.
const testGenerator = await datagen.flowFromDataframe(flags["test-csv"], {
  directory: flags["test-dir"],
  xCol: "file",
  classMode: null,
  targetSize: [size, size],
  batchSize: Number(flags["batch-size"]),
  shuffle: false,
});
const predictions = await model.predict(testGenerator);
const predicted = await ops.argmax(predictions, -1);
const submission = testGenerator.filenames.map((file, row) => [file, labels[Number(predicted.data[row])]]);
await writeFile(flags.out, ["file,label", ...submission.map((row) => row.join(","))].join("\n") + "\n");
console.log(`Predictions: ${flags.out}`);
if (flags.json) console.log(JSON.stringify({ history, submission }));

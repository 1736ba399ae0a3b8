import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ImageDataGenerator, imageDatasetFromDirectory, layers, metrics, models, optimizers, Tensor } from "graft-ml";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { events, graft } from "./cli/command.js";
import { tinyNetwork } from "./cli/tiny-network.js";

/** Names that JavaScript's objects put elsewhere or have already, in the order of their numbers. */
const names = [
  ...["0", "1", "10", "11", "2", "3", "4", "5", "6", "7", "8", "9"],
  ...["__proto__", "constructor", "toString"],
];
const photosOfEach = 4;

let root = "";
let photos = "";

/** Colours on a sphere: each can be told from all others by a linear function. */
function colourOf(index: number): { r: number; g: number; b: number } {
  const height = 1 - (2 * (index + 0.5)) / names.length;
  const [radius, angle] = [Math.sqrt(1 - height * height), 2.399963 * index];
  const level = (unit: number): number => Math.round(128 + 110 * unit);
  return { r: level(height), g: level(radius * Math.cos(angle)), b: level(radius * Math.sin(angle)) };
}

beforeAll(async () => {
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  root = await mkdtemp(join(tmpdir(), "graft-names-"));
  photos = join(root, "photos");
  for (const [index, name] of names.entries()) {
    await mkdir(join(photos, name), { recursive: true });
    for (let photo = 0; photo < photosOfEach; photo++) {
      const { r, g, b } = colourOf(index);
      const background = { r, g, b: b + photo - 2 };
      await sharp({ create: { width: 8, height: 8, channels: 3, background } }).toFile(
        join(photos, name, `${photo}.png`),
      );
    }
  }
  await writeFile(join(root, "tiny.onnx"), tinyNetwork());
});
afterAll(() => rm(root, { recursive: true }));

/** The greatest column of each row. */
function best({ data, dims }: Tensor): number[] {
  const width = dims[1] ?? 1;
  return Array.from({ length: dims[0] ?? 0 }, (_, row) => {
    const values = [...(data as Float32Array).subarray(row * width, (row + 1) * width)];
    return values.indexOf(Math.max(...values));
  });
}

describe("classes 0 … 11, __proto__, constructor and toString", () => {
  it("in flows: indices in their order, and predictions under the right names", async () => {
    const generator = new ImageDataGenerator({ rescale: 1 / 255 });
    const options = { targetSize: [8, 8], seed: 1 } as const;
    const flow = await generator.flowFromDirectory(photos, options);
    expect(Object.entries(flow.classIndices)).toEqual(names.map((name, index) => [name, index]));
    expect(JSON.stringify(flow.classIndices)).toBe(`{${names.map((name, index) => `"${name}":${index}`).join(",")}}`);
    expect([flow.numClasses, flow.classIndices["__proto__"], flow.classIndices["10"]]).toEqual([15, 12, 2]);

    const model = new models.Sequential([
      layers.Input({ shape: [8, 8, 3] }),
      new layers.GlobalAveragePooling2D(),
      new layers.Dense(names.length, { activation: "softmax" }),
    ]);
    model.compile({ optimizer: new optimizers.Adam({ learningRate: 0.3 }), loss: "categorical_crossentropy" });
    await model.fit(flow, { epochs: 60, verbose: 0 });
    const unshuffled = await generator.flowFromDirectory(photos, { ...options, shuffle: false });
    const labels = Object.keys(unshuffled.classIndices);
    const predicted = best(await model.predict(unshuffled, { verbose: 0 })).map((index) => labels[index]);
    expect(predicted).toEqual(unshuffled.filenames.map((name) => name.split("/")[0]));
  });

  it("in datasets and tables", async () => {
    const dataset = await imageDatasetFromDirectory(photos, { imageSize: [8, 8] });
    expect(dataset.classNames).toEqual(names);
    const rows = names.map((name) => ({ file: `${name}/0.png`, label: name }));
    const columns = { file: rows.map(({ file }) => file), label: rows.map(({ label }) => label) };
    const csv = join(root, "table.csv");
    await writeFile(
      csv,
      ["__proto__,10,constructor", ...rows.map(({ file, label }) => `${file},${label},1`)].join("\n"),
    );
    const generator = new ImageDataGenerator();
    const flows = [
      await generator.flowFromDataframe(rows, { directory: photos, xCol: "file", yCol: "label" }),
      await generator.flowFromDataframe(columns, { directory: photos, xCol: "file", yCol: "label" }),
      await generator.flowFromDataframe(csv, {
        ...{ directory: photos, xCol: "__proto__", yCol: "10", weightCol: "constructor" },
      }),
    ];
    for (const flow of flows) {
      expect(Object.keys(flow.classIndices)).toEqual(names);
      expect(flow.classes).toEqual(names.map((_, index) => index));
      expect(flow.labels).toBe(flow.classes);
    }
    await expect(generator.flowFromDataframe(rows, { directory: photos, xCol: "constructor" })).rejects.toThrow(
      /column: file, label.*constructor/s,
    );
  });

  it("in the command: record, predictions and figures by class", { timeout: 120_000 }, async () => {
    const train = ["train", "photos", "--network", "tiny.onnx", "--preprocess", "torch", "--out", "run", "--json"];
    const trained = await graft([...train, "--learning-rate", "0.1", "--epochs", "40"], root);
    expect(trained.exitCode, trained.stderr).toBe(0);
    const record = JSON.parse(await readFile(join(root, "run", "run.json"), "utf8")) as { data: { classes: string[] } };
    expect(record.data.classes).toEqual(names);

    const files = names.map((name) => join("photos", name, "0.png"));
    const predicted = await graft(["predict", "run", ...files, "--json"], root);
    // As text, for JSON.parse would put the names in JavaScript's order again.
    const lines = predicted.stdout.split("\n").filter((line) => line.includes('"prediction"'));
    expect(lines).toHaveLength(names.length);
    for (const line of lines) {
      const start = line.indexOf('"probabilities"') + '"probabilities":'.length;
      const probabilities = line.slice(start, line.indexOf("}", start));
      expect([...probabilities.matchAll(/"([^"]+)":/g)].map(([, name]) => name)).toEqual(names);
    }
    expect(lines.map((line) => (JSON.parse(line) as { label: string }).label)).toEqual(names);

    const evaluated = await graft(["evaluate", "run", "photos", "--json"], root);
    const done = events(evaluated.stdout).at(-1) as { accuracy: number; per_class: { label: string }[] } | undefined;
    expect(done?.per_class.map(({ label }) => label)).toEqual(names);
    expect(done?.accuracy).toBe(1);
  });
});

/** A model with two inputs and two outputs, every name of which JavaScript's objects have or put elsewhere. */
function strangeModel(): InstanceType<typeof models.Model> {
  const a = layers.Input({ shape: [3], name: "toString" });
  const b = layers.Input({ shape: [3], name: "10" });
  const joined = new layers.Concatenate({ name: "valueOf" }).apply([a, b]);
  const hidden = new layers.Dense(4, { name: "hasOwnProperty" }).apply(joined);
  const outputs = ["constructor", "2"].map((name) => new layers.Dense(1, { name }).apply(hidden));
  return new models.Model({ inputs: [a, b], outputs });
}

describe("layers, inputs and outputs of such names", () => {
  const tensor = (rows: number, columns: number): Tensor =>
    new Tensor(
      "float32",
      Float32Array.from({ length: rows * columns }, (_, index) => Math.sin(index)),
      [rows, columns],
    );
  const x = Object.fromEntries([
    ["toString", tensor(4, 3)],
    ["10", tensor(4, 3)],
  ]);

  it("train by their names, and are saved and loaded", async () => {
    const model = strangeModel();
    model.compile({ optimizer: "sgd", loss: { constructor: "mse", "2": "mae" }, metrics: { constructor: "mae" } });
    const y = { constructor: tensor(4, 1), "2": tensor(4, 1) };
    const { history } = await model.fit(x, { y, verbose: 0 });
    expect(Object.keys(history)).toEqual(["2_loss", "constructor_loss", "constructor_mae", "loss"]);
    model.getLayer("constructor").learningRateMultiplier = 2;
    const before = await model.predict<readonly Tensor[]>(x, { verbose: 0 });
    for (const file of ["strange.keras", "strange.weights.h5", "strange.onnx"]) {
      const path = join(root, file);
      let loaded: models.BaseModel;
      if (file.endsWith(".keras")) {
        await model.save(path);
        loaded = await models.loadModel(path);
        expect(loaded.getLayer("constructor").learningRateMultiplier).toBe(2);
      } else if (file.endsWith(".h5")) {
        await model.saveWeights(path);
        loaded = strangeModel();
        await loaded.loadWeights(path);
      } else {
        await model.export(path);
        continue;
      }
      const after = await loaded.predict<readonly Tensor[]>(x, { verbose: 0 });
      expect(after.map(({ data }) => data)).toEqual(before.map(({ data }) => data));
    }
  });

  it("and are missed where they are missing, though every object inherits them", async () => {
    const model = strangeModel();
    model.compile({ optimizer: "sgd", loss: "mse" });
    const y = { "2": tensor(4, 1) };
    await expect(model.fit(x, { y, verbose: 0 })).rejects.toThrow(/constructor/);
    await expect(model.predict({ "10": tensor(4, 3) })).rejects.toThrow(/no samples for the input "toString"/);
  });

  it("in metrics", async () => {
    const model = new models.Sequential([layers.Input({ shape: [3] }), new layers.Dense(1)]);
    const named = ["10", "2", "__proto__", "constructor"].map((name) => new metrics.MeanSquaredError({ name }));
    model.compile({ optimizer: "sgd", loss: "mse", metrics: named });
    const { history } = await model.fit(tensor(4, 3), {
      ...{ y: tensor(4, 1), verbose: 0 },
      ...{ validationData: [tensor(4, 3), tensor(4, 1)] },
    });
    expect(Object.keys(history)).toHaveLength(10);
    for (const name of ["10", "2", "__proto__", "constructor"]) {
      expect(history[name]).toHaveLength(1);
      expect(history[`val_${name}`]).toHaveLength(1);
    }
    const logs = await model.evaluate(tensor(4, 3), { y: tensor(4, 1), verbose: 0 });
    expect(Object.keys(logs)).toEqual(["loss", "10", "2", "__proto__", "constructor"]);
  });
});

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  ImageDataGenerator,
  imageDatasetFromDirectory,
  layers,
  losses,
  metrics,
  models,
  ops,
  type SymbolicTensor,
  Tensor,
  UsageError,
} from "graft-ml";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { BatchSource } from "../../src/models/sources/batch-source.js";
import type { FitOptions } from "../../src/models/training-types.js";
import { writePhotoFolder } from "../cli/photos.js";

let folder = "";
beforeAll(async () => {
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  folder = await mkdtemp(join(tmpdir(), "graft-labels-"));
  await writePhotoFolder(folder, 2);
});
afterAll(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

const x = new Tensor(
  "float32",
  Float32Array.from({ length: 16 }, (_, index) => Math.sin(index)),
  [4, 4],
);

function column(values: readonly number[], dims: readonly number[] = [values.length]): Tensor {
  return new Tensor("float32", Float32Array.from(values), dims);
}

interface Given {
  readonly units?: number;
  readonly activation?: "softmax" | "sigmoid" | "linear";
  readonly loss?: losses.Loss | string;
  readonly follow?: readonly (string | metrics.Metric)[];
}

function network({ units = 3, activation = "softmax", loss = sparse, follow = [] }: Given = {}): models.Sequential {
  const model = new models.Sequential([
    layers.Input({ shape: [4] }),
    new layers.Dense(units, { activation, name: "answer" }),
  ]);
  model.compile({ optimizer: "sgd", loss, metrics: follow });
  return model;
}

const sparse = "sparse_categorical_crossentropy";
const one: Given = { units: 1, activation: "sigmoid", loss: "binary_crossentropy" };

/** As Keras 3.15.1: what a weight of 0 leaves nothing of may be any number, but in figures that know no weights. */
describe("labels of samples whose weight is 0", () => {
  const unknown = column([0, -1, 1, 1], [4, 1]);
  const sampleWeight = column([1, 0, 1, 1]);
  const loss = async (given: Given, y: Tensor): Promise<number> => {
    const zero = network({ ...given });
    zero.setWeights(zero.getWeights().map(({ dims, size }) => new Tensor("float32", new Float32Array(size), dims)));
    return (await zero.evaluate(x, y, { sampleWeight, verbose: 0 }))["loss"] ?? NaN;
  };

  it("may be none where shares are compared", async () => {
    expect(await loss(one, unknown)).toBeCloseTo((3 * Math.LN2) / 4, 6);
    expect(await loss({ ...one, loss: "hinge" }, column([-1, -9, 1, 1], [4, 1]))).toBeCloseTo((1.5 + 0.5 + 0.5) / 4, 6);
    await expect(network(one).fit(x, unknown, { sampleWeight, verbose: 0 })).resolves.toBeDefined();
  });

  it("are refused where they count nevertheless", async () => {
    await expect(loss({ ...one, follow: ["auc"] }, unknown)).rejects.toThrow("The label -1 is outside [0, 1].");
    await expect(loss(one, column([-1, 0, 1, 1], [4, 1]))).rejects.toThrow("The label -1 is outside [0, 1].");
    await expect(loss(one, column([0, NaN, 1, 1], [4, 1]))).rejects.toThrow("The label NaN is outside [0, 1].");
    await expect(loss({}, column([0, -1, 1, 1]))).rejects.toThrow("The label -1 is no class.");
  });
});

describe("a label that is no class is refused before anything is learned", () => {
  it.each([-1, 3, 1.5, NaN, Infinity])("%d of three classes", async (wrong) => {
    const model = network();
    const before = model.getWeights().map(({ data }) => [...data]);
    const y = column([0, 1, wrong, 2]);
    const message = new RegExp(
      `The label ${wrong} is no class.*0 to 2, for the 3 classes of "answer" \\(${sparse}\\).*${wrong} for the sample 2`,
    );
    await expect(model.fit(x, { y, batchSize: 1, shuffle: false, verbose: 0 })).rejects.toThrow(UsageError);
    await expect(model.fit(x, { y, batchSize: 1, verbose: 0 })).rejects.toThrow(message);
    await expect(model.evaluate(x, { y, verbose: 0 })).rejects.toThrow(message);
    await expect(model.trainOnBatch(x, y)).rejects.toThrow(message);
    await expect(model.testOnBatch(x, y)).rejects.toThrow(message);
    await expect(model.fit(x, { y: column([0, 1, wrong, 2], [4, 1]), verbose: 0 })).rejects.toThrow(message);
    expect(model.getWeights().map(({ data }) => [...data])).toEqual(before);
    expect(model.optimizer.iterations).toBe(0);
  });

  it("in the validation, and with its own number after a split", async () => {
    const model = network();
    const y = column([0, 1, 2, 9]);
    const validationData = [x, y] as const;
    await expect(model.fit(x, { y: column([0, 1, 2, 0]), validationData, verbose: 0 })).rejects.toThrow(
      /The label 9 is no class.*for the validation sample 3/,
    );
    await expect(model.fit(x, { y, validationSplit: 0.25, verbose: 0 })).rejects.toThrow(/9 for the sample 3/);
    expect(model.optimizer.iterations).toBe(0);
  });

  it.each([2, -1, 255, NaN])("%d for a binary crossentropy", async (wrong) => {
    await expect(network(one).fit(x, { y: column([0, 1, wrong, 1]), verbose: 0 })).rejects.toThrow(
      new RegExp(`The label ${wrong} is outside \\[0, 1\\].*${wrong} for the sample 2`),
    );
  });

  it("in one-hot labels, with its place", async () => {
    const y = column([1, 0, 0, 0, 1, 0, 0, 2, 0, 0, 0, 1], [4, 3]);
    const model = network({ loss: "categorical_crossentropy" });
    await expect(model.fit(x, { y, verbose: 0 })).rejects.toThrow(/The label 2 is outside.*sample 2, at \[1\]/);
  });

  it("for metrics alone", async () => {
    const y = column([0, 1, 3, 1]);
    for (const follow of [["sparse_categorical_accuracy"], [new metrics.SparseTopKCategoricalAccuracy({ k: 2 })]]) {
      const model = network({
        loss: new (class extends losses.MeanSquaredError {
          override perSample: losses.Loss["perSample"] = (truth) => truth;
        })(),
        follow,
      });
      await expect(model.fit(x, { y, verbose: 0 })).rejects.toThrow(/The label 3 is no class.*sparse_/);
    }
    const overlap = network({ ...one, loss: "mse", follow: [new metrics.MeanIoU(2)] });
    await expect(overlap.fit(x, { y, verbose: 0 })).rejects.toThrow(/3 is no class.*0 to 1.*mean_io_u/);
  });

  it.each<[name: string, metric: metrics.Metric]>([
    ["auc", new metrics.AUC()],
    ["precision", new metrics.Precision()],
    ["recall", new metrics.Recall()],
    ["f1_score", new metrics.F1Score({ threshold: 0.5 })],
    ["recall_at_precision", new metrics.RecallAtPrecision(0.5)],
  ])("for %s, which counts anything but 0 as yes in Keras, or more than once", async (name, metric) => {
    const model = network({ ...one, loss: "mse", follow: [metric] });
    for (const wrong of [-1, 2, NaN]) {
      const y = column([0, 1, wrong, 1]);
      await expect(model.fit(x, { y, verbose: 0 })).rejects.toThrow(
        new RegExp(`The label ${wrong} is outside.*${name}`),
      );
      const predictions = column([0.1, 0.9, 0.4, 0.6], [4, 1]);
      const rows = column([0, 1, wrong, 1], [4, 1]);
      await expect(metric.updateState(rows, predictions)).rejects.toThrow(`The label ${wrong} is outside`);
    }
    const soft = column([0, 1, 0.5, 1]);
    expect(Object.keys(await model.evaluate(x, { y: soft, verbose: 0 }))).toContain(name);
  });

  it.each(["hinge", "squared_hinge"])("for %s, which takes -1 and 1, or 0 and 1", async (loss) => {
    const model = network({ units: 1, activation: "linear", loss });
    for (const y of [column([-1, 1, -1, 1]), column([0, 1, 0, 1])]) await model.evaluate(x, { y, verbose: 0 });
    await expect(model.fit(x, { y: column([0, 1, 2, 1]), verbose: 0 })).rejects.toThrow(
      /The label 2 is outside \[-1, 1\]/,
    );
  });

  it("for losses and metrics that are called on arrays", async () => {
    const predictions = column([0.1, 0.2, 0.7, 0.8, 0.1, 0.1], [2, 3]);
    for (const wrong of [-1, 3, 1.5, NaN]) {
      const labels = column([0, wrong]);
      const loss = new losses.SparseCategoricalCrossentropy();
      await expect(loss.apply(labels, predictions)).rejects.toThrow(`The label ${wrong} is no class`);
      const metric = new metrics.SparseCategoricalAccuracy();
      await expect(metric.updateState(labels, predictions)).rejects.toThrow(`The label ${wrong} is no class`);
      // What does not count may be anything.
      await metric.updateState(labels, predictions, column([1, 0]));
    }
    const ignoring = new losses.SparseCategoricalCrossentropy({ ignoreClass: 255 });
    expect((await ignoring.apply(column([0, 255]), predictions)).data[0]).toBeCloseTo(-Math.log(0.1), 5);
    await expect(
      new losses.BinaryCrossentropy().apply(column([-1, 1], [2, 1]), column([0.5, 0.5], [2, 1])),
    ).rejects.toThrow(/-1 is outside \[0, 1\]/);
  });

  it("but not where a metric of one's own leaves them out", async () => {
    class Masked extends metrics.SparseCategoricalAccuracy {
      override updateState(yTrue: SymbolicTensor, yPred: SymbolicTensor): Promise<void> {
        const counts = ops.cast(ops.greaterEqual(yTrue, 0), "float32");
        return super.updateState(ops.maximum(yTrue, 0), yPred, counts);
      }
    }
    const model = network({
      loss: new losses.SparseCategoricalCrossentropy({ ignoreClass: -1 }),
      follow: [new Masked()],
    });
    await expect(model.evaluate(x, { y: column([0, 1, -1, 1]), verbose: 0 })).resolves.toBeDefined();
    const metric = new Masked();
    await metric.updateState(column([0, -1]) as never, column([0.1, 0.2, 0.7, 0.8, 0.1, 0.1], [2, 3]) as never);
    expect(metric.result()).toBe(0);
  });

  it("where a loss cannot tell, every number is a label", async () => {
    const { history } = await network({ units: 1, activation: "linear", loss: "mse" }).fit(x, {
      y: column([-5, 99, 1.5, 0]),
      verbose: 0,
    });
    expect(history["loss"]?.[0]).toBeGreaterThan(0);
  });

  it("except for one that the loss ignores, which counts as wrong in accuracies, as in Keras", async () => {
    const loss = new losses.SparseCategoricalCrossentropy({ ignoreClass: 255 });
    const y = column([0, 1, 255, 1]);
    const { history } = await network({ loss, follow: ["accuracy"] }).fit(x, { y, verbose: 0 });
    expect(history["loss"]?.[0]).toBeGreaterThan(0);
    await expect(network({ loss }).fit(x, { y: column([0, 1, 254, 1]), verbose: 0 })).rejects.toThrow(
      /or 255, which is ignored/,
    );
  });

  it("and what float32 makes of shares is no mistake", async () => {
    const y = column([0, 1, 1.0000001, -1e-8]);
    await expect(network(one).fit(x, { y, verbose: 0 })).resolves.toBeDefined();
  });

  it("by batches of a source that does not know its labels", async () => {
    const tensor = (labels: readonly number[]) =>
      ({ type: "float32", dims: [labels.length], data: Float32Array.from(labels) }) as const;
    const arrays = (await import("../../src/models/sources/array-source.js")).arraySource(x, { batchSize: 2 });
    const rounds = [
      [0, 1],
      [2, 7],
    ];
    const source: BatchSource = {
      ...arrays,
      everyLabel: undefined,
      sampleName: (key) => `photo-${key}.jpg`,
      nextBatch: () => ({ ...arrays.nextBatch(), labels: tensor(rounds.shift() ?? [0, 0]) }),
    };
    const model = network();
    await expect(model.fit(source, { verbose: 0 })).rejects.toThrow(/7 for the sample photo-3\.jpg/);
    expect(model.optimizer.iterations).toBe(1);
  });
});

/** A network for the photos. */
function photoNetwork(units: number, loss: string): models.Sequential {
  const model = new models.Sequential([
    layers.Input({ shape: [8, 8, 3] }),
    new layers.GlobalAveragePooling2D(),
    new layers.Dense(units, { activation: units === 1 ? "sigmoid" : "softmax", name: "answer" }),
  ]);
  model.compile({ optimizer: "sgd", loss });
  return model;
}

describe("more folders than classes are refused by their names", () => {
  const flowOptions = { targetSize: [8, 8], classMode: "sparse" } as const;

  it("of flows", async () => {
    const flow = await new ImageDataGenerator().flowFromDirectory(folder, flowOptions);
    await expect(photoNetwork(2, sparse).fit(flow, { verbose: 0 })).rejects.toThrow(
      /more classes than the output "answer" has.*at most 2.*3: "blue", "green", "red".*3 units/,
    );
    await expect(photoNetwork(1, "binary_crossentropy").evaluate(flow, { verbose: 0 })).rejects.toThrow(
      /The label 2 is outside \[0, 1\].*2 \(class "red"\) for the sample .*red.0\.jpg/,
    );
  });

  it("of datasets and tables, and in the validation", async () => {
    const dataset = await imageDatasetFromDirectory(folder, { imageSize: [8, 8], verbose: false });
    await expect(photoNetwork(2, sparse).fit(dataset, { verbose: 0 })).rejects.toThrow(/3: "blue", "green", "red"/);
    const rows = ["red", "green", "blue"].map((name) => ({ filename: `${name}/0.jpg`, class: name }));
    const table = await new ImageDataGenerator().flowFromDataframe(rows, { ...flowOptions, directory: folder });
    await expect(photoNetwork(2, sparse).fit(table, { verbose: 0 })).rejects.toThrow(/3: "blue", "green", "red"/);
    const two = await new ImageDataGenerator().flowFromDirectory(folder, { ...flowOptions, classes: ["red", "blue"] });
    await expect(photoNetwork(2, sparse).fit(two, { validationData: dataset, verbose: 0 })).rejects.toThrow(
      /more classes than/,
    );
    await expect(photoNetwork(2, sparse).fit(two, { verbose: 0 })).resolves.toBeDefined();
  });

  it("of arrays with a subset, by the number that the arrays know a sample by", async () => {
    const images = new Tensor("float32", new Float32Array(4 * 8 * 8 * 3), [4, 8, 8, 3]);
    const generator = new ImageDataGenerator({ validationSplit: 0.5 });
    const flow = generator.flow(images, column([0, 1, 1, 7]), { subset: "training", ignoreClassSplit: true });
    await expect(photoNetwork(2, sparse).fit(flow, { verbose: 0 })).rejects.toThrow(/7 for the sample 3/);
  });

  it("and one-hot labels by their width", async () => {
    const flow = await new ImageDataGenerator().flowFromDirectory(folder, { targetSize: [8, 8] });
    await expect(photoNetwork(2, "categorical_crossentropy").fit(flow, { verbose: 0 })).rejects.toThrow(
      /shape of the model's output, \[N, 2\].*\[N, 3\]/,
    );
  });
});

describe("a form of labels that does not fit the loss", () => {
  it.each([
    ["class numbers for one-hot labels", { loss: "categorical_crossentropy" }, column([0, 1, 2, 1]), /\[N, 3\].*\[N\]/],
    ["one-hot labels for class numbers", {}, column([1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0], [4, 3]), /not class numbers/],
    [
      "class numbers for one unit",
      { units: 1, activation: "sigmoid" },
      column([0, 1, 0, 1]),
      /1 is no class.*only class/,
    ],
  ] as const)("is refused: %s", async (_, given, y, message) => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    await expect(network(given).fit(x, { y, verbose: 0 })).rejects.toThrow(message);
  });
});

describe("weights", () => {
  const y = column([0, 1, 2, 1]);
  const refused = async (options: FitOptions, message: RegExp, given?: Given): Promise<void> => {
    await expect(
      network(given).fit(x, { y: given === one ? column([0, 1, 0, 1]) : y, verbose: 0, ...options }),
    ).rejects.toThrow(message);
  };

  it("of classes that are not there are refused", async () => {
    await refused({ classWeight: { 0: 1, 7: 2 } }, /a weight for "7", which is no class.*0 to 2/);
    await refused({ classWeight: { cats: 2 } as Record<number, number> }, /a weight for "cats"/);
    await refused({ classWeight: { 1: NaN } }, /no usable weight for the class 1/);
    await refused({ classWeight: { 2: 1 } }, /a weight for "2", which is no class.*0 to 1/, one);
    await expect(network().trainOnBatch(x, y, { classWeight: { 3: 1 } })).rejects.toThrow(/a weight for "3"/);
  });

  it("of a class by its name say its number", async () => {
    const flow = await new ImageDataGenerator().flowFromDirectory(folder, { targetSize: [8, 8], classMode: "sparse" });
    const classWeight = { red: 2 } as Record<number, number>;
    await expect(photoNetwork(3, sparse).fit(flow, { classWeight, verbose: 0 })).rejects.toThrow(
      /The class "red" has the number 2/,
    );
  });

  it("of samples that are no numbers are refused; negative ones count as in Keras", async () => {
    await refused({ sampleWeight: column([1, 1, NaN, 1]) }, /weight of a sample is not usable.*NaN for the sample 2/);
    const { history } = await network().fit(x, { y, sampleWeight: column([1, 1, -1, 1]), verbose: 0 });
    expect(history["loss"]?.[0]).toBeDefined();
  });
});

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layers, models, optimizers, setRandomSeed, Tensor } from "graft-ml";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { wave } from "../support/wave.js";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-at-once-"));
  vi.spyOn(console, "log").mockImplementation(() => undefined);
});

afterAll(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

beforeEach(() => {
  setRandomSeed(3);
});

const silent = { verbose: 0 } as const;
const x = new Tensor("float32", wave([24, 4], 1).data, [24, 4]);
const y = new Tensor("float32", wave([24, 1], 2).data, [24, 1]);
const long = { epochs: 6, batchSize: 4, shuffle: false, ...silent };

function network(
  inner: models.Sequential | layers.Dense = new layers.Dense(8, { activation: "relu" }),
): models.Sequential {
  const model = new models.Sequential([layers.Input({ shape: [4] }), inner, new layers.Dense(1)]);
  model.compile({ optimizer: new optimizers.SGD(0.05), loss: "mse" });
  return model;
}

function weightsOf(model: models.BaseModel): string {
  return JSON.stringify(model.getWeights().map(({ data }) => [...data]));
}

/** A model, and its weights after each step of a training as texts; the first ones are those before it, as it has them. */
async function modelAndCourse(
  epochs = long.epochs,
): Promise<{ readonly model: models.Sequential; readonly course: string[] }> {
  const [model, other] = [network(), network()];
  other.setWeights(model.getWeights());
  const course = [weightsOf(other)];
  await other.fit(x, y, {
    ...long,
    epochs,
    callbacks: [{ onTrainBatchEnd: () => void course.push(weightsOf(other)) }],
  });
  return { model, course };
}

describe("a second training is refused while the first one is under way", () => {
  it.each([
    ["fit", (model: models.Sequential) => model.fit(x, y, silent)],
    ["trainOnBatch", (model: models.Sequential) => model.trainOnBatch(x, y)],
  ])("%s", async (name, second) => {
    const [alone, model] = [network(), network()];
    alone.setWeights(model.getWeights());
    const first = model.fit(x, y, long);
    await expect(second(model)).rejects.toThrow(
      new RegExp(`${name}: the model "${model.name}" is being trained already.*fit of .* has not ended.*Put await`),
    );
    await first;
    await alone.fit(x, y, long);
    expect(weightsOf(model)).toBe(weightsOf(alone));
    // Afterwards it may be trained again.
    await second(model);
  });

  it("of trainOnBatch", async () => {
    const model = network();
    const first = model.trainOnBatch(x, y);
    await expect(model.trainOnBatch(x, y)).rejects.toThrow(
      /trainOnBatch of .* has not ended.*await model\.trainOnBatch/,
    );
    await first;
  });

  it("also of a model that is built by its samples", async () => {
    const model = new models.Sequential([new layers.Dense(1)]);
    model.compile({ optimizer: "sgd", loss: "mse" });
    const first = model.fit(x, y, long);
    await expect(model.fit(x, y, silent)).rejects.toThrow(/being trained already/);
    await first;
  });

  it("of another model with the same weights, even frozen ones, or the same optimizer", async () => {
    const base = new models.Sequential([layers.Input({ shape: [4] }), new layers.Dense(8)]);
    const [one, other] = [network(base), network(base)];
    const first = one.fit(x, y, long);
    await expect(other.fit(x, y, silent)).rejects.toThrow(/works on the weight/);
    base.trainable = false;
    await expect(other.fit(x, y, silent)).rejects.toThrow(/works on the weight/);
    await first;
    // Both only read what is frozen.
    await Promise.all([one.fit(x, y, silent), other.fit(x, y, silent)]);
    const optimizer = new optimizers.Adam();
    const [third, fourth] = [network(), network()];
    third.compile({ optimizer, loss: "mse" });
    fourth.compile({ optimizer, loss: "mse" });
    const begun = third.fit(x, y, long);
    await expect(fourth.fit(x, y, silent)).rejects.toThrow(/the same model or optimizer/);
    await begun;
  });

  it("but not of models of their own, which come out as one after the other", async () => {
    const models = [network(), network()];
    const inTurn = models.map((model) => {
      const other = network();
      other.setWeights(model.getWeights());
      return other;
    });
    await Promise.all(models.map((model) => model.fit(x, y, long)));
    for (const model of inTurn) await model.fit(x, y, long);
    expect(models.map(weightsOf)).toEqual(inTurn.map(weightsOf));
  });

  it("is over when the first one fails", async () => {
    const model = network();
    const fails = {
      onEpochEnd: (): never => {
        throw new RangeError("mine");
      },
    };
    await expect(model.fit(x, y, { ...long, callbacks: [fails] })).rejects.toThrow("mine");
    await model.fit(x, y, silent);
  });
});

describe("what would get lost in a training is refused", () => {
  it("compile, and other values of weights", async () => {
    const model = network();
    const before = model.getWeights();
    const first = model.fit(x, y, long);
    expect(() => {
      model.compile({ optimizer: "sgd", loss: "mae" });
    }).toThrow(/compile: the model .* is being trained.*await/);
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(() => {
      model.setWeights(before);
    }).toThrow(/The weight .* is being trained.*await/);
    await first;
    model.setWeights(before);
    model.compile({ optimizer: "sgd", loss: "mae" });
  });

  it("but a callback may give them", async () => {
    const model = network();
    const before = model.getWeights();
    const path = join(folder, "before.weights.h5");
    await model.saveWeights(path);
    await model.fit(x, y, {
      ...long,
      callbacks: [
        {
          onTrainEnd: (): void => {
            model.setWeights(before);
          },
        },
      ],
    });
    expect(model.getWeights()).toEqual(before);
    await model.fit(x, y, {
      ...long,
      callbacks: [
        {
          onTrainEnd: async () => {
            await model.loadWeights(path);
          },
        },
      ],
    });
    expect(model.getWeights()).toEqual(before);
  });
});

describe("who reads weights while they are trained sees those of a whole step", () => {
  it("in predict, evaluate, save, saveWeights and export", async () => {
    const { model, course } = await modelAndCourse(40);
    const readers = course.map((_, index) => index).slice(0, 12);
    const seen: string[] = [];
    const probe = network();
    const wanted = new Map<string, string>();
    for (const text of course) {
      const tensors = JSON.parse(text) as number[][];
      probe.setWeights(
        tensors.map((data, index) => ({
          type: "float32",
          dims: probe.weights[index]?.shape ?? [],
          data: Float32Array.from(data),
        })),
      );
      const output = await probe.predict(x, { batchSize: 4, ...silent });
      wanted.set(JSON.stringify([...(output.data as Float32Array)]), text);
    }
    const state = { ended: false };
    const training = model.fit(x, y, { ...long, epochs: 40 }).then(() => (state.ended = true));
    let whileTraining = 0;
    for (const reader of readers) {
      if (!state.ended) whileTraining += 1;
      const output = await model.predict(x, { batchSize: 4, ...silent });
      expect(wanted.has(JSON.stringify([...(output.data as Float32Array)]))).toBe(true);
      if (reader % 4 === 0) {
        const path = join(folder, `${reader}.keras`);
        await model.save(path);
        seen.push(weightsOf(await models.loadModel(path)));
      } else if (reader % 4 === 1) {
        const path = join(folder, `${reader}.weights.h5`);
        await model.saveWeights(path);
        const other = network();
        await other.loadWeights(path);
        seen.push(weightsOf(other));
      } else if (reader % 4 === 2) {
        await model.export(join(folder, `${reader}.onnx`));
        expect((await readFile(join(folder, `${reader}.onnx`))).length).toBeGreaterThan(100);
      } else {
        expect(Number.isFinite((await model.evaluate(x, y, silent))["loss"])).toBe(true);
        seen.push(weightsOf(model));
      }
    }
    await training;
    expect(whileTraining).toBeGreaterThan(2);
    for (const weights of seen) expect(course).toContain(weights);
    expect(weightsOf(model)).toBe(course.at(-1));
  });

  it("when several ask at once, and when the labels have another shape than those of fit", async () => {
    const model = network();
    const [expected] = [await model.predict(x, silent)];
    const answers = await Promise.all(Array.from({ length: 5 }, () => model.predict(x, silent)));
    for (const answer of answers) expect(answer.data).toEqual(expected.data);
    const training = model.fit(x, y, long);
    const flat = new Tensor("float32", y.data, [24]);
    const figures = await Promise.all([model.evaluate(x, flat, silent), model.evaluate(x, y, silent)]);
    expect(figures[0]["loss"]).toBeCloseTo(figures[1]["loss"] ?? Number.NaN, 5);
    await training;
  });

  it("in callbacks, between the steps", async () => {
    const { model, course } = await modelAndCourse();
    const after: unknown[] = [];
    const look = async (): Promise<void> => {
      await model.evaluate(x, new Tensor("float32", y.data, [24]), silent);
      await model.predict(x, silent);
      await model.save(join(folder, "within.keras"));
      after.push(weightsOf(await models.loadModel(join(folder, "within.keras"))));
    };
    await model.fit(x, y, { ...long, callbacks: [{ onEpochEnd: look }] });
    expect(after).toEqual([6, 12, 18, 24, 30, 36].map((step) => course[step]));
    expect(weightsOf(model)).toBe(course.at(-1));
  });
});

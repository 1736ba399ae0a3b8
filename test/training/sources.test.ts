import { ImageDataGenerator, layers, models, setRandomSeed, Tensor } from "graft-ml";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { PyDataset } from "../../src/models/sources/py-dataset.js";

const warnings: string[] = [];

beforeAll(() => {
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  vi.spyOn(console, "error").mockImplementation((line: unknown) => void warnings.push(String(line)));
});

afterAll(() => {
  vi.restoreAllMocks();
});

const silent = { verbose: 0 } as const;

/** `[count, 1]` numbers from `first` on. */
function numbers(count: number, first = 0): Tensor {
  return new Tensor(
    "float32",
    Float32Array.from({ length: count }, (_, index) => first + index),
    [count, 1],
  );
}

/** y = x, and a loss that is the mean of what it sees: it says which samples were there. */
function same(): models.Sequential {
  const model = new models.Sequential([
    layers.Input({ shape: [1] }),
    new layers.Dense(1, { kernelInitializer: "ones" }),
  ]);
  model.compile({ optimizer: "sgd", loss: "mae" });
  return model;
}

/** Photos of one pixel whose values are the numbers of the samples. */
function photos(count: number): { readonly x: Tensor; readonly y: Tensor } {
  const x = Float32Array.from({ length: count }, (_, index) => index);
  return {
    x: new Tensor("float32", x, [count, 1, 1, 1]),
    y: new Tensor("float32", new Float32Array(count), [count, 1]),
  };
}

/** Shows the pixel. */
function pixel(): models.Sequential {
  const model = new models.Sequential([
    layers.Input({ shape: [1, 1, 1] }),
    new layers.Flatten(),
    new layers.Dense(1, { kernelInitializer: "ones" }),
  ]);
  model.compile({ optimizer: "sgd", loss: "mae" });
  return model;
}

function pairs(count: number): [x: Tensor, y: Tensor][] {
  return Array.from({ length: count }, (_, index) => [numbers(2, 2 * index), new Tensor("float32", [0, 0], [2, 1])]);
}

function* batches(count: number): Generator<[x: Tensor, y: Tensor]> {
  yield* pairs(count);
}

async function* batchesLater(count: number): AsyncGenerator<[x: Tensor, y: Tensor]> {
  for (const pair of pairs(count)) yield await Promise.resolve(pair);
}

function valuesOf(tensor: Tensor): number[] {
  return [...(tensor.data as Float32Array)];
}

describe("steps begin with the first batch each time", () => {
  it("in a shuffled flow, whatever was trained before, and end with the samples", async () => {
    const { x, y } = photos(5);
    const flow = new ImageDataGenerator().flow(x, y, { batchSize: 2, seed: 1 });
    const model = pixel();
    for (let call = 0; call < 2; call++) {
      expect(valuesOf(await model.predict(flow, { steps: 2, ...silent }))).toEqual([0, 1, 2, 3]);
      expect((await model.evaluate(flow, { steps: 1, ...silent }))["loss"]).toBe(0.5);
      await flow.next();
    }
    warnings.length = 0;
    expect(valuesOf(await model.predict(flow, { steps: 7, ...silent }))).toEqual([0, 1, 2, 3, 4]);
    expect(warnings.join()).toMatch(/predict: the samples ran out of data after 3 of 7 batches/);
    model.layers[1]?.setWeights([
      { type: "float32", dims: [1, 1], data: new Float32Array([1]) },
      { type: "float32", dims: [1], data: new Float32Array([0]) },
    ]);
    await model.fit(flow, { stepsPerEpoch: 1, ...silent });
    const [trained] = model.getWeights();
    const predicted = valuesOf(await model.predict(flow, silent));
    expect(predicted[2]).toBeCloseTo(2 * (trained?.data[0] ?? 0) + (predicted[0] ?? 0), 5);
  });

  it("in arrays", async () => {
    const model = same();
    const y = new Tensor("float32", new Float32Array(6), [6, 1]);
    for (let call = 0; call < 2; call++) {
      expect(valuesOf(await model.predict(numbers(6), { steps: 2, batchSize: 2, ...silent }))).toEqual([0, 1, 2, 3]);
      expect(await model.evaluate(numbers(6), y, { steps: 2, batchSize: 2, ...silent })).toEqual({ loss: 1.5 });
    }
  });

  it("in the validation of each epoch", async () => {
    const { x, y } = photos(6);
    const flow = new ImageDataGenerator().flow(x, y, { batchSize: 2, shuffle: true });
    const model = pixel();
    model.compile({ optimizer: "sgd", loss: "mae" });
    model.optimizer.learningRate = 1e-30;
    const fit = { validationData: flow, validationSteps: 2, epochs: 3, ...silent };
    const { history } = await model.fit(flow, fit);
    expect(history["val_loss"]).toEqual([1.5, 1.5, 1.5]);
  });

  it("and are at least one", async () => {
    const model = same();
    const x = numbers(2);
    for (const steps of [0, -1, 1.5, Number.NaN]) {
      await expect(model.predict(x, { steps, ...silent })).rejects.toThrow(/predict cannot take this steps.*from 1/);
      await expect(model.evaluate(x, x, { steps, ...silent })).rejects.toThrow(/evaluate cannot take this steps/);
      for (const name of ["validationSteps", "stepsPerEpoch", "validationFreq"]) {
        const fit = { [name]: steps, validationData: [x, x] as const, ...silent };
        await expect(model.fit(x, x, fit)).rejects.toThrow(`fit cannot take this ${name}`);
      }
    }
    await expect(model.fit(x, x, { batchSize: 0, ...silent })).rejects.toThrow(/batchSize.*from 1/);
  });
});

describe("looking at a flow", () => {
  const options = { batchSize: 2, seed: 4 };
  const augmented = (): ImageDataGenerator => new ImageDataGenerator({ brightnessRange: [0.5, 1.5] });

  it("takes nothing from fit, and changes nothing of it", async () => {
    const results: string[] = [];
    for (const looks of [false, true]) {
      setRandomSeed(2);
      const { x, y } = photos(7);
      const flow = augmented().flow(x, y, options);
      const model = pixel();
      const look = async (): Promise<void> => {
        if (!looks) return;
        await flow.next();
        await flow.at(1);
        await model.evaluate(flow, silent);
        await model.predict(flow, { steps: 1, ...silent });
        for await (const [images] of flow) {
          expect(images.dims.length).toBe(4);
          break;
        }
      };
      await look();
      const { history } = await model.fit(flow, { epochs: 2, callbacks: [{ onEpochEnd: look }], ...silent });
      results.push(JSON.stringify([history, model.getWeights().map(({ data }) => [...data])]));
    }
    expect(results[0]).toBe(results[1]);
  });

  it("goes on from batch to batch, as Keras's next does", async () => {
    const { x, y } = photos(5);
    const flow = new ImageDataGenerator().flow(x, y, { batchSize: 2, shuffle: false });
    const seen: number[][] = [];
    const places: number[] = [];
    const look = async (): Promise<void> => {
      places.push(flow.batchIndex);
      const [images] = await flow.next();
      seen.push(valuesOf(images));
    };
    for (let count = 0; count < 4; count++) await look();
    flow.reset();
    await look();
    for await (const [images] of flow) {
      seen.push(valuesOf(images));
      break;
    }
    expect(seen).toEqual([[0, 1], [2, 3], [4], [0, 1], [0, 1], [2, 3]]);
    expect(places).toEqual([0, 1, 2, 0, 0]);
    expect(flow.length).toBe(3);
  });

  it("finds each sample once by the batches' numbers", async () => {
    const { x, y } = photos(5);
    const flow = new ImageDataGenerator().flow(x, y, { batchSize: 2 });
    const round = await Promise.all([0, 1, 2].map(async (index) => valuesOf((await flow.at(index))[0])));
    expect(round.flat().sort()).toEqual([0, 1, 2, 3, 4]);
    expect(valuesOf((await flow.at(1))[0])).toEqual(round[1]);
    for (const index of [3, -1, 0.5]) await expect(flow.at(index)).rejects.toThrow(/no batch of this number.*0 to 2/);
  });
});

describe("a generator as the samples of fit", () => {
  it.each([
    ["a generator", () => batches(3)],
    ["an async generator", () => batchesLater(3)],
    ["an object to iterate over", () => ({ [Symbol.iterator]: () => batches(3) })],
    ["an object to iterate over asynchronously", () => ({ [Symbol.asyncIterator]: () => batchesLater(3) })],
    ["a map's values", () => new Map(pairs(3).entries()).values()],
  ])("%s trains as the same arrays do", async (_, source) => {
    const [first, second] = [same(), same()];
    const { history } = await first.fit(source(), silent);
    const y = new Tensor("float32", new Float32Array(6), [6, 1]);
    const expected = await second.fit(numbers(6), y, { batchSize: 2, shuffle: false, ...silent });
    expect(history).toEqual(expected.history);
    expect(first.getWeights()).toEqual(second.getWeights());
    expect(await second.evaluate(source(), silent)).toEqual(
      await second.evaluate(numbers(6), y, { batchSize: 2, ...silent }),
    );
    expect(await second.predict(source(), silent)).toEqual(await second.predict(numbers(6), silent));
  });

  it("is one epoch, and then over with a warning; what can be gone through again is an epoch each time", async () => {
    warnings.length = 0;
    const { history } = await same().fit(batches(3), { epochs: 3, ...silent });
    expect(history["loss"]).toHaveLength(1);
    expect(warnings.join()).toMatch(/fit: the samples ran out of data after 1 of 3 epochs/);
    const again = await same().fit({ [Symbol.iterator]: () => batches(3) }, { epochs: 3, ...silent });
    expect(again.history["loss"]).toHaveLength(3);
  });

  it("is taken in epochs of so many steps, in which none is lost", async () => {
    const seen: number[] = [];
    function* endless(): Generator<[Tensor, Tensor]> {
      for (let index = 0; ; index++) {
        seen.push(index);
        yield [numbers(2), numbers(2)];
      }
    }
    const source = endless();
    const model = same();
    const { history } = await model.fit(source, { stepsPerEpoch: 2, epochs: 3, ...silent });
    expect(history["loss"]).toHaveLength(3);
    expect(seen).toEqual([0, 1, 2, 3, 4, 5]);
    await model.evaluate(source, { steps: 2, ...silent });
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect((await model.predict(source, { steps: 2, ...silent })).dims).toEqual([4, 1]);
    expect(seen).toHaveLength(10);
    warnings.length = 0;
    await same().fit(batches(3), { stepsPerEpoch: 2, epochs: 2, ...silent });
    expect(warnings.join()).toMatch(/ran out of data after 1 of 2 batches/);
  });

  it("may ask the network that it trains", async () => {
    const model = same();
    async function* asking(): AsyncGenerator<[x: Tensor, y: Tensor]> {
      for (const [x] of pairs(4)) yield [x, await model.predict(x, silent)];
    }
    expect((await model.fit(asking(), silent)).history).toEqual({ loss: [0] });
  });

  it("may be the samples for validation", async () => {
    const { history } = await same().fit(numbers(4), numbers(4), {
      validationData: { [Symbol.asyncIterator]: () => batchesLater(2) },
      epochs: 2,
      ...silent,
    });
    expect(history["val_loss"]).toHaveLength(2);
  });

  it("says which batch failed, with the error that it failed with", async () => {
    const failing = new RangeError("the disk is full");
    function* fails(): Generator<[Tensor, Tensor]> {
      yield [numbers(2), numbers(2)];
      throw failing;
    }
    const error = await same()
      .fit(fails(), silent)
      .then(
        () => undefined,
        (reason: unknown) => reason,
      );
    expect(String(error)).toMatch(/fit: batch 1 of the generator could not be had.*RangeError: the disk is full/);
    expect((error as Error).cause).toBe(failing);
  });

  it("gives weights of samples", async () => {
    const batch = [numbers(2), new Tensor("float32", [0, 0], [2, 1]), new Tensor("float32", [1, 3], [2])] as const;
    expect(await same().evaluate([batch].values(), silent)).toEqual({ loss: 1.5 });
  });

  it("must give batches, all of one shape", async () => {
    await expect(same().fit([[[1], [2]]].values() as never, silent)).rejects.toThrow(/this batch.*\[x, y\]/);
    await expect(same().fit([][Symbol.iterator]() as never, silent)).rejects.toThrow(/gives no batch/);
    const wide = new models.Sequential([new layers.Dense(1)]);
    wide.compile({ optimizer: "sgd", loss: "mse" });
    const mixed = [...pairs(1), [new Tensor("float32", [1, 2], [1, 2]), numbers(1)]] as [Tensor, Tensor][];
    await expect(wide.fit(mixed.values(), silent)).rejects.toThrow(/different shapes/);
  });
});

describe("an epoch", () => {
  it("ends with its round, as in Keras 3.15.1", async () => {
    const model = same();
    model.compile({ optimizer: "sgd", loss: "mae" });
    model.optimizer.learningRate = 1e-30;
    const y = new Tensor("float32", new Float32Array(6), [6, 1]);
    const fit = async (stepsPerEpoch: number, epochs: number): Promise<number[] | undefined> => {
      const options = { batchSize: 2, shuffle: false, stepsPerEpoch, epochs, ...silent };
      return (await model.fit(numbers(6), y, options)).history["loss"];
    };
    warnings.length = 0;
    expect(await fit(2, 4)).toEqual([1.5, 4.5, 1.5, 4.5]);
    expect(await fit(3, 2)).toEqual([2.5, 2.5]);
    expect(warnings).toHaveLength(1);
    expect(await fit(5, 2)).toEqual([2.5, 2.5]);
    expect(warnings.join()).toMatch(/fit: the samples ran out of data after 1 of 2 batches.*after 3 of 5 batches/s);
    const dataset = new Squares(3);
    const { history } = await model.fit(dataset, { stepsPerEpoch: 2, epochs: 3, shuffle: false, ...silent });
    expect(history["loss"]).toEqual([1.5, 4.5, 1.5]);
    await expect(model.fit(numbers(0), numbers(0), silent)).rejects.toThrow(/no samples/);
  });
});

class Squares extends PyDataset {
  readonly asked: number[] = [];
  ended = 0;

  constructor(readonly length: number | undefined) {
    super();
  }

  async getItem(index: number): Promise<[x: Tensor, y: Tensor]> {
    this.asked.push(index);
    await Promise.resolve();
    return [numbers(2, 2 * index), new Tensor("float32", [0, 0], [2, 1])];
  }

  override onEpochEnd(): void {
    this.ended += 1;
    this.asked.push(-1);
  }
}

describe("a PyDataset", () => {
  it("gives its batches in their order, and in another one each epoch where fit shuffles", async () => {
    setRandomSeed(1);
    const [plain, shuffled] = [new Squares(4), new Squares(4)];
    await same().fit(plain, { epochs: 2, shuffle: false, ...silent });
    expect(plain.asked).toEqual([0, 1, 2, 3, -1, 0, 1, 2, 3, -1]);
    await same().fit(shuffled, { epochs: 2, ...silent });
    const rounds = shuffled.asked.join().split(",-1").slice(0, 2);
    // The first batch is looked at before all others.
    expect(rounds.map((round) => [...new Set(round.split(",").filter(Boolean))].sort().join())).toEqual([
      "0,1,2,3",
      "0,1,2,3",
    ]);
    expect(rounds).not.toContain("0,1,2,3");
    expect(shuffled.ended).toBe(2);
  });

  it("is evaluated and predicted from its beginning", async () => {
    const model = same();
    for (let call = 0; call < 2; call++) {
      expect(valuesOf(await model.predict(new Squares(4), { steps: 2, ...silent }))).toEqual([0, 1, 2, 3]);
      expect(await model.evaluate(new Squares(4), silent)).toEqual({ loss: 3.5 });
    }
  });

  it("without an end wants steps", async () => {
    const model = same();
    await expect(model.fit(new Squares(undefined), silent)).rejects.toThrow(/no end.*stepsPerEpoch/);
    await expect(model.predict(new Squares(undefined), silent)).rejects.toThrow(/no end.*steps/);
    const endless = new Squares(undefined);
    await model.fit(endless, { stepsPerEpoch: 2, epochs: 2, ...silent });
    expect(endless.asked).toEqual([0, 1, -1, 2, 3, -1]);
    await expect(model.fit(new Squares(0), silent)).rejects.toThrow(/"Squares" has no batches/);
  });

  it("says which batch failed", async () => {
    class Failing extends Squares {
      override getItem(index: number): Promise<[x: Tensor, y: Tensor]> {
        return index === 2 ? Promise.reject(new Error("no such file")) : super.getItem(index);
      }
    }
    const fit = same().fit(new Failing(4), { shuffle: false, ...silent });
    await expect(fit).rejects.toThrow(/batch 2 of the PyDataset "Failing" could not be had.*no such file/);
  });
});

describe("labels", () => {
  it("are said by position or in the options, once", async () => {
    const results: unknown[] = [];
    for (const fit of [
      (model: models.Sequential) => model.fit(numbers(4), numbers(4), { shuffle: false, ...silent }),
      (model: models.Sequential) => model.fit(numbers(4), { y: numbers(4), shuffle: false, ...silent }),
      (model: models.Sequential) => model.fit(numbers(4), [numbers(4)], { shuffle: false, ...silent }),
      (model: models.Sequential) =>
        model.fit(numbers(4), { [model.outputNames[0] ?? ""]: numbers(4) }, { shuffle: false, ...silent }),
    ]) {
      const model = same();
      await fit(model);
      results.push(await model.evaluate(numbers(4), numbers(4), silent));
    }
    expect(new Set(results.map((result) => JSON.stringify(result))).size).toBe(1);
    const model = same();
    expect(await model.evaluate(numbers(4), { y: numbers(4), verbose: 0 })).toEqual({ loss: 0 });
    const twice = model.fit(numbers(4), numbers(4), { y: numbers(4) });
    await expect(twice).rejects.toThrow(/labels by position and in the options/);
    await expect(model.fit(numbers(4), ["a"] as never)).rejects.toThrow(/fit cannot take this options.*labels/);
    await expect(model.fit(batches(2), numbers(2), silent)).rejects.toThrow(/has its own labels/);
    await expect(model.fit(numbers(4), { y: ["a"] as never, ...silent })).rejects.toThrow(/cannot take this y.*Tensor/);
  });
});

describe("what is no samples", () => {
  it.each([
    ["a generator function", () => batches, /the function batches.*Call it/],
    ["texts", () => [["a"]], /\[\["a"\]\].*new Tensor/],
    ["nothing", () => undefined, /nothing/],
    ["null", () => null, /null/],
    ["a path", () => "photos", /"photos".*imageDatasetFromDirectory/],
    ["a promise", () => Promise.resolve(1), /Promise.*await/],
    ["an ImageDataGenerator", () => new ImageDataGenerator(), /flowFromDirectory/],
    ["an object", () => ({ a: 1 }), /an object with a/],
    ["a number", () => 3, /Received: 3/],
    ["an empty list", () => [], /\[\]/],
    ["a list with a gap", () => [numbers(2), null], /\[a Tensor \[2, 1\], null\]/],
    ["a list of batches", () => pairs(2), /\[\[a Tensor \[2, 1\], a Tensor \[2, 1\]\], /],
    ["a large number", () => 3n, /Received: 3/],
  ])("%s: says what was expected", async (_, make, message) => {
    const model = same();
    const given = make() as never;
    for (const ask of [
      (): Promise<unknown> => model.fit(given, silent),
      (): Promise<unknown> => model.evaluate(given, silent),
      (): Promise<unknown> => model.predict(given, silent),
      (): Promise<unknown> => model.trainOnBatch(given, numbers(1)),
      (): Promise<unknown> => model.predictOnBatch(given),
    ]) {
      const error = await ask().then(
        () => undefined,
        (reason: unknown) => reason as Error,
      );
      expect(error?.name).toBe("UsageError");
      expect(error?.message).toMatch(/cannot take this x.*Expected: a Tensor/);
      expect(error?.message).toMatch(message);
    }
  });

  it("for validation, or cannot be split, is refused by name", async () => {
    const model = same();
    const fit = (options: object): Promise<unknown> => model.fit(numbers(4), numbers(4), { ...silent, ...options });
    await expect(fit({ validationData: [[1]] })).rejects.toThrow(/cannot take this validationData.*\[x, y\]/);
    await expect(fit({ validationData: "photos" })).rejects.toThrow(/validation cannot take this x/);
    await expect(fit({ validationSplit: -0.5 })).rejects.toThrow(/validationSplit/);
    await expect(fit({ validationSplit: 1.5 })).rejects.toThrow(/validationSplit/);
    await expect(model.fit(numbers(4), numbers(3), { validationSplit: 0.5, ...silent })).rejects.toThrow(
      /4 samples.*3/,
    );
    const wrong = model.fit(numbers(4), { y: ["a"] as never, validationSplit: 0.5, ...silent });
    await expect(wrong).rejects.toThrow(/fit cannot take this y/);
    await expect(model.fit(batches(2), { validationSplit: 0.5, ...silent })).rejects.toThrow(/validationSplit.*arrays/);
    await expect(model.fit(new Squares(2), { validationSplit: 0.5, ...silent })).rejects.toThrow(/validationSplit/);
    const { history } = await model.fit(numbers(4), numbers(4), {
      validationData: [numbers(2), numbers(2), new Tensor("float32", [1, 0], [2])],
      ...silent,
    });
    expect(history["val_loss"]).toHaveLength(1);
  });
});

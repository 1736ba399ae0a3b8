import { layers, losses, models, ops, optimizers, random, setRandomSeed, type SymbolicTensor, Tensor } from "graft-ml";
import { beforeEach, describe, expect, it } from "vitest";

beforeEach(() => {
  setRandomSeed(0);
});

function numbers({ data }: Tensor): number[] {
  return Array.from(data as Float32Array, Number);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviation(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - centre) ** 2)));
}

describe("arrays of random numbers", () => {
  it("have Keras's distributions", () => {
    const normal = numbers(random.normal([100, 100], { mean: 2, stddev: 0.5 }));
    expect(mean(normal)).toBeCloseTo(2, 1);
    expect(deviation(normal)).toBeCloseTo(0.5, 1);
    const truncated = numbers(random.truncatedNormal([100, 100], 1, 2));
    expect(Math.min(...truncated)).toBeGreaterThanOrEqual(-3);
    expect(Math.max(...truncated)).toBeLessThanOrEqual(5);
    // Keras's deviation of it, measured: 0.88 of that which it is told.
    expect(deviation(truncated)).toBeCloseTo(1.76, 1);
    const uniform = numbers(random.uniform([10_000], { minval: -1, maxval: 3 }));
    expect(Math.min(...uniform)).toBeGreaterThanOrEqual(-1);
    expect(Math.max(...uniform)).toBeLessThan(3);
    expect(mean(uniform)).toBeCloseTo(1, 1);
    const whole = random.randint([10_000], 2, 5);
    expect(whole.type).toBe("int32");
    expect(new Set(numbers(whole))).toEqual(new Set([2, 3, 4]));
    expect(mean(numbers(random.gamma([10_000], 3)))).toBeCloseTo(3, 0);
    expect(mean(numbers(random.beta([10_000], 2, 6)))).toBeCloseTo(0.25, 1);
    expect(mean(numbers(random.binomial([10_000], 10, 0.3)))).toBeCloseTo(3, 0);
  });

  it("follow from setRandomSeed, a seed, or a stream", () => {
    const draw = (): string => String(random.normal([3]).data);
    const [first, second] = [draw(), draw()];
    expect(second).not.toBe(first);
    setRandomSeed(0);
    expect(draw()).toBe(first);
    const seeded = (): string => String(random.normal([3], { seed: 4 }).data);
    expect(seeded()).toBe(seeded());
    const seed = new random.SeedGenerator(4);
    const [one, two] = [random.uniform([3], { seed }), random.uniform([3], { seed })].map(({ data }) => String(data));
    expect(one).not.toBe(two);
    expect(String(random.uniform([3], { seed: new random.SeedGenerator(4) }).data)).toBe(one);
    expect(new random.SeedGenerator(7).getConfig()).toEqual({ seed: 7 });
  });

  it("are dropped, chosen and put into another order", async () => {
    const ones = ops.ones([4, 8, 8, 3]);
    const dropped = await random.dropout(ones, 0.25);
    expect(dropped.dims).toEqual([4, 8, 8, 3]);
    expect([...new Set(numbers(dropped))].sort()).toEqual([0, Math.fround(1 / 0.75)]);
    expect(mean(numbers(dropped))).toBeCloseTo(1, 0);
    const channels = numbers(await random.dropout(ones, 0.5, { noiseShape: [4, 1, 1, 3], seed: 1 }));
    for (let place = 0; place < 64; place++) expect(channels[3 * place]).toBe(channels[0]);
    const chosen = await random.categorical(new Tensor("float32", [0, 100, 0, 100, 0, 0], [2, 3]), 5);
    expect([chosen.type, chosen.dims, numbers(chosen)]).toEqual(["int32", [2, 5], [1, 1, 1, 1, 1, 0, 0, 0, 0, 0]]);
    const half = await random.categorical(new Tensor("float32", [Math.log(0.8), Math.log(0.2)], [1, 2]), 5000);
    expect(mean(numbers(half))).toBeCloseTo(0.2, 1);
    const shuffled = numbers(await random.shuffle(ops.arange(20)));
    expect(shuffled).not.toEqual([...shuffled].sort((a, b) => a - b));
    expect([...shuffled].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index));
    const columns = await random.shuffle(new Tensor("float32", [1, 2, 3, 1, 2, 3], [2, 3]), { axis: 1, seed: 2 });
    expect(numbers(columns).slice(0, 3)).toEqual(numbers(columns).slice(3));
  });
});

class Noise extends layers.Layer {
  static readonly className: string = "Noise";
  private readonly seed = new random.SeedGenerator(3);
  override call(x: SymbolicTensor): SymbolicTensor {
    return ops.add(x, random.normal(ops.shape(x), { stddev: 0.1, seed: this.seed }));
  }
}

/** What a step of training adds to zeros, on average of squares, as the loss says it. */
class Sampling extends layers.Layer {
  static readonly className: string = "Sampling";
  override call([center, spread]: SymbolicTensor & readonly [SymbolicTensor, SymbolicTensor]): SymbolicTensor {
    const [batch = "N", size = 1] = ops.shape(center);
    return ops.add(center, ops.multiply(ops.exp(ops.multiply(spread, 0.5)), random.normal([batch, size])));
  }
}

describe("random numbers inside of call", () => {
  it("are others in each step, for each photo, and in predictions", async () => {
    const input = layers.Input({ shape: [4, 4, 2] });
    const model = new models.Model({ inputs: input, outputs: new Noise().apply(input) });
    const x = ops.zeros([3, 4, 4, 2]);
    const drawn = async (): Promise<number[]> => numbers(await model.predict(x, { verbose: 0 }));
    const [first, second] = [await drawn(), await drawn()];
    expect(first).not.toEqual(second);
    expect(deviation([...first, ...second])).toBeCloseTo(0.1, 1);
    expect(first.slice(0, 32)).not.toEqual(first.slice(32, 64));
    expect(numbers(await new Noise().apply(x))).not.toEqual(first);
  });

  it("train an autoencoder with samples", async () => {
    const input = layers.Input({ shape: [6] });
    const center = new layers.Dense(2).apply(input);
    const spread = new layers.Dense(2).apply(input);
    const code = new Sampling().apply([center, spread]);
    const model = new models.Model({ inputs: input, outputs: new layers.Dense(6).apply(code) });
    model.compile({ optimizer: new optimizers.Adam(0.05), loss: new losses.MeanSquaredError() });
    const x = random.uniform([16, 6]);
    const { history } = await model.fit(x, x, { epochs: 12, batchSize: 8, verbose: 0 });
    const figures = history["loss"] ?? [];
    expect(figures.at(-1)).toBeLessThan(figures[0] ?? 0);
    expect((await model.predict(x, { verbose: 0 })).dims).toEqual([16, 6]);
  });

  it("are others in each step before frozen layers", async () => {
    const input = layers.Input({ shape: [4] });
    const frozen = new layers.Dense(3, { kernelInitializer: "ones", trainable: false });
    const inner = frozen.apply(new Noise().apply(input));
    const model = new models.Model({
      inputs: input,
      outputs: new layers.Dense(1, { kernelInitializer: "ones" }).apply(inner),
    });
    model.compile({ optimizer: new optimizers.SGD(0), loss: "mse" });
    const { history } = await model.fit(ops.zeros([4, 4]), ops.zeros([4, 1]), { epochs: 3, verbose: 0 });
    const figures = history["loss"] ?? [];
    expect(new Set(figures).size).toBe(3);
    expect(Math.min(...figures)).toBeGreaterThan(0);
  });

  it("with a number as seed are the same in each step", async () => {
    const fixed = new layers.Lambda((x) => ops.add(x, random.uniform([1, 2], { seed: 5 })));
    const model = new models.Sequential([layers.Input({ shape: [2] }), fixed]);
    const x = ops.zeros([2, 2]);
    const first = numbers(await model.predict(x, { verbose: 0 }));
    expect(first.slice(0, 2)).toEqual(first.slice(2));
    expect(numbers(await model.predict(x, { verbose: 0 }))).toEqual(first);
    expect(first.slice(0, 2)).toEqual(numbers(random.uniform([1, 2], { seed: 5 })));
  });

  it("drop and shuffle what call is given", async () => {
    const mixed = new layers.Lambda((x) => random.shuffle(random.dropout(x, 0.5), { axis: 0 }));
    const model = new models.Sequential([layers.Input({ shape: [40] }), mixed]);
    model.compile({ optimizer: "sgd", loss: "mse" });
    const values = numbers(await model.predict(ops.ones([3, 40]), { verbose: 0 }));
    expect([...new Set(values)].sort()).toEqual([0, 2]);
    expect(await model.evaluate(ops.ones([3, 40]), ops.ones([3, 40]), { verbose: 0 })).toBeDefined();
  });
});

describe("wrong uses", () => {
  it("are files of graphs, which cannot draw", async () => {
    const input = layers.Input({ shape: [4] });
    const model = new models.Model({ inputs: input, outputs: new Noise().apply(input) });
    await expect(model.export("none/noise.onnx")).rejects.toThrow(/random numbers in inference/);
  });

  it("say what is expected", () => {
    const placeholder = layers.Input({ shape: [3] });
    expect(() => random.dropout(placeholder, 0.5)).toThrow(/functional model.*call/s);
    expect(() => random.normal(ops.shape(placeholder))).toThrow(/batch is not known/);
    expect(() => random.normal([-1])).toThrow(/"shape"|shape/);
    expect(() => random.normal([1], { std: 2 } as object)).toThrow(/no argument "std".*stddev/s);
    expect(() => random.randint([1], 3, 3)).toThrow(/maxval/);
    expect(() => random.uniform([1], { dtype: "int32" })).toThrow(/float32/);
    expect(() => random.dropout(ops.ones([1]), 1)).toThrow(/below 1/);
  });
});

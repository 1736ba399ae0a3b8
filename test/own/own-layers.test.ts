import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  activations,
  applications,
  layers,
  losses,
  metrics,
  models,
  ops,
  saving,
  setRandomSeed,
  type SymbolicTensor,
  Tensor,
  UsageError,
  type Variable,
} from "graft-ml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-own-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const array = (numbers: readonly number[], dims: readonly number[]): Tensor => new Tensor("float32", numbers, dims);
const numbersOf = ({ data }: Tensor): number[] => Array.from(data as Float32Array, Number);

/** `factor · x + shift`, with a penalty. */
class Affine extends layers.Layer {
  static readonly className: string = "Affine";
  private readonly power: number;
  private factor!: Variable;

  constructor({ power = 1, ...options }: layers.LayerOptions & { readonly power?: number } = {}) {
    super(options);
    this.power = power;
  }

  override build(inputShape: layers.InputShape): void {
    this.factor = this.addWeight({ shape: [Number(inputShape.at(-1))], initializer: "ones", name: "factor" });
  }

  override call(x: SymbolicTensor): SymbolicTensor {
    return ops.multiply(ops.power(x, this.power), this.factor);
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), power: this.power };
  }
}

/** Layers in fields and in a list. */
class Block extends layers.Layer {
  static readonly className: string = "Block";
  private readonly dense = new layers.Dense(3, { kernelInitializer: "ones" });
  private readonly drop = new layers.Dropout(0.5);
  private readonly rest = [new Affine(), new layers.BatchNormalization()];

  override call(x: SymbolicTensor, { training }: layers.OwnCallOptions = {}): SymbolicTensor {
    const hidden = this.drop.apply(this.dense.apply(x), { training });
    return this.rest.reduce((y, layer) => layer.apply(y), hidden);
  }
}

/** A model of a user's own. */
class Net extends models.Model {
  private readonly block = new Block();
  private readonly head = new layers.Dense(1);

  override call(x: SymbolicTensor, { training }: layers.OwnCallOptions = {}): SymbolicTensor {
    return this.head.apply(this.block.apply(x, { training }));
  }
}

const x = array([1, 2, 3, 4], [2, 2]);

describe("a layer of one's own", () => {
  it("is built once, computes on arrays and has its weights", async () => {
    const layer = new Affine({ power: 2 });
    expect(numbersOf(await layer.apply(x))).toEqual([1, 4, 9, 16]);
    layer.build([null, 2]);
    expect(layer.weights.map(({ path }) => path)).toEqual([`${layer.name}/factor`]);
    layer.setWeights([{ type: "float32", dims: [2], data: Float32Array.of(2, 3) }]);
    expect(numbersOf(await layer.apply(x))).toEqual([2, 12, 18, 48]);
    expect(layer.computeOutputShape([null, 2])).toEqual([null, 2]);
  });

  it("holds the weights of the layers in its fields, in Keras's order, and freezes them", () => {
    const block = new Block();
    block.build([null, 2]);
    expect(block.weights.map(({ name }) => name)).toEqual([
      ...["kernel", "bias", "factor"],
      ...["gamma", "beta", "moving_mean", "moving_variance"],
    ]);
    expect(block.trainableWeights).toHaveLength(5);
    block.trainable = false;
    expect(block.trainableWeights).toHaveLength(0);
  });

  it("drops and moves statistics in training, on arrays too", async () => {
    setRandomSeed(1);
    const block = new Block();
    const calm = numbersOf(await block.apply(x));
    expect(numbersOf(await block.apply(x))).toEqual(calm);
    const mean = (): unknown => Array.from(block.weights.at(-2)?.value.data ?? []);
    expect(mean()).toEqual([0, 0, 0]);
    await block.apply(x, { training: true });
    expect(mean()).not.toEqual([0, 0, 0]);
    const drop = new layers.Dropout(0.5);
    const ones = array(new Array<number>(64).fill(1), [1, 64]);
    const dropped = numbersOf(await drop.apply(ones, { training: true }));
    expect(new Set(dropped)).toEqual(new Set([0, 2]));
    expect(numbersOf(await drop.apply(ones, { training: true }))).not.toEqual(dropped);
    expect(numbersOf(await drop.apply(ones))).toEqual(numbersOf(ones));
  });

  it("is trained in a model, with what addLoss adds", async () => {
    class Penalized extends layers.Layer {
      override call(inputs: SymbolicTensor): SymbolicTensor {
        this.addLoss(ops.multiply(ops.sum(inputs), 0.5));
        return inputs;
      }
    }
    const model = new models.Sequential([layers.Input({ shape: [2] }), new Affine(), new Penalized()]);
    model.compile({ optimizer: "sgd", loss: "mse" });
    const { history } = await model.fit(x, { y: x, epochs: 2, verbose: 0 });
    // Keras 3.15.1: the mean of squares is 0, half of the sum 5.
    expect(history["loss"]?.[0]).toBeCloseTo(5, 5);
    expect(history["loss"]?.[1]).toBeLessThan(5);
  });

  it("says which layer it does not hold", () => {
    class Hidden extends layers.Layer {
      readonly #dense = new layers.Dense(1);
      override call(inputs: SymbolicTensor): SymbolicTensor {
        return this.#dense.apply(inputs);
      }
    }
    const input = layers.Input({ shape: [2] });
    expect(() => new Hidden().apply(input)).toThrow(/calls a layer that it does not hold.*#private/);
  });

  it("says what call has to give", () => {
    const of = (result: unknown): layers.Layer => new layers.Lambda(() => result as SymbolicTensor);
    const input = layers.Input({ shape: [2] });
    expect(() => of(undefined).apply(input)).toThrow(/Received: nothing/);
    expect(() => of(Promise.resolve(1)).apply(input)).toThrow(/without async and await/);
    expect(() => of(input).apply(input)).toThrow(/a placeholder of shape/);
    expect(() => new layers.Layer().apply(input)).toThrow(/does not say what it computes/);
    const plus = new layers.Lambda((one) => ((one as unknown as number) + 1) as unknown as SymbolicTensor);
    expect(() => plus.apply(input)).toThrow(/ops\.add/);
  });

  it("is refused for what it is called on, in words", () => {
    const dense = new layers.Dense(1);
    for (const wrong of [undefined, null, 3, "x", [], {}, [[1, 2]], Promise.resolve(x)]) {
      expect(() => dense.apply(wrong as Tensor)).toThrow(UsageError);
    }
    expect(() => dense.apply(Promise.resolve(x) as unknown as Tensor)).toThrow(/Await/);
    expect(() => dense.addWeight({ shape: 3 as unknown as number[] })).toThrow(UsageError);
  });
});

describe("a model of one's own", () => {
  it("is trained, evaluated, summarized, and its weights are kept", async () => {
    setRandomSeed(3);
    const model = new Net();
    expect(() => model.inputShape).toThrow(/not known yet/);
    model.compile({ optimizer: "adam", loss: "mse" });
    const y = array([1, 2], [2, 1]);
    const { history } = await model.fit(x, { y, epochs: 3, verbose: 0 });
    expect(history["loss"]).toHaveLength(3);
    expect(model.weights).toHaveLength(9);
    const lines: string[] = [];
    model.summary((line) => lines.push(line));
    expect(lines.join("\n")).toMatch(/block.*\(Block\)/);
    const before = numbersOf(await model.predict(x, { verbose: 0 }));
    expect(numbersOf(await model.apply(x))).toEqual(before.map((value) => expect.closeTo(value, 5) as unknown));
    const path = join(folder, "net.weights.h5");
    await model.saveWeights(path);
    setRandomSeed(4);
    const other = new Net();
    other.build([null, 2]);
    await other.loadWeights(path);
    expect(numbersOf(await other.predict(x, { verbose: 0 }))).toEqual(before);
  });

  it("says what it needs where there is no call", () => {
    expect(() => new models.Model()).toThrow(/call\(x, \{ training \}\)/);
  });
});

describe("losses, metrics and activations of one's own", () => {
  /** The squared distance, as Keras's functions have it. */
  function myLoss(yTrue: SymbolicTensor, yPred: SymbolicTensor): SymbolicTensor {
    return ops.mean(ops.square(ops.subtract(yTrue, yPred)), -1);
  }
  function doubled(inputs: SymbolicTensor): SymbolicTensor {
    return ops.multiply(inputs, 2);
  }
  class MyMse extends losses.Loss {
    static readonly className: string = "MyMse";
    override call(yTrue: SymbolicTensor, yPred: SymbolicTensor): SymbolicTensor {
      return myLoss(yTrue, yPred);
    }
  }
  const start = (): models.Sequential =>
    new models.Sequential([
      layers.Input({ shape: [2] }),
      new layers.Dense(2, { kernelInitializer: "ones", activation: doubled }),
    ]);

  it("give the numbers of Keras's, under the names of the functions", async () => {
    const histories = await Promise.all(
      ["mse", myLoss, new MyMse(), losses.meanSquaredError].map(async (loss) => {
        const model = start();
        model.compile({ optimizer: "sgd", loss, metrics: [myLoss, "mae", losses.meanSquaredError] });
        const { history } = await model.fit(x, { y: x, epochs: 2, verbose: 0 });
        return history;
      }),
    );
    const [first] = histories;
    expect(Object.keys(first ?? {})).toEqual(["loss", "mae", "mean_squared_error", "myLoss"]);
    for (const history of histories) expect(history).toEqual(first);
    expect(first?.["loss"]?.[0]).toBeCloseTo(65.5, 3);
  });

  it("count samples by their weights, and of a single number as it is", async () => {
    const whole = (yTrue: SymbolicTensor, yPred: SymbolicTensor): SymbolicTensor => ops.mean(myLoss(yTrue, yPred));
    const model = start();
    model.compile({ optimizer: "sgd", loss: whole });
    const logs = await model.evaluate(x, { y: x, verbose: 0 });
    expect(logs["loss"]).toBeCloseTo(65.5, 3);
  });

  it("have a gradient through weights that they name", async () => {
    const model = start();
    const [kernel] = model.weights;
    const small = (): SymbolicTensor => (kernel === undefined ? ops.zeros([]) : ops.sum(ops.square(kernel))) as never;
    model.compile({
      optimizer: "sgd",
      loss: (yTrue, yPred) => ops.add(ops.multiply(myLoss(yTrue, yPred), 0), small()),
    });
    const { history } = await model.fit(x, { y: x, epochs: 2, verbose: 0 });
    // The sum of four ones; after a step of 0.01 each of them is 0.98.
    expect(history["loss"]?.[0]).toBeCloseTo(4, 5);
    expect(history["loss"]?.[1]).toBeCloseTo(4 * 0.98 ** 2, 5);
  });

  it("are computed of arrays", async () => {
    const [yTrue, yPred] = [array([0, 1], [2, 1]), array([0.2, 0.6], [2, 1])];
    expect(numbersOf(await new losses.MeanSquaredError().apply(yTrue, yPred))[0]).toBeCloseTo(0.1, 6);
    expect(numbersOf(await new MyMse().apply(yTrue, yPred))[0]).toBeCloseTo(0.1, 6);
    const each = numbersOf(await losses.binaryCrossentropy(yTrue, yPred));
    expect(each[0]).toBeCloseTo(-Math.log(0.8), 5);
    expect(each[1]).toBeCloseTo(-Math.log(0.6), 5);
    const metric = new metrics.BinaryAccuracy();
    await metric.updateState(yTrue, yPred);
    expect(metric.result()).toBe(1);
    await metric.updateState(yTrue, array([0.7, 0.6], [2, 1]));
    expect(metric.result()).toBe(0.75);
    metric.resetState();
    expect(metric.result()).toBe(0);
  });

  it("activations of arrays and of tensors", async () => {
    expect(numbersOf(await activations.relu(array([-1, 2], [2])))).toEqual([0, 2]);
    expect(numbersOf(await activations.relu(array([-1, 20], [2]), { negativeSlope: 0.5, maxValue: 6 }))).toEqual([
      -0.5, 6,
    ]);
    const config = new layers.Dense(1, { activation: activations.relu }).getConfig();
    expect(config).toMatchObject({ activation: "relu" });
    const input = layers.Input({ shape: [2] });
    expect(new models.Model({ inputs: input, outputs: activations.softmax(input) }).outputShape).toEqual(["N", 2]);
  });

  it("preprocessInput of arrays, of placeholders, and in files", async () => {
    const { preprocessInput } = applications.vgg16;
    const pixels = array([255, 0, 10, 1, 2, 3], [1, 1, 2, 3]);
    const input = layers.Input({ shape: [1, 2, 3] });
    const model = new models.Model({ inputs: input, outputs: preprocessInput(input) });
    const expected = numbersOf(preprocessInput(pixels));
    const close = expected.map((value) => expect.closeTo(value, 4) as unknown);
    expect(numbersOf(await model.predict(pixels, { verbose: 0 }))).toEqual(close);
    const path = join(folder, "preprocess.keras");
    await model.save(path);
    const same = await models.loadModel(path);
    expect(numbersOf(await same.predict(pixels, { verbose: 0 }))).toEqual(close);
  });
});

describe("files", () => {
  it("name registered classes and functions, and give them back", async () => {
    saving.registerKerasSerializable({ package: "test" })(Affine);
    const steep = (inputs: SymbolicTensor): SymbolicTensor => ops.multiply(inputs, 3);
    saving.registerKerasSerializable({ package: "test", name: "steep" })(steep);
    expect(saving.getRegisteredName(Affine)).toBe("test>Affine");
    const model = new models.Sequential([
      layers.Input({ shape: [2] }),
      new Affine({ power: 2, name: "affine_here" }),
      new layers.Dense(1, { activation: steep }),
    ]);
    model.layers[0]?.setWeights([{ type: "float32", dims: [2], data: Float32Array.of(2, 3) }]);
    const before = numbersOf(await model.predict(x, { verbose: 0 }));
    const path = join(folder, "own.keras");
    await model.save(path);
    const same = await models.loadModel(path);
    expect(same.layers[0]).toBeInstanceOf(Affine);
    expect(same.layers[0]?.name).toBe("affine_here");
    expect(numbersOf(await same.predict(x, { verbose: 0 }))).toEqual(before);
  });

  it("of classes that are not registered say what to do", async () => {
    class Other extends layers.Layer {
      static readonly className: string = "Other";
      private weight!: Variable;
      override build(): void {
        this.weight = this.addWeight({ shape: [], initializer: "ones" });
      }
      override call(inputs: SymbolicTensor): SymbolicTensor {
        return ops.multiply(inputs, this.weight);
      }
    }
    const model = new models.Sequential([layers.Input({ shape: [2] }), new Other()]);
    const path = join(folder, "other.keras");
    await model.save(path);
    await expect(models.loadModel(path)).rejects.toThrow(/registerKerasSerializable.*customObjects/);
    const same = await models.loadModel(path, { customObjects: { Other } });
    expect(numbersOf(await same.predict(x, { verbose: 0 }))).toEqual([1, 2, 3, 4]);
    const lambda = new models.Sequential([layers.Input({ shape: [2] }), new layers.Lambda((one) => ops.add(one, 1))]);
    await expect(lambda.save(join(folder, "lambda.keras"))).rejects.toThrow(/cannot be saved.*extends layers\.Layer/);
  });

  it("say when a class loses what was saved", async () => {
    class Lossy extends Affine {
      static override readonly className: string = "Lossy";
      override getConfig(): Record<string, unknown> {
        return { ...super.getConfig(), power: 2 + Math.random() };
      }
    }
    const model = new models.Sequential([layers.Input({ shape: [2] }), new Lossy()]);
    const path = join(folder, "lossy.keras");
    await model.save(path);
    await expect(models.loadModel(path, { customObjects: { Lossy } })).rejects.toThrow(/"(name|power)" is another/);
  });
});

describe("functions as initializers, regularizers and constraints", () => {
  it("give a weight its first values, its penalty and its condition", async () => {
    const model = new models.Sequential([
      layers.Input({ shape: [2] }),
      new layers.Dense(1, {
        useBias: false,
        kernelInitializer: (shape) => new Array<number>(shape.reduce((n, extent) => n * extent, 1)).fill(2),
        kernelRegularizer: (weight) => ops.multiply(ops.sum(ops.square(weight)), 0.5),
        kernelConstraint: (weight) => ops.clip(weight, 0, 1),
      }),
    ]);
    model.compile({ optimizer: "sgd", loss: "mse" });
    const y = array([6, 14], [2, 1]);
    const { history } = await model.fit(x, { y, epochs: 1, verbose: 0 });
    expect(history["loss"]?.[0]).toBeCloseTo(4, 5);
    expect(Array.from(model.getWeights()[0]?.data ?? [])).toEqual([1, 1]);
    await expect(model.save(join(folder, "functions.keras"))).rejects.toThrow(/cannot be saved/);
  });
});

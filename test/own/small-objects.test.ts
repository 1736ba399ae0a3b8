import {
  activations,
  constraints,
  initializers,
  layers,
  losses,
  models,
  ops,
  optimizers,
  regularizers,
  saving,
  schedules,
  type SymbolicTensor,
  Tensor,
} from "graft-ml";
import { describe, expect, it } from "vitest";

/* What scripts do with initializers, regularizers, constraints, losses and optimizers outside of models. */

const weight = new Tensor("float32", [3, -4], [2, 1]);

describe("Keras's functions beside its classes", () => {
  it("make objects without new, by position as in Keras", () => {
    expect(regularizers.l1().getConfig()).toEqual({ l1: 0.01 });
    expect(regularizers.l2(0.1).getConfig()).toEqual({ l2: 0.1 });
    expect(regularizers.l1L2(0.1, 0.2).getConfig()).toEqual({ l1: 0.1, l2: 0.2 });
    expect(regularizers.l1l2({ l2: 0.2 }).getConfig()).toEqual({ l1: 0, l2: 0.2 });
    expect(regularizers.orthogonalRegularizer().getConfig()).toEqual({ factor: 0.01, mode: "rows" });
    expect(constraints.maxNorm(3).getConfig()).toEqual({ max_value: 3, axis: 0 });
    expect(constraints.minMaxNorm(1, 2, 0.5, 1).getConfig()).toEqual({
      min_value: 1,
      max_value: 2,
      rate: 0.5,
      axis: 1,
    });
    expect(constraints.unitNorm(1).getConfig()).toEqual({ axis: 1 });
    expect(initializers.heNormal({ seed: 2 }).getConfig()).toMatchObject({ seed: 2 });
    expect(initializers.randomNormal(0, 0.02).getConfig()).toEqual({ seed: null, mean: 0, stddev: 0.02 });
    expect(new initializers.RandomUniform(-1, 1, { seed: 4 }).getConfig()).toEqual({ seed: 4, minval: -1, maxval: 1 });
    expect(losses.mse).toBe(losses.meanSquaredError);
  });

  it("stand in options, as do classes and strings", () => {
    const layer = new layers.Dense(2, {
      kernelInitializer: initializers.Ones,
      kernelRegularizer: regularizers.l2(0.5),
      kernelConstraint: constraints.NonNeg,
    });
    layer.build([null, 1]);
    expect(layer.getWeights()[0]?.data).toEqual(new Float32Array([1, 1]));
    const model = new models.Sequential([layers.Input({ shape: [1] }), layer]);
    model.compile({ optimizer: "sgd", loss: losses.MeanSquaredError });
    expect(model.compiled.losses[0]?.loss).toBeInstanceOf(losses.MeanSquaredError);
  });
});

describe("objects that are called", () => {
  it("initializers on a shape", () => {
    expect(new initializers.Constant(0.5).apply([2, 1])).toMatchObject({ dims: [2, 1] });
    const [a, b] = [new initializers.GlorotUniform({ seed: 1 }), new initializers.GlorotUniform({ seed: 1 })];
    expect(a.apply([3, 4]).data).toEqual(b.apply([3, 4]).data);
    const free = new initializers.RandomNormal();
    expect(free.apply([2]).data).not.toEqual(free.apply([2]).data);
  });

  it("regularizers and constraints on arrays and weights", async () => {
    expect((await regularizers.l1L2(0.1, 0.01).apply(weight)).data[0]).toBeCloseTo(0.95, 6);
    const { data } = await constraints.maxNorm(1).apply(weight);
    expect([...(data as Float32Array)].map((value) => value.toFixed(4))).toEqual(["0.6000", "-0.8000"]);
    const layer = new layers.Dense(1, { kernelInitializer: "ones" });
    layer.build([null, 3]);
    const [kernel] = layer.weights;
    expect(kernel && (await regularizers.l2(2).apply(kernel))).toMatchObject({ dims: [] });
  });
});

class Cubes extends regularizers.Regularizer {
  static readonly className: string = "Cubes";
  override call(x: SymbolicTensor): SymbolicTensor {
    return ops.power(ops.abs(x), 3);
  }
}

class Clip extends constraints.Constraint {
  static readonly className: string = "Clip";
  override call(x: SymbolicTensor): SymbolicTensor {
    return ops.clip(x, -0.01, 0.01);
  }
}

class Halves extends initializers.Initializer {
  static readonly className: string = "Halves";
  override call(shape: readonly number[]): number[] {
    return shape.length === 0 ? [0.5] : Array.from({ length: shape.reduce((a, b) => a * b) }, () => 0.5);
  }
}

describe("classes of one's own", () => {
  it("stand in layers, work, and are saved and loaded", async () => {
    const layer = new layers.Dense(1, {
      kernelInitializer: new Halves(),
      kernelRegularizer: new Cubes(),
      kernelConstraint: new Clip(),
    });
    const model = new models.Sequential([layers.Input({ shape: [2] }), layer]);
    model.compile({ optimizer: "sgd", loss: "mse" });
    const x = new Tensor("float32", [0, 0], [1, 2]);
    const y = new Tensor("float32", [0], [1, 1]);
    const logs = await model.trainOnBatch(x, y);
    expect(logs["loss"]).toBeCloseTo(2 * 0.5 ** 3, 6);
    expect(model.getWeights()[0]?.data).toEqual(new Float32Array([0.01, 0.01]));

    for (const own of [Cubes, Clip, Halves]) saving.registerKerasSerializable({ package: "small" })(own);
    const saved = layers.deserializeLayer({ class_name: "Dense", config: layer.getConfig() });
    expect(saved.getConfig()).toEqual(layer.getConfig());
    expect(layer.getConfig()["kernel_constraint"]).toMatchObject({ module: null, registered_name: "small>Clip" });
  });

  it("say what is missing", async () => {
    class Empty extends regularizers.Regularizer {}
    await expect(new Empty().apply(ops.ones([1]))).rejects.toThrow("Empty does not say what it is");
  });
});

describe("get, serialize, deserialize", () => {
  it("give Keras's answers", () => {
    expect(losses.get("mse")).toBe(losses.meanSquaredError);
    expect(losses.get("MeanSquaredError")).toBeInstanceOf(losses.MeanSquaredError);
    expect(losses.get(null)).toBeUndefined();
    expect(losses.serialize(losses.meanSquaredError)).toEqual({
      module: "builtins",
      class_name: "function",
      config: "mean_squared_error",
      registered_name: "function",
    });
    expect(losses.deserialize(losses.serialize(losses.klDivergence) as never)).toBe(losses.klDivergence);
    expect(activations.get("relu")).toBe(activations.relu);
    expect(activations.get()).toBe(activations.linear);
    expect(activations.serialize(activations.silu)).toBe("silu");
    expect(initializers.serialize(new initializers.GlorotUniform({ seed: 1 }))).toEqual({
      module: "keras.initializers",
      class_name: "GlorotUniform",
      config: { seed: 1, input_axes: null, output_axes: null },
      registered_name: null,
    });
    expect(regularizers.get(null)).toBeUndefined();
    expect(optimizers.get("adam")).toBeInstanceOf(optimizers.Adam);
    const schedule = new schedules.ExponentialDecay(0.1, 10, 0.9);
    expect(optimizers.schedules.deserialize(optimizers.schedules.serialize(schedule)).getConfig()).toEqual(
      schedule.getConfig(),
    );
    const sgd = optimizers.deserialize(optimizers.serialize(new optimizers.SGD(schedule, { momentum: 0.5 })));
    expect(sgd.getConfig()).toMatchObject({ momentum: 0.5, learning_rate: { class_name: "ExponentialDecay" } });
  });

  it.each([
    ["losses", losses.get],
    ["optimizers", optimizers.get],
    ["initializers", initializers.get],
    ["regularizers", regularizers.get],
    ["constraints", constraints.get],
    ["activations", activations.get],
  ] as readonly (readonly [string, (name: never) => unknown])[])("of %s refuse names that there are not", (_, get) => {
    expect(() => get("bogus" as never)).toThrow('"bogus"');
  });
});

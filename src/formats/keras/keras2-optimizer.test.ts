import { describe, expect, it } from "vitest";
import { Dense } from "../../nn/layers/index.js";
import { Adam, Nadam, type Optimizer, SGD } from "../../nn/optimizers/index.js";
import type { Variable } from "../../nn/variable.js";
import { float32, type TensorData } from "../../onnx/tensor-data.js";
import { restoreKeras2Optimizer, type OptimizerMemory } from "./optimizer-variables.js";
import { keras2Slots, type NamedVariable } from "./keras2-optimizer.js";

function variable(name: string, dims: readonly number[], value: number): NamedVariable {
  const size = dims.reduce((product, extent) => product * extent, 1);
  return { name, tensor: float32(new Float32Array(size).fill(value), dims) };
}

/** A kernel `[2, 1]` and a bias `[1]`. */
function weights(): readonly Variable[] {
  const layer = new Dense(1, { name: "a" });
  layer.ensureBuilt([["N", 2]]);
  return layer.weights;
}

function restored(optimizer: Optimizer, variables: readonly NamedVariable[]): OptimizerMemory | string {
  const slots = keras2Slots(optimizer, variables);
  if (slots === undefined) throw new Error("These are no variables of Keras 2.");
  const memory: OptimizerMemory = { step: 0, slots: new Map<Variable, Map<string, TensorData<"float32">>>() };
  return restoreKeras2Optimizer(optimizer, weights(), slots, memory) ?? memory;
}

describe("optimizers in files of Keras 2", () => {
  it("are told from those of Keras 3 by their names", () => {
    const modern = [variable("iteration", [], 2), variable("learning_rate", [], 0.1)];
    expect(keras2Slots(new SGD(), modern)).toBeUndefined();
    expect(keras2Slots(new SGD(), [])).toBeUndefined();
    expect(keras2Slots(new SGD(), [variable("SGD/iter:0", [], 2)])).toEqual({ iterations: 2, slots: new Map() });
  });

  it("begin afresh where a slot is missing, is left over, or has another shape", () => {
    const [m, v] = ["m", "v"].map((slot) => variable(`Adam/a/kernel/${slot}:0`, [2, 1], 1));
    const [mb, vb] = ["m", "v"].map((slot) => variable(`Adam/a/bias/${slot}:0`, [1], 1));
    const steps = variable("Adam/iter:0", [], 4);
    const of = (...variables: (NamedVariable | undefined)[]): OptimizerMemory | string =>
      restored(
        new Adam(),
        variables.filter((one) => one !== undefined),
      );
    expect(of(steps, m, mb, v, vb)).toMatchObject({ step: 4 });
    expect(of(steps, m, mb, v)).toMatch(/no slot "velocity" of "a\/bias"/);
    expect(of(steps, m, mb, v, vb, mb)).toMatch(/"momentum" are there for more than the 2/);
    expect(of(steps, mb, m, v, vb)).toMatch(/"momentum" of "a\/kernel" has another shape/);
  });

  it("have Keras 3's product of momenta in the place of Nadam's", () => {
    const named = ["m", "v"].flatMap((slot) => [
      variable(`Nadam/${slot}/a/kernel:0`, [2, 1], 1),
      variable(`Nadam/${slot}/a/bias:0`, [1], 1),
    ]);
    const memory = restored(new Nadam(), [variable("iteration:0", [], 2), ...named]);
    if (typeof memory === "string") throw new Error(memory);
    const [slots] = memory.slots.values();
    expect(slots?.get("u_product")?.data[0]).toBeCloseTo(0.9 * (1 - 0.5 * 0.96) * 0.9 * (1 - 0.5 * 0.96 ** 2), 6);
  });
});

import type { Optimizer } from "../../nn/optimizers/optimizer.js";
import { float32, type TensorData } from "../../onnx/tensor-data.js";

type Float32 = TensorData<"float32">;

/** A variable of an optimizer in a file, and its name there. */
export interface NamedVariable {
  readonly name: string;
  readonly tensor: Float32;
}

/** What a Keras 2 file says of an optimizer. */
export interface Keras2Slots {
  readonly iterations: number;
  /** Tensors of each slot by Graft's name of it, in the order of the trainable weights that have the slot. */
  readonly slots: ReadonlyMap<string, readonly Float32[]>;
}

/** Keras 2's names of slots, where they are not Keras 3's. Both kinds of its optimizers are here: their names differ. */
const slotNames: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  SGD: { m: "momentum" },
  RMSprop: { rms: "velocity", mg: "average_gradient" },
  Adam: { m: "momentum", v: "velocity", vhat: "velocity_hat" },
  AdamW: { m: "momentum", v: "velocity", vhat: "velocity_hat" },
  Adadelta: { accum_grad: "accumulated_grad", accum_var: "accumulated_delta_var" },
  Adamax: { m: "momentum", u: "norm", v: "norm" },
  Nadam: { m: "momentum", v: "velocity" },
  Lion: { m: "momentum" },
  Adafactor: { v: "velocity" },
};

/**
 * Reads the variables of a Keras 2 optimizer by their names.
 *
 * - since 2.11: `iteration`, `Adam/m/dense/kernel`
 * - before ("legacy"): `Adam/iter`, `Adam/dense/kernel/m`
 *
 * @returns `undefined` when the names are not Keras 2's
 * @see https://github.com/keras-team/tf-keras/tree/master/tf_keras/optimizers
 */
export function keras2Slots(optimizer: Optimizer, variables: readonly NamedVariable[]): Keras2Slots | undefined {
  const named = variables.map(({ name, tensor }) => ({ parts: name.replace(/:0$/, "").split("/"), tensor }));
  const counter = named.find(({ parts }) => /^iter(ation)?$/.test(parts.at(-1) ?? ""));
  if (counter === undefined || variables.every(({ name }) => !name.endsWith(":0"))) return undefined;
  const isNew = counter.parts.length === 1;
  const slots = new Map<string, Float32[]>();
  for (const { parts, tensor } of named) {
    const old = isNew ? parts[1] : parts.at(-1);
    if (tensor === counter.tensor || old === undefined) continue;
    const slot = slotNames[optimizer.className]?.[old] ?? old;
    slots.set(slot, [...(slots.get(slot) ?? []), tensor]);
  }
  const iterations = counter.tensor.data[0] ?? 0;
  if (optimizer.className === "Nadam") slots.set("u_product", [nadamProduct(optimizer, iterations)]);
  return { iterations, slots };
}

/**
 * The product of Nadam's momenta of all steps so far, as Keras 3 has it. Keras 2's is of no use: since 2.11 it is not in
 * files, and before it followed a schedule that Keras 3 does not have.
 */
function nadamProduct(optimizer: Optimizer, iterations: number): Float32 {
  const beta1 = Number(optimizer.getConfig()["beta_1"]);
  let product = 1;
  for (let step = 1; step <= iterations && product > 0; step++) product *= beta1 * (1 - 0.5 * 0.96 ** step);
  return float32(Float32Array.of(product), []);
}

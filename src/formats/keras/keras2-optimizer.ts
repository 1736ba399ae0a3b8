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
  const renamed = slotNames[optimizer.className] ?? {};
  // Inside another optimizer it has no name.
  const isSlot = (part: string): boolean => part in renamed || part in optimizer.slots;
  const slots = new Map<string, Float32[]>();
  for (const { parts, tensor } of named) {
    const [first = "", second = first] = parts;
    const old = !isNew ? parts.at(-1) : isSlot(first) && !isSlot(second) ? first : second;
    if (tensor === counter.tensor || old === undefined) continue;
    const slot = renamed[old] ?? old;
    slots.set(slot, [...(slots.get(slot) ?? []), tensor]);
  }
  const iterations = counter.tensor.data[0] ?? 0;
  if (optimizer.className === "Nadam") slots.set("u_product", [nadamProduct(optimizer, iterations)]);
  return { iterations, slots };
}

/** Slots of Keras 2.0 to 2.3, by itself with any backend, in the order in which it keeps them: one after the other. */
const nativeSlots: Readonly<Record<string, readonly string[]>> = {
  SGD: ["momentum"],
  RMSprop: ["velocity"],
  Adagrad: ["accumulator"],
  Adadelta: ["accumulated_grad", "accumulated_delta_var"],
  Adam: ["momentum", "velocity", "velocity_hat"],
  Adamax: ["momentum", "norm"],
  Nadam: ["momentum", "velocity"],
};

/** Names that say a place in a list, and no weight: `training/Adam/Variable_3:0`, `Adam/m_2:0`, `param_7`. */
const numbered = /^(variable|param|m|v|vhat|u|moment|accumulator|delta_accumulator)(_\d+)?$/i;

/**
 * Reads the variables of an optimizer of Keras 2.0 to 2.3, whose names say nothing: by their order.
 *
 * @param count number of the model's trainable weights
 * @returns `undefined` when the names are others, or as many variables do not fit
 * @see https://github.com/keras-team/keras/blob/2.2.4/keras/optimizers.py
 */
export function nativeKeras2Slots(
  optimizer: Optimizer,
  variables: readonly NamedVariable[],
  count: number,
): Keras2Slots | undefined {
  const ending = (name: string): string => name.replace(/:0$/, "").split("/").at(-1) ?? "";
  const isCounter = ({ name }: NamedVariable): boolean => ending(name) === "iterations";
  const isCommon = (variable: NamedVariable): boolean => isCounter(variable) || ending(variable.name) === "m_schedule";
  const names = nativeSlots[optimizer.className] ?? [];
  const first = variables.find(isCounter) ?? variables.find(({ tensor }) => tensor.dims.length === 0);
  const kept = variables.filter((variable) => !isCommon(variable) && variable !== first);
  const isNative = kept.length > 0 && kept.every(({ name }) => numbered.test(ending(name)));
  if (!isNative || count === 0 || kept.length % count !== 0 || kept.length / count > names.length) return undefined;
  const slots = new Map<string, readonly Float32[]>();
  for (let at = 0; at < kept.length; at += count) {
    slots.set(
      names[at / count] ?? "",
      kept.slice(at, at + count).map(({ tensor }) => tensor),
    );
  }
  // Some optimizers did not keep the number of their steps.
  const iterations = first?.tensor.data[0] ?? 0;
  if (optimizer.className === "Nadam") slots.set("u_product", [nadamProduct(optimizer, iterations)]);
  return { iterations, slots };
}

/**
 * The product of Nadam's momenta of all steps so far, as Keras 3 has it. Keras 2's is of no use: since 2.11 it is not in
 * files, and before it followed a schedule that Keras 3 does not have.
 */
export function nadamProduct(optimizer: Optimizer, iterations: number): Float32 {
  const beta1 = Number(optimizer.getConfig()["beta_1"]);
  let product = 1;
  for (let step = 1; step <= iterations && product > 0; step++) product *= beta1 * (1 - 0.5 * 0.96 ** step);
  return float32(Float32Array.of(product), []);
}

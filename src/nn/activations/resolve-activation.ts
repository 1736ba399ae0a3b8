import { UsageError } from "../../errors/errors.js";
import { didYouMean } from "../../errors/nearest.js";
import type { Value } from "../../graph/value.js";
import { isSerializedObject, type SerializedObject } from "../config.js";
import { celu } from "./celu.js";
import { elu } from "./elu.js";
import { exponential } from "./exponential.js";
import { gelu } from "./gelu.js";
import { glu } from "./glu.js";
import { hardShrink } from "./hard-shrink.js";
import { hardSigmoid } from "./hard-sigmoid.js";
import { hardSilu } from "./hard-silu.js";
import { hardTanh } from "./hard-tanh.js";
import { leakyRelu } from "./leaky-relu.js";
import { linear } from "./linear.js";
import { logSigmoid } from "./log-sigmoid.js";
import { logSoftmax } from "./log-softmax.js";
import { mish } from "./mish.js";
import { relu } from "./relu.js";
import { relu6 } from "./relu6.js";
import { selu } from "./selu.js";
import { sigmoid } from "./sigmoid.js";
import { silu } from "./silu.js";
import { softShrink } from "./soft-shrink.js";
import { softmax } from "./softmax.js";
import { sparsemax } from "./sparsemax.js";
import { softplus } from "./softplus.js";
import { softsign } from "./softsign.js";
import { sparsePlus } from "./sparse-plus.js";
import { sparseSigmoid } from "./sparse-sigmoid.js";
import { squareplus } from "./squareplus.js";
import { tanh } from "./tanh.js";
import { tanhShrink } from "./tanh-shrink.js";

/** A function that acts on the values between layers; rank 4 is `[N, C, H, W]` there. */
export type Activation = (x: Value) => Value;

const table = {
  linear: linear,
  sigmoid: sigmoid,
  tanh: tanh,
  softplus: softplus,
  softsign: softsign,
  exponential: exponential,
  relu6: relu6,
  selu: selu,
  silu: silu,
  mish: mish,
  hard_sigmoid: hardSigmoid,
  hard_silu: hardSilu,
  hard_tanh: hardTanh,
  tanh_shrink: tanhShrink,
  log_sigmoid: logSigmoid,
  sparse_plus: sparsePlus,
  sparse_sigmoid: sparseSigmoid,
  leaky_relu: leakyRelu,
  elu: elu,
  celu: celu,
  gelu: gelu,
  soft_shrink: softShrink,
  hard_shrink: hardShrink,
  squareplus: squareplus,
  softmax: softmax,
  sparsemax: sparsemax,
  log_softmax: logSoftmax,
  glu: glu,
  relu: relu,
  swish: silu,
  hard_swish: hardSilu,
} as const satisfies Readonly<Record<string, Activation>>;

/** Keras's string names of activation functions. */
export type ActivationName = keyof typeof table;

/** An activation function, its name in Keras, or what Keras wrote into a file. */
export type ActivationLike = Activation | ActivationName | SerializedObject;

/** An activation function and its name in Keras. */
export interface NamedActivation {
  readonly name: string;
  readonly apply: Activation;
}

function isKnown(name: string): name is ActivationName {
  return Object.hasOwn(table, name);
}

/**
 * The activation function that an option stands for.
 *
 * @param like default: `linear`
 * @throws UsageError when there is none of that name
 * @see https://keras.io/api/layers/activations/
 */
export function resolveActivation(like: ActivationLike = "linear"): NamedActivation {
  if (typeof like === "function") {
    const known = Object.entries(table).find(([, activation]) => activation === like);
    return { name: known?.[0] ?? like.name, apply: like };
  }
  // Keras writes a function as an object whose configuration is the name.
  const name: string = isSerializedObject(like) ? JSON.stringify(like.config).replaceAll('"', "") : like;
  if (!isKnown(name)) {
    const advice = didYouMean(name, Object.keys(table));
    throw new UsageError(`There is no activation function "${name}".`, {
      subject: "activation",
      expected: "the name of a Keras activation function",
      received: `"${name}"`,
      ...(advice === undefined ? {} : { advice }),
    });
  }
  // Keras writes the names behind the aliases: swish becomes silu.
  return resolveActivation(table[name]);
}

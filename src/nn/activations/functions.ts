import { checkOptionNames } from "../../errors/check.js";
import type { Value } from "../../graph/value.js";
import { exp, type Elementwise, tanh as tanhOf } from "../operations/arithmetic.js";
import * as neural from "../operations/neural.js";
import { type Answer, type Operand } from "../operations/operand.js";
import {
  operation,
  type OperationFunction,
  type OperationOptions,
  type OperationRow,
} from "../operations/operation.js";
import { float } from "../operations/rows.js";
import { snakeCase } from "../names.js";
import { SymbolicTensor } from "../symbolic-tensor.js";
import { Variable } from "../variable.js";
import * as catalogue from "./catalogue.js";

/*
 * Keras's activation functions at the surface: of symbolic tensors, or at once of arrays. Options of layers take them, too, and
 * know them by the name that each says.
 */

/** A function that options of layers know by its name in Keras. */
export type NamedFunction<F> = F & { readonly activationName: string };

function named<F extends (...args: never[]) => unknown>(name: string, compute: F): NamedFunction<F> {
  // A function of its own: one of ops may stand here under another name, too.
  const call = (...args: Parameters<F>): unknown => compute(...args);
  return Object.assign(call, { activationName: snakeCase(name) }) as unknown as NamedFunction<F>;
}

/** A function that Keras keeps among its activations rather than among its operations. */
function own<F extends (...args: never[]) => unknown>(
  name: string,
  className: string,
  options: OperationOptions,
  compute: (x: Value, options: never) => Value,
): NamedFunction<OperationFunction<F>> {
  const call = operation<F>({
    name,
    className,
    module: "keras.src.activations.activations",
    call: ["x"],
    options,
    isElementwise: true,
    compute: ([x], given) => compute(float(x), given as never),
  });
  return Object.assign(call, { activationName: snakeCase(name) });
}

/** A function with options. */
export type WithOptions<O> = <X extends Operand>(x: X, options?: O) => Answer<X>;

const bent = own<WithOptions<catalogue.ReluOptions>>(
  "relu",
  "ReLU",
  { negativeSlope: 0, maxValue: null, threshold: 0 },
  (x, { negativeSlope, maxValue, threshold }: { negativeSlope: number; maxValue: number | null; threshold: number }) =>
    catalogue.relu(x, { negativeSlope, maxValue: maxValue ?? undefined, threshold }),
);

/** `max(x, 0)`; with options: `min(x, maxValue)` from the threshold on, `negativeSlope · (x − threshold)` below. */
export const relu: NamedFunction<WithOptions<catalogue.ReluOptions>> = named("relu", (x, options) =>
  options === undefined ? neural.relu(x) : bent(x, options),
);

/** `x`. */
export const linear = named("linear", ((x: Operand): unknown =>
  x instanceof SymbolicTensor || x instanceof Variable ? x : Promise.resolve(x)) as Elementwise);

/** `x · tanh(softplus(x))`. */
export const mish = own<Elementwise>("mish", "Mish", {}, (x) => catalogue.mish(x));

/** Rows of those that Keras does not keep among its operations. */
export const ownRows: readonly OperationRow[] = [bent.row, mish.row];

/** `x · Φ(x)`; unlike `ops.gelu`, exactly by default. */
export const gelu: NamedFunction<WithOptions<catalogue.GeluOptions>> = named("gelu", (x, options = {}) => {
  checkOptionNames("gelu", options, ["approximate"]);
  return neural.gelu(x, { approximate: options.approximate ?? false });
});

/** `1 / (1 + e⁻ˣ)`. */
export const sigmoid = named("sigmoid", neural.sigmoid);
/** The hyperbolic tangent. */
export const tanh = named("tanh", tanhOf);
/** `eˣ`. */
export const exponential = named("exponential", exp);
/** `ln(1 + eˣ)`. */
export const softplus = named("softplus", neural.softplus);
/** `x / (1 + |x|)`. */
export const softsign = named("softsign", neural.softsign);
/** `min(max(x, 0), 6)`. */
export const relu6 = named("relu6", neural.relu6);
/** The exponential unit that keeps mean and variance. */
export const selu = named("selu", neural.selu);
/** `x · sigmoid(x)`. */
export const silu = named("silu", neural.silu);
/** `x · sigmoid(x)`. */
export const swish = silu;
/** `clip(x / 6 + 0.5, 0, 1)`. */
export const hardSigmoid = named("hardSigmoid", neural.hardSigmoid);
/** `x · hardSigmoid(x)`. */
export const hardSilu = named("hardSilu", neural.hardSilu);
/** `x · hardSigmoid(x)`. */
export const hardSwish = hardSilu;
/** `clip(x, −1, 1)`. */
export const hardTanh = named("hardTanh", neural.hardTanh);
/** `x − tanh x`. */
export const tanhShrink = named("tanhShrink", neural.tanhShrink);
/** `ln sigmoid(x)`. */
export const logSigmoid = named("logSigmoid", neural.logSigmoid);
/** 0 up to −1, `(x + 1)² / 4` up to 1, then x. */
export const sparsePlus = named("sparsePlus", neural.sparsePlus);
/** `clip((x + 1) / 2, 0, 1)`. */
export const sparseSigmoid = named("sparseSigmoid", neural.sparseSigmoid);
/** `x` above 0, `negativeSlope · x` below; default 0.2. */
export const leakyRelu = named("leakyRelu", neural.leakyRelu);
/** `x` above 0, `alpha · (eˣ − 1)` below; default 1. */
export const elu = named("elu", neural.elu);
/** `x` above 0, `alpha · (eˣᐟᵅ − 1)` below; default 1. */
export const celu = named("celu", neural.celu);
/** 0 between −threshold and threshold, `x ∓ threshold` elsewhere; default 0.5. */
export const softShrink = named("softShrink", neural.softShrink);
/** 0 between −threshold and threshold, `x` elsewhere; default 0.5. */
export const hardShrink = named("hardShrink", neural.hardShrink);
/** `(x + √(x² + b)) / 2`; default 4. */
export const squareplus = named("squareplus", neural.squareplus);
/** Shares of the exponentials along an axis; default the last one. */
export const softmax = named("softmax", neural.softmax);
/** Shares, most of which are 0, along an axis. */
export const sparsemax = named("sparsemax", neural.sparsemax);
/** The logarithms of {@link softmax}. */
export const logSoftmax = named("logSoftmax", neural.logSoftmax);
/** One half, through the sigmoid of the other one. */
export const glu = named("glu", neural.glu);
/** `x` above the threshold, another number up to it. It has no name in files: its options have no defaults. */
export const { threshold } = neural;

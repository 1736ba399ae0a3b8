import { isWhole, numberWithin, refuse } from "../../errors/check.js";
import { ShapeError, UsageError } from "../../errors/errors.js";
import { formatShape, normalizeAxis, type Shape } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import { scalarLike } from "../../ops/constants.js";
import { greaterOrEqual, where } from "../../ops/comparison.js";
import { add, div } from "../../ops/elementwise.js";
import { gather } from "../../ops/indexing.js";
import { cast, unsqueeze } from "../../ops/layout.js";
import { argMax } from "../../ops/reduction.js";
import { isTensor, type Tensor } from "../../runtime/runtime.js";
import type { CallContext } from "../context.js";
import { evaluate } from "../eager/evaluate.js";
import { type Answer, describeOperand, inGraphOrder, inKerasOrder, toValue } from "../operations/operand.js";
import { elementType } from "../operations/rows.js";
import { presentContext } from "../scope.js";
import { SymbolicTensor } from "../symbolic-tensor.js";
import { Variable } from "../variable.js";
import { optionsOf } from "./arguments.js";
import { checkSeed, checkShape, drawInside, type Seed } from "./draw.js";

/** What the functions here compute with. */
type Given = SymbolicTensor | Variable | Tensor;

/** Computes with random numbers: part of a computation that is being written, or of an array at once. */
function compute<X extends Given>(owner: string, x: X, write: (x: Value, context: CallContext) => Value): Answer<X> {
  const given: unknown = x;
  if (!(given instanceof SymbolicTensor || given instanceof Variable || isTensor(given))) {
    throw new UsageError(`random.${owner} cannot compute with this.`, {
      subject: owner,
      expected: "a symbolic tensor, a weight or an array (Tensor)",
      received: describeOperand(given),
      advice: given instanceof Promise ? "Await what gives the array." : undefined,
    });
  }
  const context = given instanceof SymbolicTensor ? given.traced?.context : presentContext();
  if (context !== undefined) {
    const value = inKerasOrder(toValue(given, context));
    return SymbolicTensor.of(inGraphOrder(write(value, context)), context) as Answer<X>;
  }
  if (given instanceof SymbolicTensor) {
    throw new UsageError(`random.${owner} is no step of a functional model.`, {
      subject: owner,
      expected: "what call, a loss or a step is given, or an array",
      received: describeOperand(given),
      advice: "Write a layer that extends layers.Layer, and draw in its call.",
    });
  }
  const outside = (values: readonly Value[], own: CallContext): readonly Value[] =>
    (given instanceof Variable ? [toValue(given, own)] : values).map((one) =>
      inGraphOrder(write(inKerasOrder(one), own)),
    );
  return evaluate(given instanceof Variable ? [] : [given], false, outside).then(([only]) => only) as Answer<X>;
}

function float(x: Value): Value {
  return x.type === "float32" ? x : cast(x, "float32");
}

/** Options of {@link dropout}. */
export interface DropoutCallOptions {
  /** Extents of the mask, 1 where it is the same along an axis; default those of the tensor. */
  readonly noiseShape?: Shape | null | undefined;
  /** Default: the stream of `setRandomSeed`. */
  readonly seed?: Seed | undefined;
}

/**
 * Sets a share of the elements to 0, and scales the others so that the sum stays the same on average; also in inference.
 *
 * @param rate from 0 to below 1
 * @throws UsageError for a rate or an option that is not usable
 * @see https://keras.io/api/random/random_ops/#dropout-function
 */
export function dropout<X extends Given>(
  inputs: X,
  rate: number,
  ...options: readonly (Shape | null | Seed | DropoutCallOptions)[]
): Answer<X> {
  const { noiseShape, seed } = optionsOf("dropout", options, { noiseShape: null, seed: null });
  const share = numberWithin("random.dropout", "rate", rate, 0, 1);
  if (share === 1) refuse("random.dropout", "rate", "a number of at least 0 and below 1", rate);
  const own = checkSeed("random.dropout", seed);
  const shape = noiseShape === null ? undefined : checkShape("random.dropout", noiseShape);
  return compute("dropout", inputs, (given, context) => {
    const x = float(given);
    if (share === 0) return x;
    const noise = drawInside(context, (generator, target) => void generator.uniformInto(target), shape ?? x.shape, own);
    const kept = greaterOrEqual(noise, scalarLike(noise, share));
    return where(kept, div(x, scalarLike(x, 1 - share)), scalarLike(x, 0));
  });
}

/**
 * Numbers of classes, drawn by the logarithms of their likelihoods: `[N, classes]` → `[N, numSamples]` int32.
 *
 * @throws UsageError for a number that is not usable
 * @see https://keras.io/api/random/random_ops/#categorical-function
 */
export function categorical<X extends Given>(
  logits: X,
  numSamples: number,
  ...options: readonly (
    string | null | Seed | { readonly dtype?: string | undefined; readonly seed?: Seed | undefined }
  )[]
): Answer<X> {
  const { dtype, seed } = optionsOf("categorical", options, { dtype: "int32", seed: null });
  if (!isWhole(numSamples, 1)) {
    refuse("random.categorical", "numSamples", "a whole number of at least 1", numSamples);
  }
  const own = checkSeed("random.categorical", seed);
  const type = elementType("random.categorical", dtype);
  return compute("categorical", logits, (given, context) => {
    const x = float(given);
    const [rows, classes] = x.shape;
    if (x.rank !== 2 || rows === undefined || classes === undefined) {
      throw new ShapeError("random.categorical: these are no logits.", {
        subject: "logits",
        expected: "[N, classes]",
        received: formatShape(x.shape),
      });
    }
    // The greatest of likelihoods with Gumbel's noise is drawn by the likelihoods.
    const noise = drawInside(
      context,
      (generator, target) => {
        for (let index = 0; index < target.length; index++) {
          target[index] = -Math.log(-Math.log((generator.bits() + 0.5) * 2 ** -32));
        }
      },
      [rows, numSamples, classes],
      own,
    );
    return cast(argMax(add(unsqueeze(x, [1]), noise), { axis: 2, keepdims: 0 }), type);
  });
}

/** Options of {@link shuffle}. */
export interface ShuffleCallOptions {
  /** Along which axis, in Keras's order; default 0. */
  readonly axis?: number | undefined;
  /** Default: the stream of `setRandomSeed`. */
  readonly seed?: Seed | undefined;
}

/**
 * What lies along an axis, in random order.
 *
 * @throws UsageError for an axis or a seed that is not usable
 * @see https://keras.io/api/random/random_ops/#shuffle-function
 */
export function shuffle<X extends Given>(
  x: X,
  ...options: readonly (number | null | Seed | ShuffleCallOptions)[]
): Answer<X> {
  const { axis, seed } = optionsOf("shuffle", options, { axis: 0, seed: null });
  const own = checkSeed("random.shuffle", seed);
  if (!isWhole(axis, -Infinity)) refuse("random.shuffle", "axis", "a whole number", axis);
  return compute("shuffle", x, (value, context) => {
    const place = normalizeAxis(axis, value.rank, "random.shuffle");
    const order = drawInside(
      context,
      (generator, target) => {
        generator.permutation(target.length).forEach((from, to) => (target[to] = from));
      },
      [value.shape[place] ?? 1],
      own,
    );
    return gather(value, cast(order, "int64"), { axis: place });
  });
}

import { ShapeError } from "../../errors/errors.js";
import { formatShape, normalizeAxis, staticDim } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import { scalarLike } from "../../ops/constants.js";
import * as math from "../../ops/elementwise.js";
import * as index from "../../ops/indexing.js";
import { cast, squeeze, stopGradient, transpose } from "../../ops/layout.js";
import { reduceLogSumExp, reduceMean, reduceSum } from "../../ops/reduction.js";
import { type Answer, type Operand } from "./operand.js";
import { listOperation, operation, type OperationFunction } from "./operation.js";
import { axesOf, axisOf, float, value } from "./rows.js";
import type { ListAnswer } from "./shapes.js";

/* Losses without a mean over the batch, and moments. */

/** Keras's epsilon: shares are kept that far from 0 and 1. */
const epsilon = 1e-7;

/** Options of crossentropies. */
export interface CrossentropyOptions {
  /** Whether the second argument is not a share but a logit; default `false`. */
  readonly fromLogits?: boolean;
  /** Where the classes stand; default -1. */
  readonly axis?: number;
}

/** A crossentropy: of each element, or of each sample. */
export type Crossentropy = <T extends Operand, X extends Operand>(
  target: T,
  output: X,
  fromLogits?: boolean | CrossentropyOptions,
  axis?: number,
) => Answer<T | X>;

function shares(x: Value): Value {
  return math.clip(x, epsilon, 1 - epsilon);
}

function sameShape(target: Value, output: Value): void {
  const fits =
    target.rank === output.rank &&
    target.shape.every((dim, axis) => dim === output.shape[axis] || typeof dim !== typeof output.shape[axis]);
  if (fits) return;
  throw new ShapeError("the shapes of target and output are not the same.", {
    subject: "target",
    expected: formatShape(output.shape),
    received: formatShape(target.shape),
  });
}

/** `−t ln x − (1 − t) ln(1 − x)` of each element. */
export const binaryCrossentropy = operation<Crossentropy>({
  name: "binaryCrossentropy",
  className: "BinaryCrossentropy",
  module: "nn",
  call: ["target", "output"],
  options: { fromLogits: false },
  compute: ([given, scores], { fromLogits }) => {
    const [target, output] = [float(given), float(scores)];
    sameShape(target, output);
    const one = scalarLike(output, 1);
    if (fromLogits === true) {
      const positive = math.max([output, scalarLike(output, 0)]);
      const rest = math.log(math.add(one, math.exp(math.neg(math.abs(output)))));
      return math.add(math.sub(positive, math.mul(output, target)), rest);
    }
    const x = shares(output);
    const hit = math.mul(target, math.log(x));
    const missed = math.mul(math.sub(one, target), math.log(math.sub(one, x)));
    return math.neg(math.add(hit, missed));
  },
});

function logSoftmax(x: Value, axis: number): Value {
  return math.sub(x, reduceLogSumExp(x, [axis], { keepdims: 1 }));
}

/** `−Σ t ln x` over the classes; shares are scaled to sum 1. */
export const categoricalCrossentropy = operation<Crossentropy>({
  name: "categoricalCrossentropy",
  className: "CategoricalCrossentropy",
  module: "nn",
  call: ["target", "output"],
  options: { fromLogits: false, axis: -1 },
  compute: ([given, scores], { fromLogits, axis }) => {
    const [target, output] = [float(given), float(scores)];
    sameShape(target, output);
    const place = normalizeAxis(axisOf("categoricalCrossentropy", axis), output.rank, "categoricalCrossentropy");
    const logs =
      fromLogits === true
        ? logSoftmax(output, place)
        : math.log(shares(math.div(output, reduceSum(output, [place], { keepdims: 1 }))));
    return math.neg(reduceSum(math.mul(target, logs), [place], { keepdims: 0 }));
  },
});

/** `−ln x` of the class whose number the target is. */
export const sparseCategoricalCrossentropy = operation<Crossentropy>({
  name: "sparseCategoricalCrossentropy",
  className: "SparseCategoricalCrossentropy",
  module: "nn",
  call: ["target", "output"],
  options: { fromLogits: false, axis: -1 },
  compute: ([given, scores], { fromLogits, axis }) => {
    const owner = "sparseCategoricalCrossentropy";
    const output = float(scores);
    const place = normalizeAxis(axisOf(owner, axis), output.rank, owner);
    const labels = value(given);
    const target =
      labels.rank === output.rank && labels.shape.at(-1) === 1 ? squeeze(labels, [labels.rank - 1]) : labels;
    if (target.rank !== output.rank - 1) {
      throw new ShapeError("these are no numbers of classes for the output.", {
        subject: "target",
        expected: `as ${formatShape(output.shape)} without the classes`,
        received: formatShape(labels.shape),
      });
    }
    const last = output.rank - 1;
    const order = output.shape.map((_, at) => at).filter((at) => at !== place);
    const turned = place === last ? output : transpose(output, { perm: [...order, place] });
    const classes = staticDim(turned.shape, last, owner);
    const logs = logSoftmax(fromLogits === true ? turned : math.log(shares(turned)), last);
    const hot = stopGradient(index.oneHot(cast(target, "int64"), classes));
    const flags = hot.type === "float32" ? hot : cast(hot, "float32");
    return math.neg(reduceSum(math.mul(flags, logs), [last], { keepdims: 0 }));
  },
});

/** What {@link moments} is. */
export type Moments = <X extends Operand>(
  x: X,
  axes: number | readonly number[] | { readonly axes: number | readonly number[]; readonly keepdims?: boolean },
  keepdims?: boolean,
) => ListAnswer<X>;

/** Mean and variance over axes. */
export const moments = listOperation<Moments>({
  name: "moments",
  className: "Moments",
  module: "nn",
  call: ["x"],
  options: { axes: undefined, keepdims: false, synchronized: false },
  compute: ([given], { axes, keepdims }) => {
    const x = float(given);
    const places = (axesOf("moments", axes) ?? []).map((axis) => normalizeAxis(axis, x.rank, "moments"));
    const centre = reduceMean(x, places, { keepdims: 1 });
    const options = { keepdims: keepdims === true ? 1 : 0 };
    const mean = keepdims === true ? centre : squeeze(centre, places);
    return [mean, reduceMean(math.square(math.sub(x, centre)), places, options)];
  },
});

/** What {@link psnr} is. */
export type PeakSignal = <A extends Operand, B extends Operand>(
  x1: A,
  x2: B,
  maxVal: number | { readonly maxVal: number },
) => Answer<A | B>;

/** The ratio of the greatest possible value to the mean squared distance of two tensors, in decibels. */
export const psnr: OperationFunction<PeakSignal> = operation<PeakSignal>({
  name: "psnr",
  className: "PSNR",
  module: "nn",
  call: ["x1", "x2"],
  options: { maxVal: undefined },
  compute: ([a, b], { maxVal }) => {
    const [x1, x2] = [float(a), float(b)];
    sameShape(x1, x2);
    const error = reduceMean(math.square(math.sub(x1, x2)), undefined, { keepdims: 0 });
    const decibels = 10 / Math.LN10;
    const peak = scalarLike(error, 2 * decibels * Math.log(Number(maxVal)));
    const noise = math.mul(scalarLike(error, decibels), math.log(error));
    return math.sub(peak, noise);
  },
});

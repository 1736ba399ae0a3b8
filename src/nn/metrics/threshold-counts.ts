import { dimProduct } from "../../graph/shape.js";
import { constant, type Value } from "../../graph/value.js";
import { float32 } from "../../onnx/tensor-data.js";
import { relu } from "../../ops/activations.js";
import { equal, greater, greaterOrEqual, not } from "../../ops/comparison.js";
import { scalarLike } from "../../ops/constants.js";
import { ceil, mul, sub } from "../../ops/elementwise.js";
import { reduceSum } from "../../ops/reduction.js";
import { reshapeTo } from "../../ops/reshape.js";
import { asNumber } from "./as-number.js";

/** Numbers of right and wrong predictions at each threshold. */
export type ThresholdCounts = Readonly<Record<"tp" | "fp" | "tn" | "fn", readonly number[]>>;

/** At which thresholds predictions are counted. */
export interface Thresholds {
  /** How many there are, from 0 to 1 at equal distances; or all of them. */
  readonly thresholds: number | readonly number[];
  /** Whether each column is counted by itself. */
  readonly perColumn?: boolean;
  /** Weights of the columns; default 1. */
  readonly columnWeights?: readonly number[] | undefined;
}

/**
 * Writes as a graph how many predictions are right and wrong at thresholds: `tp`, `fp`, `tn`, `fn`, each
 * `[columns, thresholds]`.
 *
 * @param truth 0, or anything else for 1, of the shape of the predictions in Keras's order
 * @param sampleWeight `[N]`
 */
export function countAtThresholds(
  truth: Value,
  prediction: Value,
  sampleWeight: Value,
  { thresholds, perColumn = false, columnWeights }: Thresholds,
): Readonly<Record<keyof ThresholdCounts, Value>> {
  const number = (value: number): Value => scalarLike(prediction, value);
  const [batch = 1, ...others] = prediction.shape;
  const columns = perColumn ? dimProduct(others) : 1;
  const rows = perColumn ? batch : dimProduct(prediction.shape);
  const flat = (x: Value): Value => reshapeTo(x, [rows, columns, 1]);
  const row = (values: readonly number[]): Value => constant(float32(values, [values.length]));
  const passed = (): Value => {
    if (typeof thresholds !== "number") return greater(flat(prediction), row(thresholds));
    // Threshold i lies at i / (places − 1); a prediction passes all up to its place.
    const place = relu(sub(ceil(mul(prediction, number(thresholds - 1))), number(1)));
    return greaterOrEqual(flat(place), row(Array.from({ length: thresholds }, (_, index) => index)));
  };
  const passes = asNumber(passed());
  const samples = reshapeTo(sampleWeight, [batch, ...others.map(() => 1)]);
  const weight = columnWeights === undefined ? samples : mul(samples, row(columnWeights));
  // As in Keras, any label but 0 is one.
  const actual = asNumber(not(equal(truth, number(0))));
  const ones = mul(actual, weight);
  const zeros = mul(sub(number(1), actual), weight);
  const sum = (x: Value, flags: Value): Value => reduceSum(mul(flat(x), flags), [0], { keepdims: 0 });
  const fails = sub(number(1), passes);
  return { tp: sum(ones, passes), fp: sum(zeros, passes), tn: sum(zeros, fails), fn: sum(ones, fails) };
}

/** `a / b`, and 0 where `b` is 0. */
export function ratio(a: number, b: number): number {
  return b === 0 ? 0 : a / b;
}

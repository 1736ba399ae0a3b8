import type { Value } from "../../graph/value.js";
import { equal, or, where } from "../../ops/comparison.js";
import { scalarLike } from "../../ops/constants.js";
import { mul, sub } from "../../ops/elementwise.js";
import { reduceMin } from "../../ops/reduction.js";

/** Labels as −1 and 1: where all labels of the batch are 0 or 1 they are moved there, else they stay. */
export function signedLabels(truth: Value): Value {
  const number = (value: number): Value => scalarLike(truth, value);
  const binary = where(or(equal(truth, number(0)), equal(truth, number(1))), number(1), number(0));
  const all = equal(reduceMin(binary, undefined, { keepdims: 0 }), number(1));
  return where(all, sub(mul(truth, number(2)), number(1)), truth);
}

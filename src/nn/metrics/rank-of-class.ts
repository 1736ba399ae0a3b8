import type { Value } from "../../graph/value.js";
import { greater, where } from "../../ops/comparison.js";
import { scalarLike } from "../../ops/constants.js";
import { reduceSum } from "../../ops/reduction.js";
import { asNumber } from "./as-number.js";

/**
 * How many classes are predicted more strongly than the labelled one: 0 for the first place.
 *
 * @param chosen `[N, …, classes]` bool: where the labelled class is
 * @param prediction of the same shape
 * @returns `[N, …]` float32
 */
export function rankOfClass(chosen: Value, prediction: Value): Value {
  const axis = prediction.rank - 1;
  const own = reduceSum(where(chosen, prediction, scalarLike(prediction, 0)), [axis], { keepdims: 1 });
  return reduceSum(asNumber(greater(prediction, own)), [axis], { keepdims: 0 });
}

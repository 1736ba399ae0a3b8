import type { Value } from "../../graph/value.js";
import { where } from "../../ops/comparison.js";
import { scalar } from "../../ops/constants.js";

/** 1 where a condition holds, 0 elsewhere, float32. */
export function asNumber(condition: Value): Value {
  return where(condition, scalar("float32", 1), scalar("float32", 0));
}

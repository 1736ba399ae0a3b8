import type { Value } from "../graph/value.js";
import { greater } from "../ops/comparison.js";
import { scalar } from "../ops/constants.js";
import { cast } from "../ops/layout.js";

/** Where a mask lets values through: it is truth values, or numbers that are then above 0.5. */
export function notMasked(mask: Value): Value {
  if (mask.type === "bool") return mask;
  return greater(mask.type === "float32" ? mask : cast(mask, "float32"), scalar("float32", 0.5));
}

import { type Value } from "../../graph/value.js";
import { gelu } from "./gelu.js";

/** `gelu` with tanh in place of erf, which TensorFlow.js calls `gelu_new`. */
export function approximateGelu(x: Value): Value {
  return gelu(x, { approximate: true });
}

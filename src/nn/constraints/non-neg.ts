import type { Value } from "../../graph/value.js";
import { relu } from "../../ops/activations.js";
import type { Config } from "../config.js";
import type { Constraint } from "./constraint.js";
import { Named } from "../named.js";

/** No value is negative. @see https://keras.io/api/layers/constraints/ */
export class NonNeg extends Named implements Constraint {
  static readonly className: string = "NonNeg";

  apply(weight: Value): Value {
    return relu(weight);
  }

  getConfig(): Config {
    return {};
  }
}

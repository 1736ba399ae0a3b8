import type { Value } from "../../graph/value.js";
import { relu } from "../../ops/activations.js";
import type { Config } from "../config.js";
import type { Constraint } from "./constraint.js";

/** No value is negative. @see https://keras.io/api/layers/constraints/ */
export class NonNeg implements Constraint {
  readonly className = "NonNeg";

  apply(weight: Value): Value {
    return relu(weight);
  }

  getConfig(): Config {
    return {};
  }
}

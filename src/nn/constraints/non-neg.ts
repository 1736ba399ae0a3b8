import type { Value } from "../../graph/value.js";
import { relu } from "../../ops/activations.js";
import type { Config } from "../config.js";
import { Constraint } from "./constraint.js";

/** No value is negative. @see https://keras.io/api/layers/constraints/ */
export class NonNeg extends Constraint {
  static readonly className: string = "NonNeg";

  override project(weight: Value): Value {
    return relu(weight);
  }

  override getConfig(): Config {
    return {};
  }
}

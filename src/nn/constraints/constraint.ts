import type { Value } from "../../graph/value.js";
import type { Config } from "../config.js";

/** A condition that a weight is brought back to after each training step. */
export interface Constraint {
  /** Keras's class name, such as `"MaxNorm"`. */
  readonly className: string;
  /**
   * Writes the weight that fulfils the condition as a graph.
   *
   * @param weight in Keras's shape
   * @returns of the same shape
   */
  apply(weight: Value): Value;
  /** Keras's configuration, in snake_case. */
  getConfig(): Config;
}

import type { Value } from "../../graph/value.js";
import type { Config } from "../config.js";

/** A penalty on a weight that is added to the loss. */
export interface Regularizer {
  /** Keras's class name, such as `"L2"`. */
  readonly className: string;
  /**
   * Writes the penalty as a graph.
   *
   * @param weight in Keras's shape
   * @returns a scalar
   */
  penalty(weight: Value): Value;
  /** Keras's configuration, in snake_case. */
  getConfig(): Config;
}

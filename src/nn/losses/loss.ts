import type { Value } from "../../graph/value.js";

/** How far predictions are from the truth. */
export abstract class Loss {
  /** Keras's function name, such as `"binary_crossentropy"`. */
  abstract readonly name: string;

  /**
   * Writes the loss of each sample as a graph.
   *
   * @param truth labels as they are fed: float32 of the shape that `flowFromDirectory` or the caller gives
   * @param prediction the model's output: rank 4 is `[N, C, H, W]`
   * @returns `[N]` float32: the mean over all other axes. The step takes the mean of `perSample · sampleWeight` over N.
   */
  abstract perSample(truth: Value, prediction: Value): Value;

  /** Keras's configuration, in snake_case. */
  abstract getConfig(): Record<string, unknown>;
}

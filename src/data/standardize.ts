import type { Value } from "../graph/value.js";

/**
 * A preprocessing function that is part of the graph, such as `applications.vgg16.preprocessInput`.
 *
 * It can be given to {@link ImageDataGenerator} as `preprocessingFunction`.
 */
export interface GraphPreprocessing {
  /** Name of the way of preprocessing, such as `caffe`. */
  readonly mode: string;
  /** Writes it as a graph: `[N, 3, H, W]` float32 RGB in [0, 255] → the same shape. */
  readonly graph: (pixels: Value) => Value;
}

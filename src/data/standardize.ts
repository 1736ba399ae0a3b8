import type { Value } from "../graph/value.js";
import type { Standardization } from "../models/batch-source.js";

/**
 * A preprocessing function that is part of the graph, such as `applications.vgg16.preprocessInput`: it can be given to
 * `ImageDataGenerator` as `preprocessingFunction`.
 */
export interface GraphPreprocessing {
  /** What it does. */
  readonly standardization: Standardization;
  /** Writes it as a graph: `[N, 3, H, W]` float32 RGB in [0, 255] → the same shape. */
  readonly graph: (pixels: Value) => Value;
}

const untouched: Standardization = { bgr: false, scale: [1, 1, 1], offset: [0, 0, 0] };

/** A preprocessing followed by a factor for all values, as one. */
export function rescaled({ standardization }: Partial<GraphPreprocessing>, factor = 1): Standardization {
  const { bgr, scale, offset } = standardization ?? untouched;
  return { bgr, scale: scale.map((value) => value * factor), offset: offset.map((value) => value * factor) };
}

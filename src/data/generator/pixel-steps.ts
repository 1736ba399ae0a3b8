import type { Value } from "../../graph/value.js";
import type { Standardization } from "../../models/sources/batch-source.js";
import type { AffineOptions } from "../augment/affine-parameters.js";
import type { Augmentation } from "../augment/augmentation.js";
import type { HostPreprocessing } from "./host-preprocessing.js";
import { rescaled } from "./standardize.js";

/** Augmentation of samples: what the graph does, and the ranges that its parameters are drawn from. */
export interface DrawnAugmentation {
  readonly kind: Augmentation;
  readonly ranges: AffineOptions;
}

/** What is done to pixels on their way into a network, as far as it is asked for. */
export interface PixelSteps {
  /** Default: none, a sample is the same each time it comes. */
  readonly augmentation?: DrawnAugmentation | undefined;
  /** A function that is called for each augmented photo; default none. */
  readonly hostPreprocessing?: HostPreprocessing | undefined;
  /** Writes what comes last: `[N, C, H, W]` float32 → the same shape. */
  readonly standardize: (pixels: Value) => Value;
  /** Identities of the statistics that `standardize` uses: where one changes, graphs must be made again. */
  readonly fitted: () => readonly unknown[];
  /** What is done after augmentation, where that is a factor and a summand for each channel of colour photos. */
  readonly standardization: Standardization | undefined;
  /** Element type of the arrays that people iterate over; networks compute in float32. */
  readonly dtype: "float32" | "float64";
}

/** Nothing is done to pixels. */
export const pixelsAsRead: PixelSteps = {
  standardize: (pixels) => pixels,
  fitted: () => [],
  standardization: rescaled({}),
  dtype: "float32",
};

import { dimAt } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { less, where } from "../../../ops/comparison.js";
import { scalarLike } from "../../../ops/constants.js";
import { sub } from "../../../ops/elementwise.js";
import type { Config } from "../../config.js";
import { BaseImagePreprocessing, type Draws, perImage } from "./base-image-preprocessing.js";
import { type Bounds, type Factor, factorBounds, twoNumbers } from "./factors.js";
import type { RandomColourOptions } from "./random-contrast.js";
import { byName, type ByPosition } from "../../named.js";

/** Options of {@link RandomInvert}. */
export interface RandomInvertOptions extends RandomColourOptions {
  /** Probability, in [0, 1], or the bounds between which it is drawn; one number is the upper bound. Default 1. */
  readonly factor?: Factor;
}

/**
 * Training: inverts the colours of pictures, each with a random probability. Inference: `x`.
 *
 * @see https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_invert/
 */
export class RandomInvert extends BaseImagePreprocessing<Value> {
  static readonly className: string = "RandomInvert";
  static readonly positional: readonly string[] = ["factor"];
  static readonly following: readonly string[] = ["valueRange", "seed", "dataFormat"];
  static override readonly options: readonly string[] = ["valueRange"] satisfies readonly (keyof RandomInvertOptions)[];
  private readonly factor: Bounds;
  private readonly valueRange: Bounds;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<RandomInvertOptions, ["factor", "valueRange", "seed", "dataFormat"]>);
  /**
   * @param factor the probability, or all options; default 1
   * @throws UsageError when an option is not usable
   */
  constructor(factor?: Factor | RandomInvertOptions, options?: RandomInvertOptions);
  constructor(...parts: readonly unknown[]) {
    const given = byName<RandomInvertOptions>(RandomInvert, parts);
    super(given);
    this.factor = factorBounds("RandomInvert", "factor", given.factor ?? 1, { low: 0, high: 1 });
    this.valueRange = twoNumbers("RandomInvert", "valueRange", given.valueRange ?? [0, 255]);
  }

  drawTransformation(images: Value, draws: Draws): Value {
    const batch = dimAt(images.shape, 0);
    const probability = draws.uniform([batch], ...this.factor);
    return less(draws.uniform([batch]), probability);
  }

  transformImages(images: Value, applied: Value): Value {
    return where(perImage(applied), sub(scalarLike(images, this.valueRange[1]), images), images);
  }

  getConfig(): Config {
    return { ...this.baseConfig(), factor: this.factor, value_range: this.valueRange, seed: this.seed ?? null };
  }
}

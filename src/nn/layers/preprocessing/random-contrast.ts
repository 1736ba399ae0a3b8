import { dimAt } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { add, clip, mul, sub } from "../../../ops/elementwise.js";
import { reduceMean } from "../../../ops/reduction.js";
import type { Config } from "../../config.js";
import { BaseImagePreprocessing, type Draws, type RandomImageOptions } from "./base-image-preprocessing.js";
import { type Bounds, type Factor, factorBounds, twoNumbers } from "./factors.js";
import { byName, type ByPosition } from "../../named.js";

/** Options of layers that change colours. */
export interface RandomColourOptions extends RandomImageOptions {
  /** Least and greatest value of pixels; default `[0, 255]`. */
  readonly valueRange?: Bounds;
}

/** Options that may follow by position, in Keras's order. */
const following = ["valueRange", "seed"] as const;

/**
 * Training: brings the pixels of each channel of each picture nearer to their mean, or further from it, by a random
 * factor. Inference: `x`.
 *
 * @see https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_contrast/
 */
export class RandomContrast extends BaseImagePreprocessing<Value> {
  static readonly className: string = "RandomContrast";
  static readonly positional: readonly string[] = ["factor"];
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = ["valueRange"] satisfies readonly (keyof RandomColourOptions)[];
  private readonly factor: Bounds;
  private readonly valueRange: Bounds;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<RandomColourOptions & { readonly factor: Factor }, typeof following, ["factor"]>);
  /**
   * @param factor from `1 − lower` to `1 + upper` the contrast is multiplied by: `[lower, upper]`, or one number in [0, 1] for the
   * upper one
   * @throws UsageError when an option is not usable
   */
  constructor(factor: Factor, options?: RandomColourOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: RandomColourOptions & { readonly factor: Factor });
  constructor(...given: readonly unknown[]) {
    const { factor, ...options } = byName<RandomColourOptions & { readonly factor: Factor }>(RandomContrast, given);
    super(options);
    this.factor = factorBounds("RandomContrast", "factor", factor, { low: 0, high: 1 });
    this.valueRange = twoNumbers("RandomContrast", "valueRange", options.valueRange ?? [0, 255]);
  }

  drawTransformation(images: Value, draws: Draws): Value {
    return draws.uniform([dimAt(images.shape, 0), 1, 1, 1], 1 - this.factor[0], 1 + this.factor[1]);
  }

  transformImages(images: Value, factor: Value): Value {
    const mean = reduceMean(images, [2, 3], { keepdims: 1 });
    return clip(add(mul(sub(images, mean), factor), mean), ...this.valueRange);
  }

  getConfig(): Config {
    return { ...this.baseConfig(), factor: this.factor, value_range: this.valueRange, seed: this.seed ?? null };
  }
}

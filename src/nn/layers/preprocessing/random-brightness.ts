import { dimAt } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { scalarLike } from "../../../ops/constants.js";
import { add, clip, mul } from "../../../ops/elementwise.js";
import type { Config } from "../../config.js";
import { BaseImagePreprocessing, type Draws } from "./base-image-preprocessing.js";
import { type Bounds, type Factor, factorBounds, sortedRange } from "./factors.js";
import type { RandomColourOptions } from "./random-contrast.js";
import { byName, type ByPosition } from "../../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["valueRange", "seed"] as const;

/**
 * Training: makes each picture darker or brighter by a random amount. Inference: `x`.
 *
 * @see https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_brightness/
 */
export class RandomBrightness extends BaseImagePreprocessing<Value> {
  static readonly className: string = "RandomBrightness";
  static readonly positional: readonly string[] = ["factor"];
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = ["valueRange"] satisfies readonly (keyof RandomColourOptions)[];
  private readonly factor: Bounds;
  private readonly valueRange: Bounds;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<RandomColourOptions & { readonly factor: Factor }, typeof following, ["factor"]>);
  /**
   * @param factor what is added, as a part of the range of values, in [-1, 1]: one number for both directions, or the bounds
   * @throws UsageError when an option is not usable
   */
  constructor(factor: Factor, options?: RandomColourOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: RandomColourOptions & { readonly factor: Factor });
  constructor(...given: readonly unknown[]) {
    const { factor, ...options } = byName<RandomColourOptions & { readonly factor: Factor }>(RandomBrightness, given);
    super(options);
    this.factor = factorBounds("RandomBrightness", "factor", factor, { low: -1, high: 1 });
    this.valueRange = sortedRange("RandomBrightness", "valueRange", options.valueRange ?? [0, 255]);
  }

  drawTransformation(images: Value, draws: Draws): Value {
    const part = draws.uniform([dimAt(images.shape, 0), 1, 1, 1], ...this.factor);
    return mul(part, scalarLike(part, this.valueRange[1] - this.valueRange[0]));
  }

  transformImages(images: Value, added: Value): Value {
    return clip(add(images, added), ...this.valueRange);
  }

  getConfig(): Config {
    return { ...this.baseConfig(), factor: this.factor, value_range: this.valueRange, seed: this.seed ?? null };
  }
}

import { dimAt } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { add, clip, mul, sub } from "../../../ops/elementwise.js";
import type { Config } from "../../config.js";
import { BaseImagePreprocessing, type Draws } from "./base-image-preprocessing.js";
import { toGrayscale } from "./colours.js";
import { type Bounds, type Factor, factorBounds, sortedRange } from "./factors.js";
import type { RandomColourOptions } from "./random-contrast.js";
import { byName, type ByPosition } from "../../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["valueRange", "dataFormat", "seed"] as const;

/**
 * Training: takes a random part of its colours from each picture. Inference: `x`.
 *
 * @see https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_color_degeneration/
 */
export class RandomColorDegeneration extends BaseImagePreprocessing<Value> {
  static readonly className: string = "RandomColorDegeneration";
  static readonly positional: readonly string[] = ["factor"];
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = ["valueRange"] satisfies readonly (keyof RandomColourOptions)[];
  private readonly factor: Bounds;
  private readonly valueRange: Bounds;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<RandomColourOptions & { readonly factor: Factor }, typeof following, ["factor"]>);
  /**
   * @param factor from 0, all colours, to 1, grey; the bounds, or one number for both directions
   * @throws UsageError when an option is not usable
   */
  constructor(factor: Factor, options?: RandomColourOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: RandomColourOptions & { readonly factor: Factor });
  constructor(...given: readonly unknown[]) {
    const { factor, ...options } = byName<RandomColourOptions & { readonly factor: Factor }>(
      RandomColorDegeneration,
      given,
    );
    super(options);
    this.factor = factorBounds("RandomColorDegeneration", "factor", factor, { low: -1, high: 1 });
    this.valueRange = sortedRange("RandomColorDegeneration", "valueRange", options.valueRange ?? [0, 255]);
  }

  drawTransformation(images: Value, draws: Draws): Value {
    return draws.uniform([dimAt(images.shape, 0), 1, 1, 1], ...this.factor);
  }

  transformImages(images: Value, factor: Value): Value {
    const grey = toGrayscale(images, "RandomColorDegeneration");
    return clip(add(images, mul(factor, sub(grey, images))), ...this.valueRange);
  }

  getConfig(): Config {
    return { ...this.baseConfig(), factor: this.factor, value_range: this.valueRange, seed: this.seed ?? null };
  }
}

import { dimAt } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { scalarLike } from "../../../ops/constants.js";
import { add, clip, div, mul, sub } from "../../../ops/elementwise.js";
import type { Config } from "../../config.js";
import { BaseImagePreprocessing, type Draws, perImage } from "./base-image-preprocessing.js";
import { fromHsv, toHsv } from "./colours.js";
import { type Bounds, type Factor, factorBounds, sortedRange } from "./factors.js";
import type { RandomColourOptions } from "./random-contrast.js";
import { byName, type ByPosition } from "../../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["valueRange", "dataFormat", "seed"] as const;

/**
 * Training: multiplies the saturation of each picture by `f / (1 − f)`, with f drawn. Inference: `x`.
 *
 * @see https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_saturation/
 */
export class RandomSaturation extends BaseImagePreprocessing<Value> {
  static readonly className: string = "RandomSaturation";
  static readonly positional: readonly string[] = ["factor"];
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = ["valueRange"] satisfies readonly (keyof RandomColourOptions)[];
  private readonly factor: Bounds;
  private readonly valueRange: Bounds;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<RandomColourOptions & { readonly factor: Factor }, typeof following, ["factor"]>);
  /**
   * @param factor 0.5 leaves pictures as they are, 0 makes them grey, 1 saturates them; the bounds, or one number for both
   * directions (negative ones make grey, too)
   * @throws UsageError when an option is not usable
   */
  constructor(factor: Factor, options?: RandomColourOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: RandomColourOptions & { readonly factor: Factor });
  constructor(...given: readonly unknown[]) {
    const { factor, ...options } = byName<RandomColourOptions & { readonly factor: Factor }>(RandomSaturation, given);
    super(options);
    this.factor = factorBounds("RandomSaturation", "factor", factor, { low: -1, high: 1 });
    this.valueRange = sortedRange("RandomSaturation", "valueRange", options.valueRange ?? [0, 255]);
  }

  drawTransformation(images: Value, draws: Draws): Value {
    const factor = draws.uniform([dimAt(images.shape, 0)], ...this.factor);
    return div(factor, add(sub(scalarLike(factor, 1), factor), scalarLike(factor, 1e-7)));
  }

  transformImages(images: Value, factor: Value): Value {
    const { hue, saturation, value } = toHsv(images, "RandomSaturation");
    return fromHsv({ hue, saturation: clip(mul(saturation, perImage(factor)), ...this.valueRange), value });
  }

  getConfig(): Config {
    return { ...this.baseConfig(), factor: this.factor, value_range: this.valueRange, seed: this.seed ?? null };
  }
}

import { refuse } from "../../../errors/check.js";
import { dimAt } from "../../../graph/shape.js";
import { constant, type Value } from "../../../graph/value.js";
import { float32 } from "../../../onnx/tensor-data.js";
import { scalarLike } from "../../../ops/constants.js";
import { div, floor, min, mul } from "../../../ops/elementwise.js";
import { gather } from "../../../ops/indexing.js";
import { cast } from "../../../ops/layout.js";
import type { Config } from "../../config.js";
import { BaseImagePreprocessing, type Draws, perImage } from "./base-image-preprocessing.js";
import { changeRange } from "./colours.js";
import { type Bounds, type Factor, factorBounds, sortedRange } from "./factors.js";
import type { RandomColourOptions } from "./random-contrast.js";
import { byName, type ByPosition } from "../../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["valueRange", "dataFormat", "seed"] as const;

/**
 * Training: leaves a random number of bits of the values of each picture. Inference: `x`.
 *
 * @see https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_posterization/
 */
export class RandomPosterization extends BaseImagePreprocessing<Value | undefined> {
  static readonly className: string = "RandomPosterization";
  static readonly positional: readonly string[] = ["factor"];
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = ["valueRange"] satisfies readonly (keyof RandomColourOptions)[];
  private readonly factor: Bounds;
  private readonly valueRange: Bounds;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<RandomColourOptions & { readonly factor: Factor }, typeof following, ["factor"]>);
  /**
   * @param factor how many bits are left, whole numbers in [1, 8]: the least and one more than the most, or one number for
   * the latter; equal ones are this number of bits
   * @throws UsageError when an option is not usable
   */
  constructor(factor: Factor, options?: RandomColourOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: RandomColourOptions & { readonly factor: Factor });
  constructor(...given: readonly unknown[]) {
    const { factor, ...options } = byName<RandomColourOptions & { readonly factor: Factor }>(
      RandomPosterization,
      given,
    );
    super(options);
    this.factor = factorBounds("RandomPosterization", "factor", factor, { low: 1, high: 8, strict: true });
    this.valueRange = sortedRange("RandomPosterization", "valueRange", options.valueRange ?? [0, 255]);
    if (!this.factor.every(Number.isInteger)) {
      refuse("RandomPosterization", "factor", "whole numbers of bits", factor);
    }
  }

  drawTransformation(images: Value, draws: Draws): Value | undefined {
    const [least, end] = this.factor;
    if (least === end) return undefined;
    const bits = floor(draws.uniform([dimAt(images.shape, 0)], least, end));
    return min([bits, scalarLike(bits, end - 1)]);
  }

  transformImages(images: Value, bits: Value | undefined): Value {
    const full: Bounds = [0, 255];
    const levels = floor(changeRange(images, this.valueRange, full));
    // The distance of the levels that are left, by the number of bits.
    const distances = constant(float32([256, 128, 64, 32, 16, 8, 4, 2, 1], [9]));
    const distance =
      bits === undefined
        ? scalarLike(images, 2 ** (8 - this.factor[0]))
        : perImage(gather(distances, cast(bits, "int64"), { axis: 0 }));
    return changeRange(mul(floor(div(levels, distance)), distance), full, this.valueRange);
  }

  getConfig(): Config {
    return { ...this.baseConfig(), factor: this.factor, value_range: this.valueRange, seed: this.seed ?? null };
  }
}

import { dimAt, staticDim } from "../../../graph/shape.js";
import { constant, type Value } from "../../../graph/value.js";
import { float32 } from "../../../onnx/tensor-data.js";
import { scalarLike } from "../../../ops/constants.js";
import { conv } from "../../../ops/convolution.js";
import { add, clip, mul, sub } from "../../../ops/elementwise.js";
import type { Config } from "../../config.js";
import { BaseImagePreprocessing, type Draws, perImage } from "./base-image-preprocessing.js";
import { type Bounds, type Factor, factorBounds, sortedRange } from "./factors.js";
import type { RandomColourOptions } from "./random-contrast.js";
import { byName, type ByPosition } from "../../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["valueRange", "dataFormat", "seed"] as const;

/**
 * Training: makes each picture smoother or sharper at random. Inference: `x`.
 *
 * @see https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_sharpness/
 */
export class RandomSharpness extends BaseImagePreprocessing<Value> {
  static readonly className: string = "RandomSharpness";
  static readonly positional: readonly string[] = ["factor"];
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = ["valueRange"] satisfies readonly (keyof RandomColourOptions)[];
  private readonly factor: Bounds;
  private readonly valueRange: Bounds;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<RandomColourOptions & { readonly factor: Factor }, typeof following, ["factor"]>);
  /**
   * @param factor 0.5 leaves pictures as they are, 0 smoothes them, 1 sharpens them; the bounds, or the upper one
   * @throws UsageError when an option is not usable
   */
  constructor(factor: Factor, options?: RandomColourOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: RandomColourOptions & { readonly factor: Factor });
  constructor(...given: readonly unknown[]) {
    const { factor, ...options } = byName<RandomColourOptions & { readonly factor: Factor }>(RandomSharpness, given);
    super(options);
    this.factor = factorBounds("RandomSharpness", "factor", factor, { low: 0, high: 1 });
    this.valueRange = sortedRange("RandomSharpness", "valueRange", options.valueRange ?? [0, 255]);
  }

  drawTransformation(images: Value, draws: Draws): Value {
    return draws.uniform([dimAt(images.shape, 0)], ...this.factor);
  }

  transformImages(images: Value, factor: Value): Value {
    const channels = staticDim(images.shape, 1, this.className);
    const kernel = Float32Array.from({ length: 9 * channels }, (_, index) => (index % 9 === 4 ? 5 / 13 : 1 / 13));
    const smooth = conv(images, constant(float32(kernel, [channels, 1, 3, 3])), undefined, {
      group: channels,
      kernel_shape: [3, 3],
      pads: [1, 1, 1, 1],
    });
    const sharpness = perImage(mul(factor, scalarLike(factor, 2)));
    const part = mul(sub(scalarLike(sharpness, 1), sharpness), sub(smooth, images));
    return clip(add(images, part), ...this.valueRange);
  }

  getConfig(): Config {
    return { ...this.baseConfig(), factor: this.factor, value_range: this.valueRange, seed: this.seed ?? null };
  }
}

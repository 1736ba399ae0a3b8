import { dimAt } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { reshapeTo } from "../../../ops/reshape.js";
import type { Config } from "../../config.js";
import type { Draws } from "./base-image-preprocessing.js";
import { BaseRandomTransform, type RandomTransformOptions } from "./base-random-transform.js";
import { type Bounds, type Factor, factorBounds } from "./factors.js";
import { projectiveTransform, rotationAbout } from "./transform-images.js";
import { byName, type ByPosition } from "../../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["fillMode", "interpolation", "seed", "fillValue", "dataFormat"] as const;

/**
 * Training: turns each picture about its middle by a random angle. Inference: `x`.
 *
 * @see https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_rotation/
 */
export class RandomRotation extends BaseRandomTransform<Value> {
  static readonly className: string = "RandomRotation";
  static readonly positional: readonly string[] = ["factor"];
  static readonly following: readonly string[] = following;
  private readonly factor: Bounds;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<RandomTransformOptions & { readonly factor: Factor }, typeof following, ["factor"]>);
  /**
   * @param factor the angle as a part of a full turn, in [-1, 1]: one number for both directions, or the bounds; positive
   * ones turn against the clock
   * @throws UsageError when an option is not usable
   */
  constructor(factor: Factor, options?: RandomTransformOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: RandomTransformOptions & { readonly factor: Factor });
  constructor(...given: readonly unknown[]) {
    const { factor, ...options } = byName<RandomTransformOptions & { readonly factor: Factor }>(RandomRotation, given);
    super(options);
    this.factor = factorBounds("RandomRotation", "factor", factor, { low: -1, high: 1 });
  }

  drawTransformation(images: Value, draws: Draws): Value {
    return draws.uniform([dimAt(images.shape, 0)], this.factor[0] * 360, this.factor[1] * 360);
  }

  transformImages(images: Value, angles: Value): Value {
    const { height, width } = this.sizeOf(images);
    const angle = reshapeTo(angles, [dimAt(images.shape, 0), 1]);
    return projectiveTransform(images, angle, rotationAbout(angle, height, width), this.transformOptions);
  }

  getConfig(): Config {
    return { ...this.baseConfig(), factor: this.factor };
  }
}

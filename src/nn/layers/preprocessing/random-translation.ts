import { byName, type ByPosition } from "../../named.js";
import { dimAt } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { scalarLike } from "../../../ops/constants.js";
import { mul, neg } from "../../../ops/elementwise.js";
import type { Config } from "../../config.js";
import type { Draws } from "./base-image-preprocessing.js";
import { BaseRandomTransform, type RandomTransformOptions } from "./base-random-transform.js";
import { bothWays, type Bounds, type Factor, factorBounds } from "./factors.js";
import { projectiveTransform } from "./transform-images.js";

/** How far pictures are moved, in pixels, each `[N, 1]`. */
interface Translation {
  readonly down: Value;
  readonly right: Value;
}

/** Options that may follow by position, in Keras's order. */
const following = ["fillMode", "interpolation", "seed", "fillValue", "dataFormat"] as const;

/**
 * Training: moves each picture by a random distance. Inference: `x`.
 *
 * @see https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_translation/
 */
export class RandomTranslation extends BaseRandomTransform<Translation> {
  static readonly className: string = "RandomTranslation";
  static readonly positional: readonly string[] = ["heightFactor", "widthFactor"];
  static readonly following: readonly string[] = following;
  private readonly heightFactor: Factor;
  private readonly widthFactor: Factor;
  private readonly heightBounds: Bounds;
  private readonly widthBounds: Bounds;

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<
      RandomTransformOptions & { readonly heightFactor: Factor; readonly widthFactor: Factor },
      typeof following,
      ["heightFactor", "widthFactor"]
    >
  );
  /**
   * @param heightFactor how far down, as a part of the height, in [-1, 1]: one number for both directions, or the bounds
   * @param widthFactor how far right, as a part of the width, in the same way
   * @throws UsageError when an option is not usable
   */
  constructor(heightFactor: Factor, widthFactor: Factor, options?: RandomTransformOptions);
  /** In Keras's order, as many by position as one likes. */
  constructor(heightFactor: Factor, options: RandomTransformOptions & { readonly widthFactor: Factor });
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: RandomTransformOptions & { readonly heightFactor: Factor; readonly widthFactor: Factor });
  constructor(...given: readonly unknown[]) {
    const { heightFactor, widthFactor, ...options } = byName<
      RandomTransformOptions & { readonly heightFactor: Factor; readonly widthFactor: Factor }
    >(RandomTranslation, given);
    super(options);
    this.heightFactor = heightFactor;
    this.widthFactor = widthFactor;
    const bounds = (name: string, factor: Factor): Bounds =>
      factorBounds("RandomTranslation", name, factor, { low: -1, high: 1, strict: true, single: bothWays });
    this.heightBounds = bounds("heightFactor", heightFactor);
    this.widthBounds = bounds("widthFactor", widthFactor);
  }

  drawTransformation(images: Value, draws: Draws): Translation {
    const { height, width } = this.sizeOf(images);
    const shape = [dimAt(images.shape, 0), 1];
    const down = draws.uniform(shape, ...this.heightBounds);
    const right = draws.uniform(shape, ...this.widthBounds);
    return { down: mul(down, scalarLike(down, height)), right: mul(right, scalarLike(right, width)) };
  }

  transformImages(images: Value, { down, right }: Translation): Value {
    return projectiveTransform(images, down, [1, 0, neg(right), 0, 1, neg(down)], this.transformOptions);
  }

  getConfig(): Config {
    return { ...this.baseConfig(), height_factor: this.heightFactor, width_factor: this.widthFactor };
  }
}

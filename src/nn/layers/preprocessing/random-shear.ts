import { dimAt } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { greater, where } from "../../../ops/comparison.js";
import { scalarLike } from "../../../ops/constants.js";
import { mul } from "../../../ops/elementwise.js";
import type { Config } from "../../config.js";
import type { Draws } from "./base-image-preprocessing.js";
import { BaseRandomTransform, type RandomTransformOptions } from "./base-random-transform.js";
import { bothWays, type Bounds, type Factor, factorBounds } from "./factors.js";
import { projectiveTransform } from "./transform-images.js";
import { type ByPosition, byName } from "../../named.js";

/** Options of {@link RandomShear}. */
export interface RandomShearOptions extends RandomTransformOptions {
  /** How far rows are moved, in pixels for each row, in [0, 1]: one number for both directions, or the bounds; default 0. */
  readonly xFactor?: Factor;
  /** How far columns are moved, in the same way; default 0. */
  readonly yFactor?: Factor;
}

/** How far rows and columns are moved, each `[N, 1]`. */
interface Shear {
  readonly x: Value;
  readonly y: Value;
}

/** Options that may follow by position, in Keras's order. */
const following = ["xFactor", "yFactor", "interpolation", "fillMode", "fillValue", "dataFormat", "seed"] as const;

/**
 * Training: shears each picture at random, beginning at its upper left corner. Inference: `x`.
 *
 * @see https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_shear/
 */
export class RandomShear extends BaseRandomTransform<Shear> {
  static readonly className: string = "RandomShear";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = [
    "xFactor",
    "yFactor",
  ] satisfies readonly (keyof RandomShearOptions)[];
  private readonly xFactor: Bounds;
  private readonly yFactor: Bounds;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<RandomShearOptions, typeof following>);
  /** @throws UsageError when an option is not usable */
  constructor(options?: RandomShearOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<RandomShearOptions>(RandomShear, given);
    super(options);
    // From a file it may be what one number stood for, which goes below 0.
    const bounds = (name: string, factor: Factor): Bounds =>
      Array.isArray(factor) && factor[0] === -factor[1]
        ? bounds(name, factor[1] as number)
        : factorBounds("RandomShear", name, factor, { low: 0, high: 1, strict: true, single: bothWays });
    this.xFactor = bounds("xFactor", options.xFactor ?? 0);
    this.yFactor = bounds("yFactor", options.yFactor ?? 0);
  }

  drawTransformation(images: Value, draws: Draws): Shear {
    const shape = [dimAt(images.shape, 0), 1];
    const drawn = draws.uniform(shape);
    const inverted = greater(drawn, scalarLike(drawn, 0.5));
    const direction = where(inverted, scalarLike(drawn, -1), scalarLike(drawn, 1));
    const y = mul(draws.uniform(shape, ...this.yFactor), direction);
    return { x: mul(draws.uniform(shape, ...this.xFactor), direction), y };
  }

  transformImages(images: Value, { x, y }: Shear): Value {
    return projectiveTransform(images, x, [1, x, 0, y, 1, 0], this.transformOptions);
  }

  getConfig(): Config {
    // Keras writes the bounds that one number stands for, and cannot read them.
    const readable = ([low, high]: Bounds): Factor => (low === -high ? high : [low, high]);
    return { ...this.baseConfig(), x_factor: readable(this.xFactor), y_factor: readable(this.yFactor) };
  }
}

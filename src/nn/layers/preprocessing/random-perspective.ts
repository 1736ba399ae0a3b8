import { dimAt, staticDim } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { less, where } from "../../../ops/comparison.js";
import { scalarLike } from "../../../ops/constants.js";
import { add, div, mul, neg, sub } from "../../../ops/elementwise.js";
import { slice } from "../../../ops/slicing.js";
import { reshapeTo } from "../../../ops/reshape.js";
import { numberWithin, oneOf, type Word } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import { BaseImagePreprocessing, type Draws, perImage, type RandomImageOptions } from "./base-image-preprocessing.js";
import { type Bounds, type Factor, factorBounds } from "./factors.js";
import { type ImageInterpolation, imageInterpolations, projectiveTransform } from "./transform-images.js";
import { byName, type ByPosition } from "../../named.js";

/** Options of {@link RandomPerspective}. */
export interface RandomPerspectiveOptions extends RandomImageOptions {
  /** Probability, in [0, 1], or the bounds between which it is drawn; one number is the upper bound. Default 1. */
  readonly factor?: Factor;
  /** How far corners are moved, in [0, 1]; default 1. */
  readonly scale?: number;
  /** Default `"bilinear"`. */
  readonly interpolation?: Word<ImageInterpolation>;
  /** The value beyond the edges; default 0. */
  readonly fillValue?: number;
}

/** Which pictures are changed, `[N]`, and how far their corners are moved, as a part of the distance, `[N, 4, 2]`. */
interface Perspective {
  readonly applied: Value;
  readonly corners: Value;
}

/**
 * Training: shows pictures, each with a random probability, as if from another place. Inference: `x`.
 *
 * @see https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_perspective/
 */
export class RandomPerspective extends BaseImagePreprocessing<Perspective> {
  static readonly className: string = "RandomPerspective";
  static readonly positional: readonly string[] = ["factor"];
  static readonly following: readonly string[] = ["scale", "interpolation", "fillValue", "seed", "dataFormat"];
  static override readonly options: readonly string[] = [
    "scale",
    "interpolation",
    "fillValue",
  ] satisfies readonly (keyof RandomPerspectiveOptions)[];
  private readonly factor: Bounds;
  private readonly scale: number;
  private readonly interpolation: ImageInterpolation;
  private readonly fillValue: number;

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<
      RandomPerspectiveOptions,
      ["factor", "scale", "interpolation", "fillValue", "seed", "dataFormat"]
    >
  );
  /**
   * @param factor the probability, or all options; default 1
   * @throws UsageError when an option is not usable
   */
  constructor(factor?: Factor | RandomPerspectiveOptions, options?: RandomPerspectiveOptions);
  constructor(...parts: readonly unknown[]) {
    const given = byName<RandomPerspectiveOptions>(RandomPerspective, parts);
    super(given);
    const owner = "RandomPerspective";
    this.factor = factorBounds(owner, "factor", given.factor ?? 1, { low: 0, high: 1 });
    this.scale = numberWithin(owner, "scale", given.scale ?? 1, 0, 1);
    this.interpolation = oneOf(owner, "interpolation", given.interpolation ?? "bilinear", imageInterpolations);
    this.fillValue = numberWithin(owner, "fillValue", given.fillValue ?? 0);
  }

  drawTransformation(images: Value, draws: Draws): Perspective {
    const batch = dimAt(images.shape, 0);
    const probability = draws.uniform([batch], ...this.factor);
    const applied = less(draws.uniform([batch]), probability);
    return { applied, corners: draws.uniform([batch, 4, 2], -0.5 * this.scale, 0.5 * this.scale) };
  }

  transformImages(images: Value, { applied, corners }: Perspective): Value {
    const batch = dimAt(images.shape, 0);
    const [right, bottom] = [
      staticDim(images.shape, 3, this.className) - 1,
      staticDim(images.shape, 2, this.className) - 1,
    ];
    const moved = (corner: number, axis: number): Value => {
      const part = slice(corners, { starts: [corner, axis], ends: [corner + 1, axis + 1], axes: [1, 2] });
      const factor = reshapeTo(part, [batch, 1]);
      return mul(add(factor, scalarLike(factor, 1)), scalarLike(factor, axis === 0 ? right : bottom));
    };
    // The upper left corner stays at 0; the other coordinates at the edges through it stay there, too.
    const [x1, x3, y2, y3] = [moved(1, 0), moved(3, 0), moved(2, 1), moved(3, 1)];
    // From the unit square to the corners, after Heckbert; then the reverse, scaled to the picture.
    const [dx1, dx2, sx] = [sub(x1, x3), neg(x3), sub(x3, x1)];
    const [dy1, dy2, sy] = [neg(y3), sub(y2, y3), sub(y3, y2)];
    const determinant = sub(mul(dx1, dy2), mul(dx2, dy1));
    const g = div(sub(mul(sx, dy2), mul(dx2, sy)), determinant);
    const h = div(sub(mul(dx1, sy), mul(sx, dy1)), determinant);
    const a = add(x1, mul(g, x1));
    const e = add(y2, mul(h, y2));
    const transformed = projectiveTransform(
      images,
      x1,
      [div(scalarLike(a, right), a), 0, 0, 0, div(scalarLike(e, bottom), e), 0, neg(div(g, a)), neg(div(h, e))],
      { interpolation: this.interpolation, fillMode: "constant", fillValue: this.fillValue },
    );
    return where(perImage(applied), transformed, images);
  }

  getConfig(): Config {
    return {
      ...this.baseConfig(),
      factor: this.factor,
      scale: this.scale,
      interpolation: this.interpolation,
      fill_value: this.fillValue,
      seed: this.seed ?? null,
    };
  }
}

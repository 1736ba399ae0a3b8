import { byName, type ByPosition } from "../../named.js";
import { dimAt } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { scalarLike } from "../../../ops/constants.js";
import { mul, sub } from "../../../ops/elementwise.js";
import type { Config } from "../../config.js";
import type { Draws } from "./base-image-preprocessing.js";
import { BaseRandomTransform, type RandomTransformOptions } from "./base-random-transform.js";
import { bothWays, type Bounds, type Factor, factorBounds } from "./factors.js";
import { projectiveTransform } from "./transform-images.js";

/** Options of {@link RandomZoom}. */
export interface RandomZoomOptions extends RandomTransformOptions {
  /** As `heightFactor`, for the width; default: the same number for both, so that proportions stay. */
  readonly widthFactor?: Factor | undefined;
}

/** What part of a picture is seen, each `[N, 1]`. */
interface Zoom {
  readonly height: Value;
  readonly width: Value;
}

/** Options that may follow by position, in Keras's order. */
const following = ["widthFactor", "fillMode", "interpolation", "seed", "fillValue", "dataFormat"] as const;

/**
 * Training: zooms into or out of each picture at random. Inference: `x`.
 *
 * @see https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_zoom/
 */
export class RandomZoom extends BaseRandomTransform<Zoom> {
  static readonly className: string = "RandomZoom";
  static readonly positional: readonly string[] = ["heightFactor"];
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = ["widthFactor"] satisfies readonly (keyof RandomZoomOptions)[];
  private readonly heightFactor: Factor;
  private readonly heightBounds: Bounds;
  private readonly widthFactor: Factor | undefined;
  private readonly widthBounds: Bounds | undefined;

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<RandomZoomOptions & { readonly heightFactor: Factor }, typeof following, ["heightFactor"]>
  );
  /**
   * @param heightFactor how much more of the height is seen, in (-1, 1]: negative numbers zoom in; one number for both
   * directions, or the bounds
   * @throws UsageError when an option is not usable
   */
  constructor(heightFactor: Factor, options?: RandomZoomOptions);
  /** In Keras's order, as many by position as one likes. */
  constructor(heightFactor: Factor, widthFactor: Factor, options?: RandomZoomOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: RandomZoomOptions & { readonly heightFactor: Factor });
  constructor(...given: readonly unknown[]) {
    const { heightFactor, ...options } = byName<RandomZoomOptions & { readonly heightFactor: Factor }>(
      RandomZoom,
      given,
    );
    super(options);
    this.heightFactor = heightFactor;
    const bounds = (name: string, factor: Factor): Bounds =>
      factorBounds("RandomZoom", name, factor, {
        low: -1,
        above: true,
        high: 1,
        strict: true,
        single: bothWays,
      });
    this.heightBounds = bounds("heightFactor", heightFactor);
    this.widthFactor = options.widthFactor;
    this.widthBounds = this.widthFactor === undefined ? undefined : bounds("widthFactor", this.widthFactor);
  }

  drawTransformation(images: Value, draws: Draws): Zoom {
    const draw = ([low, high]: Bounds): Value => draws.uniform([dimAt(images.shape, 0), 1], 1 + low, 1 + high);
    const height = draw(this.heightBounds);
    return { height, width: this.widthBounds === undefined ? height : draw(this.widthBounds) };
  }

  transformImages(images: Value, zoom: Zoom): Value {
    const size = this.sizeOf(images);
    const offset = (factor: Value, extent: number): Value =>
      mul(sub(scalarLike(factor, 1), factor), scalarLike(factor, (extent - 1) / 2));
    return projectiveTransform(
      images,
      zoom.height,
      [zoom.width, 0, offset(zoom.width, size.width), 0, zoom.height, offset(zoom.height, size.height)],
      this.transformOptions,
    );
  }

  getConfig(): Config {
    return { ...this.baseConfig(), height_factor: this.heightFactor, width_factor: this.widthFactor ?? null };
  }
}

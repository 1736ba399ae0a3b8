import { dimAt, staticDim } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { less, where } from "../../../ops/comparison.js";
import { scalarLike } from "../../../ops/constants.js";
import { clip, floor, mul } from "../../../ops/elementwise.js";
import { reshapeTo } from "../../../ops/reshape.js";
import { numberWithin, oneOf, type Word } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import { BaseImagePreprocessing, type Draws, perImage } from "./base-image-preprocessing.js";
import { blur, gaussian } from "./blur.js";
import { type Bounds, type Factor, factorBounds, twoNumbers } from "./factors.js";
import type { RandomColourOptions } from "./random-contrast.js";
import {
  displace,
  imageFillModes,
  type ImageInterpolation,
  imageInterpolations,
  type MapFillMode,
} from "./transform-images.js";
import { byName, type ByPosition } from "../../named.js";

/** Options of {@link RandomElasticTransform}. */
export interface RandomElasticTransformOptions extends RandomColourOptions {
  /** Probability, in [0, 1], or the bounds between which it is drawn; one number is the upper bound. Default 1. */
  readonly factor?: Factor;
  /** Strength, in [0, 1]: the bounds, or the upper one; default 1. */
  readonly scale?: Factor;
  /** Default `"bilinear"`. */
  readonly interpolation?: Word<ImageInterpolation>;
  /** What is put beyond the edges; default `"reflect"`. */
  readonly fillMode?: Word<MapFillMode>;
  /** The value beyond the edges for `fillMode: "constant"`; default 0. */
  readonly fillValue?: number;
}

/** Which pictures are changed, `[N]`; how strongly, a scalar; and noise `[N, H, W]`. `undefined`: nothing is. */
type Elastic = { readonly applied: Value; readonly strength: Value; readonly noise: Value } | undefined;

/**
 * Training: moves the pixels of pictures by blurred noise, each with a random probability, all of a batch with one
 * random strength. As in Keras pixels move as far down as right. Inference: `x`.
 *
 * @see https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_elastic_transform/ – in a model of Keras
 * whose batch size is not known, all results are made from the first picture; here each from its own
 */
export class RandomElasticTransform extends BaseImagePreprocessing<Elastic> {
  static readonly className: string = "RandomElasticTransform";
  static readonly positional: readonly string[] = ["factor"];
  static readonly following: readonly string[] = [
    "scale",
    "interpolation",
    "fillMode",
    "fillValue",
    "valueRange",
    "seed",
    "dataFormat",
  ];
  static override readonly options: readonly string[] = [
    "scale",
    "interpolation",
    "fillMode",
    "fillValue",
    "valueRange",
  ] satisfies readonly (keyof RandomElasticTransformOptions)[];
  private readonly factor: Bounds;
  private readonly scale: Bounds;
  private readonly interpolation: ImageInterpolation;
  private readonly fillMode: MapFillMode;
  private readonly fillValue: number;
  private readonly valueRange: Bounds;

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<
      RandomElasticTransformOptions,
      ["factor", "scale", "interpolation", "fillMode", "fillValue", "valueRange", "seed", "dataFormat"]
    >
  );
  /**
   * @param factor the probability, or all options; default 1
   * @throws UsageError when an option is not usable
   */
  constructor(factor?: Factor | RandomElasticTransformOptions, options?: RandomElasticTransformOptions);
  constructor(...parts: readonly unknown[]) {
    const given = byName<RandomElasticTransformOptions>(RandomElasticTransform, parts);
    super(given);
    const owner = "RandomElasticTransform";
    this.factor = factorBounds(owner, "factor", given.factor ?? 1, { low: 0, high: 1 });
    this.scale = factorBounds(owner, "scale", given.scale ?? 1, { low: 0, high: 1 });
    this.interpolation = oneOf(owner, "interpolation", given.interpolation ?? "bilinear", imageInterpolations);
    this.fillMode = oneOf<MapFillMode>(owner, "fillMode", given.fillMode ?? "reflect", [...imageFillModes, "mirror"]);
    this.fillValue = numberWithin(owner, "fillValue", given.fillValue ?? 0);
    this.valueRange = twoNumbers(owner, "valueRange", given.valueRange ?? [0, 255]);
  }

  drawTransformation(images: Value, draws: Draws): Elastic {
    if (this.scale[1] === 0 || this.factor[1] === 0) return undefined;
    const [batch, height, width] = [0, 2, 3].map((axis) => dimAt(images.shape, axis));
    const probability = draws.uniform([batch ?? 1], ...this.factor);
    const applied = less(draws.uniform([batch ?? 1]), probability);
    const strength = draws.uniform([], ...this.scale);
    return { applied, strength, noise: draws.normal([batch ?? 1, height ?? 1, width ?? 1]) };
  }

  transformImages(images: Value, drawn: Elastic): Value {
    if (drawn === undefined) return images;
    const { applied, strength, noise } = drawn;
    const height = staticDim(images.shape, 2, this.className);
    const width = staticDim(images.shape, 3, this.className);
    const alpha = mul(strength, scalarLike(strength, 0.1 * Math.max(height, width)));
    const sigma = mul(strength, scalarLike(strength, 0.05 * Math.min(height, width)));
    // The kernel grows with the deviation; here it is as large as it may become, and 0 where it does not reach.
    const reach = mul(floor(sigma), scalarLike(sigma, 3));
    const size = 6 * Math.floor(this.scale[1] * 0.05 * Math.min(height, width)) + 1;
    const weights = gaussian(size, sigma, reach);
    const channel = [dimAt(images.shape, 0), 1, height, width];
    const smooth = blur(mul(reshapeTo(noise, channel), sigma), weights, weights);
    const shift = mul(reshapeTo(smooth, [dimAt(images.shape, 0), height, width]), alpha);
    const { interpolation, fillMode, fillValue } = this;
    const moved = displace(images, shift, { interpolation, fillMode, fillValue });
    return clip(where(perImage(applied), moved, images), ...this.valueRange);
  }

  getConfig(): Config {
    return {
      ...this.baseConfig(),
      factor: this.factor,
      scale: this.scale,
      interpolation: this.interpolation,
      fill_mode: this.fillMode,
      fill_value: this.fillValue,
      value_range: this.valueRange,
      seed: this.seed ?? null,
    };
  }
}

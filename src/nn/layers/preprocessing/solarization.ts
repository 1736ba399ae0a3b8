import { dimAt } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { less, where } from "../../../ops/comparison.js";
import { scalarLike } from "../../../ops/constants.js";
import { add, clip, sub } from "../../../ops/elementwise.js";
import type { Config } from "../../config.js";
import { BaseImagePreprocessing, type Draws } from "./base-image-preprocessing.js";
import { changeRange } from "./colours.js";
import { type Bounds, type Factor, factorBounds, sortedRange } from "./factors.js";
import type { RandomColourOptions } from "./random-contrast.js";
import { type ByPosition, byName } from "../../named.js";

/** Options of {@link Solarization}. */
export interface SolarizationOptions extends RandomColourOptions {
  /** What is added first, as a part of 255, in [0, 1]: the upper bound, or both; default 0. */
  readonly additionFactor?: Factor;
  /** From where on values are inverted, as a part of 255, in [0, 1]: the upper bound, or both; default 0. */
  readonly thresholdFactor?: Factor;
}

/** What is added, and the least value that is inverted, each `[N, 1, 1, 1]` and on the scale of 255. */
interface Limits {
  readonly addition: Value;
  readonly threshold: Value;
}

/** Options that may follow by position, in Keras's order. */
const following = ["additionFactor", "thresholdFactor", "valueRange", "seed"] as const;

/**
 * Training: adds something to the values of each picture, and inverts those above a threshold, both drawn. Inference: `x`.
 *
 * As in Keras, the lower of two bounds counts from 0 to 1 and the upper one from 0 to 255.
 *
 * @see https://keras.io/api/layers/preprocessing_layers/image_augmentation/solarization/
 */
export class Solarization extends BaseImagePreprocessing<Limits> {
  static readonly className: string = "Solarization";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = [
    "additionFactor",
    "thresholdFactor",
    "valueRange",
  ] satisfies readonly (keyof SolarizationOptions)[];
  private readonly additionFactor: Bounds;
  private readonly thresholdFactor: Bounds;
  private readonly valueRange: Bounds;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<SolarizationOptions, typeof following>);
  /** @throws UsageError when an option is not usable */
  constructor(options?: SolarizationOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<SolarizationOptions>(Solarization, given);
    super(options);
    const bounds = (name: string, factor: Factor): Bounds =>
      factorBounds("Solarization", name, factor, { low: 0, high: 1, strict: true, single: (upper) => [0, upper] });
    this.additionFactor = bounds("additionFactor", options.additionFactor ?? 0);
    this.thresholdFactor = bounds("thresholdFactor", options.thresholdFactor ?? 0);
    this.valueRange = sortedRange("Solarization", "valueRange", options.valueRange ?? [0, 255]);
  }

  drawTransformation(images: Value, draws: Draws): Limits {
    const draw = ([low, high]: Bounds): Value => draws.uniform([dimAt(images.shape, 0), 1, 1, 1], low, high * 255);
    const addition = draw(this.additionFactor);
    return { addition, threshold: draw(this.thresholdFactor) };
  }

  transformImages(images: Value, { addition, threshold }: Limits): Value {
    const full: Bounds = [0, 255];
    const values = clip(add(changeRange(images, this.valueRange, full), addition), 0, 255);
    const solarized = where(less(values, threshold), values, sub(scalarLike(values, 255), values));
    return changeRange(solarized, full, this.valueRange);
  }

  getConfig(): Config {
    return {
      ...this.baseConfig(),
      value_range: this.valueRange,
      addition_factor: this.additionFactor,
      threshold_factor: this.thresholdFactor,
      seed: this.seed ?? null,
    };
  }
}

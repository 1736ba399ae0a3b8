import { dimAt } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { less, where } from "../../../ops/comparison.js";
import { scalarLike } from "../../../ops/constants.js";
import { numberWithin } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import { BaseImagePreprocessing, type Draws, perImage, type RandomImageOptions } from "./base-image-preprocessing.js";
import { toGrayscale } from "./colours.js";
import { byName, type ByPosition } from "../../named.js";

/** Options of {@link RandomGrayscale}. */
export interface RandomGrayscaleOptions extends RandomImageOptions {
  /** Probability, in [0, 1]; default 0.5. */
  readonly factor?: number;
}

/**
 * Training: makes pictures grey, each with the given probability; the number of channels stays. Inference: `x`.
 *
 * @see https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_grayscale/
 */
export class RandomGrayscale extends BaseImagePreprocessing<Value> {
  static readonly className: string = "RandomGrayscale";
  static readonly positional: readonly string[] = ["factor"];
  static readonly following: readonly string[] = ["dataFormat", "seed"];
  private readonly factor: number;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<RandomGrayscaleOptions, ["factor", "dataFormat", "seed"]>);
  /**
   * @param factor the probability, or all options; default 0.5
   * @throws UsageError when an option is not usable
   */
  constructor(factor?: number | RandomGrayscaleOptions, options?: RandomGrayscaleOptions);
  constructor(...parts: readonly unknown[]) {
    const given = byName<RandomGrayscaleOptions>(RandomGrayscale, parts);
    super(given);
    this.factor = numberWithin("RandomGrayscale", "factor", given.factor ?? 0.5, 0, 1);
  }

  drawTransformation(images: Value, draws: Draws): Value {
    const drawn = draws.uniform([dimAt(images.shape, 0)]);
    return less(drawn, scalarLike(drawn, this.factor));
  }

  transformImages(images: Value, applied: Value): Value {
    return where(perImage(applied), toGrayscale(images, "RandomGrayscale"), images);
  }

  getConfig(): Config {
    // Keras forgets the seed: the key is there only where one was given.
    return { ...this.baseConfig(), factor: this.factor, ...(this.seed === undefined ? {} : { seed: this.seed }) };
  }
}

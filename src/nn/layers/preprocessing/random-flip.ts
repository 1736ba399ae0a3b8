import { dimAt } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { lessOrEqual, where } from "../../../ops/comparison.js";
import { scalarLike } from "../../../ops/constants.js";
import { slice } from "../../../ops/slicing.js";
import { oneOf, type Word } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import { BaseImagePreprocessing, type Draws, type RandomImageOptions } from "./base-image-preprocessing.js";
import { byName, type ByPosition } from "../../named.js";

const modes = ["horizontal", "vertical", "horizontal_and_vertical"] as const;

/** In which directions pictures are turned over. */
export type FlipMode = (typeof modes)[number];

/** Options of {@link RandomFlip}. */
export interface RandomFlipOptions extends RandomImageOptions {
  /** Default `"horizontal_and_vertical"`. */
  readonly mode?: Word<FlipMode>;
}

/**
 * Training: turns every other picture over; with both directions it is turned in both or in none, as in Keras.
 * Inference: `x`.
 *
 * @see https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_flip/
 */
export class RandomFlip extends BaseImagePreprocessing<Value> {
  static readonly className: string = "RandomFlip";
  static readonly positional: readonly string[] = ["mode"];
  static readonly following: readonly string[] = ["seed", "dataFormat"];
  private readonly mode: FlipMode;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<RandomFlipOptions, ["mode", "seed", "dataFormat"]>);
  /**
   * @param mode the directions, or all options; default `"horizontal_and_vertical"`
   * @throws UsageError when an option is not usable
   */
  constructor(mode?: Word<FlipMode> | RandomFlipOptions, options?: RandomFlipOptions);
  constructor(...parts: readonly unknown[]) {
    const { mode: given = "horizontal_and_vertical", ...others } = byName<RandomFlipOptions>(RandomFlip, parts);
    super(others);
    this.mode = oneOf("RandomFlip", "mode", given, modes);
  }

  drawTransformation(images: Value, draws: Draws): Value {
    const drawn = draws.uniform([dimAt(images.shape, 0), 1, 1, 1]);
    return lessOrEqual(drawn, scalarLike(drawn, 0.5));
  }

  transformImages(images: Value, flipped: Value): Value {
    const axes = [...(this.mode === "vertical" ? [] : [3]), ...(this.mode === "horizontal" ? [] : [2])];
    const turned = slice(images, {
      starts: axes.map(() => -1),
      ends: axes.map(() => -(2 ** 31)),
      axes,
      steps: axes.map(() => -1),
    });
    return where(flipped, turned, images);
  }

  getConfig(): Config {
    return { ...this.baseConfig(), seed: this.seed ?? null, mode: this.mode };
  }
}

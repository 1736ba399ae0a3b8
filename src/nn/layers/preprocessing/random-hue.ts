import { dimAt } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { greater, less, where } from "../../../ops/comparison.js";
import { scalarLike } from "../../../ops/constants.js";
import { add, clip, mul, sub } from "../../../ops/elementwise.js";
import type { Config } from "../../config.js";
import { BaseImagePreprocessing, type Draws, perImage } from "./base-image-preprocessing.js";
import { changeRange, fromHsv, toHsv } from "./colours.js";
import { type Bounds, type Factor, factorBounds, twoNumbers } from "./factors.js";
import type { RandomColourOptions } from "./random-contrast.js";
import { byName, type ByPosition } from "../../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["valueRange", "dataFormat", "seed"] as const;

/**
 * Training: turns the colours of each picture round the circle of hues by a random angle. Inference: `x`.
 *
 * @see https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_hue/
 */
export class RandomHue extends BaseImagePreprocessing<Value> {
  static readonly className: string = "RandomHue";
  static readonly positional: readonly string[] = ["factor"];
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = ["valueRange"] satisfies readonly (keyof RandomColourOptions)[];
  private readonly factor: Bounds;
  private readonly valueRange: Bounds;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<RandomColourOptions & { readonly factor: Factor }, typeof following, ["factor"]>);
  /**
   * @param factor how far, as a part of half a turn, in [0, 1]: the bounds, or one number for the upper one; the direction
   * is drawn, too
   * @throws UsageError when an option is not usable
   */
  constructor(factor: Factor, options?: RandomColourOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: RandomColourOptions & { readonly factor: Factor });
  constructor(...given: readonly unknown[]) {
    const { factor, ...options } = byName<RandomColourOptions & { readonly factor: Factor }>(RandomHue, given);
    super(options);
    this.factor = factorBounds("RandomHue", "factor", factor, { low: 0, high: 1 });
    this.valueRange = twoNumbers("RandomHue", "valueRange", options.valueRange ?? [0, 255]);
  }

  drawTransformation(images: Value, draws: Draws): Value {
    const shape = [dimAt(images.shape, 0)];
    const drawn = draws.uniform(shape);
    const direction = where(greater(drawn, scalarLike(drawn, 0.5)), scalarLike(drawn, -0.5), scalarLike(drawn, 0.5));
    return mul(direction, draws.uniform(shape, ...this.factor));
  }

  transformImages(images: Value, turn: Value): Value {
    const { hue, saturation, value } = toHsv(changeRange(images, this.valueRange, [0, 1]), "RandomHue");
    const [zero, one] = [scalarLike(hue, 0), scalarLike(hue, 1)];
    const turned = add(hue, perImage(turn));
    const below = where(greater(turned, one), sub(turned, one), turned);
    const within = where(less(below, zero), add(below, one), below);
    const colours = clip(fromHsv({ hue: within, saturation, value }), 0, 1);
    return changeRange(colours, [0, 1], this.valueRange);
  }

  getConfig(): Config {
    return { ...this.baseConfig(), factor: this.factor, value_range: this.valueRange, seed: this.seed ?? null };
  }
}

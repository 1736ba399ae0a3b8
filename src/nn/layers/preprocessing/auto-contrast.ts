import { checkOwnOptions, type ByPosition, byName } from "../../named.js";
import type { Value } from "../../../graph/value.js";
import { greater, where } from "../../../ops/comparison.js";
import { scalarLike } from "../../../ops/constants.js";
import { add, clip, div, mul, neg, sub } from "../../../ops/elementwise.js";
import { reduceMax, reduceMin } from "../../../ops/reduction.js";
import type { Config } from "../../config.js";
import { BaseImagePreprocessing, type ImagePreprocessingOptions } from "./base-image-preprocessing.js";
import { changeRange } from "./colours.js";
import { type Bounds, sortedRange } from "./factors.js";

/** Options of layers that change colours without random numbers. */
export interface ColourOptions extends ImagePreprocessingOptions {
  /** Least and greatest value of pixels; default `[0, 255]`. */
  readonly valueRange?: Bounds;
}

/** Options that may follow by position, in Keras's order. */
const following = ["valueRange"] as const;

/**
 * Stretches the values of each channel of each picture over the whole range; the same in training and inference.
 *
 * @see https://keras.io/api/layers/preprocessing_layers/image_augmentation/auto_contrast/
 */
export class AutoContrast extends BaseImagePreprocessing<undefined> {
  static readonly className: string = "AutoContrast";
  static readonly following: readonly string[] = following;
  static readonly fixedOptions: readonly string[] = ["seed"];
  static override readonly options: readonly string[] = ["valueRange"] satisfies readonly (keyof ColourOptions)[];
  private readonly valueRange: Bounds;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<ColourOptions, typeof following>);
  /** @throws UsageError when an option is not usable */
  constructor(options?: ColourOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<ColourOptions>(AutoContrast, given);
    checkOwnOptions(AutoContrast, options);
    super(options);
    this.valueRange = sortedRange("AutoContrast", "valueRange", options.valueRange ?? [0, 255]);
  }

  drawTransformation(): undefined {
    return undefined;
  }

  transformImages(images: Value): Value {
    const full: Bounds = [0, 255];
    const values = changeRange(images, this.valueRange, full);
    const low = reduceMin(values, [2, 3], { keepdims: 1 });
    const range = sub(reduceMax(values, [2, 3], { keepdims: 1 }), low);
    const varies = greater(range, scalarLike(range, 0));
    const scale = div(scalarLike(range, 255), where(varies, range, scalarLike(range, 1)));
    const stretched = clip(add(mul(values, scale), mul(neg(low), scale)), 0, 255);
    return where(varies, changeRange(stretched, full, this.valueRange), images);
  }

  protected override inferImages(images: Value): Value {
    return this.transformImages(images);
  }

  getConfig(): Config {
    return { ...this.baseConfig(), value_range: this.valueRange };
  }
}

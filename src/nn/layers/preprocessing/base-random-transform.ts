import { staticDim } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { numberWithin, oneOf, type Word } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import { BaseImagePreprocessing, type RandomImageOptions } from "./base-image-preprocessing.js";
import {
  type ImageFillMode,
  imageFillModes,
  type ImageInterpolation,
  imageInterpolations,
  type TransformOptions,
} from "./transform-images.js";

/** Options of layers that move pixels. */
export interface RandomTransformOptions extends RandomImageOptions {
  /** What is put beyond the edges; default `"reflect"`. */
  readonly fillMode?: Word<ImageFillMode>;
  /** How pixels are made; default `"bilinear"`. */
  readonly interpolation?: Word<ImageInterpolation>;
  /** The value beyond the edges for `fillMode: "constant"`; default 0. */
  readonly fillValue?: number;
}

/** What layers have in common that move pixels with a fill mode. */
export abstract class BaseRandomTransform<T> extends BaseImagePreprocessing<T> {
  static override readonly options: readonly string[] = [
    "fillMode",
    "interpolation",
    "fillValue",
  ] satisfies readonly (keyof RandomTransformOptions)[];
  protected readonly transformOptions: TransformOptions;

  constructor(options: RandomTransformOptions) {
    super(options);
    const owner = this.className;
    this.transformOptions = {
      fillMode: oneOf(owner, "fillMode", options.fillMode ?? "reflect", imageFillModes),
      interpolation: oneOf(owner, "interpolation", options.interpolation ?? "bilinear", imageInterpolations),
      fillValue: numberWithin(owner, "fillValue", options.fillValue ?? 0),
    };
  }

  /** Height and width of pictures `[N, C, H, W]`. */
  protected sizeOf(images: Value): { readonly height: number; readonly width: number } {
    return { height: staticDim(images.shape, 2, this.className), width: staticDim(images.shape, 3, this.className) };
  }

  protected override baseConfig(): Config {
    const { fillMode, interpolation, fillValue } = this.transformOptions;
    return {
      ...super.baseConfig(),
      fill_mode: fillMode,
      interpolation,
      fill_value: fillValue,
      seed: this.seed ?? null,
    };
  }
}

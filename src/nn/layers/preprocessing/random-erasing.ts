import { dimAt, staticDim } from "../../../graph/shape.js";
import { constant, type Value } from "../../../graph/value.js";
import { float32 } from "../../../onnx/tensor-data.js";
import { less, where } from "../../../ops/comparison.js";
import { scalarLike } from "../../../ops/constants.js";
import { add, clip, mul, sqrt, sub } from "../../../ops/elementwise.js";
import { slice } from "../../../ops/slicing.js";
import { squeeze } from "../../../ops/layout.js";
import { refuse } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import { BaseImagePreprocessing, type Draws, perImage } from "./base-image-preprocessing.js";
import { type Bounds, type Factor, factorBounds, twoNumbers } from "./factors.js";
import type { RandomColourOptions } from "./random-contrast.js";
import { insideBox } from "./transform-images.js";
import { byName, type ByPosition } from "../../named.js";

/** Options of {@link RandomErasing}. */
export interface RandomErasingOptions extends RandomColourOptions {
  /** Probability, in [0, 1], or the bounds between which it is drawn; one number is the upper bound. Default 1. */
  readonly factor?: Factor;
  /** Squares of the parts of height and width that are erased, in [0, 1]: the bounds, or the upper one; default `[0.02, 0.33]`. */
  readonly scale?: Factor;
  /** What is put there: a number, or one for each of three channels; default: noise. */
  readonly fillValue?: number | readonly [number, number, number] | undefined;
}

/** Which pictures are changed, `[N]`; which pixels, `[N, 1, H, W]`; what is put there. */
interface Erasing {
  readonly applied: Value;
  readonly erased: Value;
  readonly filling: Value;
}

/**
 * Training: erases a rectangle of pictures, each with a random probability. Inference: `x`.
 *
 * @see https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_erasing/
 */
export class RandomErasing extends BaseImagePreprocessing<Erasing> {
  static readonly className: string = "RandomErasing";
  static readonly positional: readonly string[] = ["factor"];
  static readonly following: readonly string[] = ["scale", "fillValue", "valueRange", "seed", "dataFormat"];
  static override readonly options: readonly string[] = [
    "scale",
    "fillValue",
    "valueRange",
  ] satisfies readonly (keyof RandomErasingOptions)[];
  private readonly factor: Bounds;
  private readonly scale: Bounds;
  private readonly fillValue: number | readonly [number, number, number] | undefined;
  private readonly valueRange: Bounds;

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<RandomErasingOptions, ["factor", "scale", "fillValue", "valueRange", "seed", "dataFormat"]>
  );
  /**
   * @param factor the probability, or all options; default 1
   * @throws UsageError when an option is not usable
   */
  constructor(factor?: Factor | RandomErasingOptions, options?: RandomErasingOptions);
  constructor(...parts: readonly unknown[]) {
    const given = byName<RandomErasingOptions>(RandomErasing, parts);
    super(given);
    const owner = "RandomErasing";
    this.factor = factorBounds(owner, "factor", given.factor ?? 1, { low: 0, high: 1 });
    this.scale = factorBounds(owner, "scale", given.scale ?? [0.02, 0.33], { low: 0, high: 1 });
    this.valueRange = twoNumbers(owner, "valueRange", given.valueRange ?? [0, 255]);
    this.fillValue = given.fillValue;
    const numbers: readonly unknown[] = Array.isArray(this.fillValue) ? this.fillValue : [this.fillValue ?? 0];
    if (
      numbers.some((number) => typeof number !== "number") ||
      (Array.isArray(this.fillValue) && numbers.length !== 3)
    ) {
      refuse(owner, "fillValue", "a number, or three", this.fillValue);
    }
  }

  drawTransformation(images: Value, draws: Draws): Erasing {
    const batch = dimAt(images.shape, 0);
    const parts = sqrt(draws.uniform([batch, 2], ...this.scale));
    const bounds = (axis: number, index: number): readonly [Value, Value] => {
      const part = squeeze(slice(parts, { starts: [index], ends: [index + 1], axes: [1] }), [1]);
      const size = scalarLike(part, staticDim(images.shape, axis, this.className));
      const length = mul(part, size);
      const start = mul(draws.uniform([batch]), sub(size, length));
      return [start, add(start, length)];
    };
    const [left, right] = bounds(3, 0);
    const [top, bottom] = bounds(2, 1);
    const probability = draws.uniform([batch], ...this.factor);
    const applied = less(draws.uniform([batch]), probability);
    const filling = clip(this.filling(images, draws), ...this.valueRange);
    return { applied, erased: insideBox(images, { left, right, top, bottom }), filling };
  }

  private filling(images: Value, draws: Draws): Value {
    if (this.fillValue === undefined) {
      const noise = draws.normal(images.shape);
      return mul(noise, scalarLike(noise, this.valueRange[1]));
    }
    return typeof this.fillValue === "number"
      ? scalarLike(images, this.fillValue)
      : constant(float32(this.fillValue, [3, 1, 1]));
  }

  transformImages(images: Value, { applied, erased, filling }: Erasing): Value {
    return where(perImage(applied), where(erased, filling, images), images);
  }

  getConfig(): Config {
    return {
      ...this.baseConfig(),
      factor: this.factor,
      scale: this.scale,
      fill_value: this.fillValue ?? null,
      value_range: this.valueRange,
      seed: this.seed ?? null,
    };
  }
}

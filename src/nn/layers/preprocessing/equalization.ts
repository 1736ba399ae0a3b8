import { checkOwnOptions, type ByPosition, byName } from "../../named.js";
import { type Shape, dimProduct, staticDim } from "../../../graph/shape.js";
import { constant, type Value } from "../../../graph/value.js";
import { float32 } from "../../../onnx/tensor-data.js";
import { greater, lessOrEqual, where } from "../../../ops/comparison.js";
import { scalarLike } from "../../../ops/constants.js";
import { clip, div, mul, round, sub } from "../../../ops/elementwise.js";
import { gather, scatterElements } from "../../../ops/indexing.js";
import { concat } from "../../../ops/joining.js";
import { slice } from "../../../ops/slicing.js";
import { cast } from "../../../ops/layout.js";
import { matmul } from "../../../ops/matmul.js";
import { reduceMax, reduceMin, reduceSum } from "../../../ops/reduction.js";
import { expandTo } from "../../../ops/shape-of.js";
import { reshapeTo } from "../../../ops/reshape.js";
import { wholeNumber } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import type { ColourOptions } from "./auto-contrast.js";
import { BaseImagePreprocessing } from "./base-image-preprocessing.js";
import { changeRange } from "./colours.js";
import { type Bounds, sortedRange } from "./factors.js";

/** Options of {@link Equalization}. */
export interface EqualizationOptions extends ColourOptions {
  /** Number of bins of the histogram; default 256. */
  readonly bins?: number;
}

/** A matrix that makes running sums of a row of `size`: 1 where the row is not below the column. */
export function runningSums(size: number): Value {
  const data = Float32Array.from({ length: size * size }, (_, index) =>
    Math.floor(index / size) <= index % size ? 1 : 0,
  );
  return constant(float32(data, [size, size]));
}

/** Options that may follow by position, in Keras's order. */
const following = ["valueRange", "bins", "dataFormat"] as const;

/**
 * Training: spreads the values of each channel so that all are equally frequent. As in Keras, they are counted over all
 * pictures of a batch. Inference: `x`.
 *
 * @see https://keras.io/api/layers/preprocessing_layers/image_augmentation/equalization/
 */
export class Equalization extends BaseImagePreprocessing<undefined> {
  static readonly className: string = "Equalization";
  static readonly following: readonly string[] = following;
  static readonly fixedOptions: readonly string[] = ["seed"];
  static override readonly options: readonly string[] = [
    "bins",
    "valueRange",
  ] satisfies readonly (keyof EqualizationOptions)[];
  private readonly valueRange: Bounds;
  private readonly bins: number;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<EqualizationOptions, typeof following>);
  /** @throws UsageError when an option is not usable */
  constructor(options?: EqualizationOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<EqualizationOptions>(Equalization, given);
    checkOwnOptions(Equalization, options);
    super(options);
    this.valueRange = sortedRange("Equalization", "valueRange", options.valueRange ?? [0, 255]);
    this.bins = wholeNumber("Equalization", "bins", options.bins ?? 256, 2);
  }

  drawTransformation(): undefined {
    return undefined;
  }

  transformImages(images: Value): Value {
    const channels = staticDim(images.shape, 1, "Equalization");
    const parts = Array.from({ length: channels }, (_, index) =>
      this.equalized(slice(images, { starts: [index], ends: [index + 1], axes: [1] })),
    );
    return concat(parts, { axis: 1 });
  }

  /** One channel `[N, 1, H, W]`. */
  private equalized(channel: Value): Value {
    const full: Bounds = [0, 255];
    const values = changeRange(channel, this.valueRange, full);
    const number = (value: number): Value => scalarLike(values, value);
    const all: Shape = [dimProduct(values.shape)];
    const scaled = div(mul(values, number(this.bins - 1)), number(255));
    // Whole numbers as the cast makes them: towards 0.
    const places = reshapeTo(cast(clip(scaled, 0, this.bins - 1), "int64"), all);
    const empty = constant(float32(new Float32Array(this.bins), [this.bins]));
    const ones = reshapeTo(expandTo(number(1), values), all);
    const counts = scatterElements(empty, places, ones, { axis: 0, reduction: "add" });
    const sums = reshapeTo(matmul(reshapeTo(counts, [1, this.bins]), runningSums(this.bins)), [this.bins]);
    const filled = greater(counts, number(0));
    const total = reduceMax(sums, [0], { keepdims: 1 });
    // The first running sum that is not 0.
    const least = reduceMin(where(greater(sums, number(0)), sums, total), [0], { keepdims: 1 });
    const spread = sub(total, least);
    const scale = where(greater(spread, number(0)), spread, number(1));
    const table = clip(round(div(mul(sub(sums, least), number(255)), scale)), 0, 255);
    const found = gather(
      table,
      cast(clip(mul(div(values, number(255)), number(this.bins - 1)), 0, this.bins - 1), "int64"),
      {
        axis: 0,
      },
    );
    const bins = reduceSum(where(filled, number(1), number(0)), [0], { keepdims: 1 });
    const result = where(lessOrEqual(bins, number(1)), values, found);
    return changeRange(result, full, this.valueRange);
  }

  getConfig(): Config {
    return { ...this.baseConfig(), bins: this.bins, value_range: this.valueRange };
  }
}

import { checkOwnOptions, type ByPosition, byName } from "../../named.js";
import { type Dim, dimAt, dimProduct, staticDim } from "../../../graph/shape.js";
import { constant, type Value } from "../../../graph/value.js";
import { float32, int64 } from "../../../onnx/tensor-data.js";
import { scalarLike } from "../../../ops/constants.js";
import { add, clip, div, mul, sub } from "../../../ops/elementwise.js";
import { gatherElements, scatterElements } from "../../../ops/indexing.js";
import { concat } from "../../../ops/joining.js";
import { slice } from "../../../ops/slicing.js";
import { cast, transpose } from "../../../ops/layout.js";
import { matmul } from "../../../ops/matmul.js";
import { reduceMin, reduceSum } from "../../../ops/reduction.js";
import { expandTo } from "../../../ops/shape-of.js";
import { reshapeTo } from "../../../ops/reshape.js";
import { equal, where } from "../../../ops/comparison.js";
import { numberWithin, type Pair, pair } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import type { ColourOptions } from "./auto-contrast.js";
import { BaseImagePreprocessing } from "./base-image-preprocessing.js";
import { changeRange } from "./colours.js";
import { runningSums } from "./equalization.js";
import { type Bounds, twoNumbers } from "./factors.js";

/** Options of {@link ContrastLimitedAdaptiveHistogramEqualization}. */
export interface ContrastLimitedAdaptiveHistogramEqualizationOptions extends ColourOptions {
  /** How many times the mean frequency a value may have; what is more is spread over all. 0: any. Default 4. */
  readonly clipLimit?: number;
  /** Rows and columns of tiles with a histogram each; default 8. */
  readonly tileGridSize?: Pair;
}

const levels = 256;

/** Options that may follow by position, in Keras's order. */
const following = ["valueRange", "clipLimit", "tileGridSize", "dataFormat"] as const;

/**
 * Spreads the values of each channel of each picture so that they are about equally frequent in every tile; between the
 * middles of tiles it goes over from one to the next. The same in training and inference.
 *
 * @see https://keras.io/api/layers/preprocessing_layers/image_augmentation/
 */
export class ContrastLimitedAdaptiveHistogramEqualization extends BaseImagePreprocessing<undefined> {
  static readonly className: string = "ContrastLimitedAdaptiveHistogramEqualization";
  static readonly following: readonly string[] = following;
  static readonly fixedOptions: readonly string[] = ["seed"];
  static override readonly options: readonly string[] = [
    "clipLimit",
    "tileGridSize",
    "valueRange",
  ] satisfies readonly (keyof ContrastLimitedAdaptiveHistogramEqualizationOptions)[];
  private readonly valueRange: Bounds;
  private readonly clipLimit: number;
  private readonly grid: readonly [number, number];

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<ContrastLimitedAdaptiveHistogramEqualizationOptions, typeof following>);
  /** @throws UsageError when an option is not usable */
  constructor(options?: ContrastLimitedAdaptiveHistogramEqualizationOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<ContrastLimitedAdaptiveHistogramEqualizationOptions>(
      ContrastLimitedAdaptiveHistogramEqualization,
      given,
    );
    checkOwnOptions(ContrastLimitedAdaptiveHistogramEqualization, options);
    super(options);
    const owner = "ContrastLimitedAdaptiveHistogramEqualization";
    this.valueRange = twoNumbers(owner, "valueRange", options.valueRange ?? [0, 255]);
    this.clipLimit = numberWithin(owner, "clipLimit", options.clipLimit ?? 4);
    this.grid = pair(owner, "tileGridSize", options.tileGridSize ?? 8);
  }

  drawTransformation(): undefined {
    return undefined;
  }

  transformImages(images: Value): Value {
    const full: Bounds = [0, 255];
    return changeRange(this.equalized(changeRange(images, this.valueRange, full)), full, this.valueRange);
  }

  protected override inferImages(images: Value): Value {
    return this.transformImages(images);
  }

  private equalized(images: Value): Value {
    const [batch, channels, height, width] = [0, 1, 2, 3].map((axis) => dimAt(images.shape, axis)) as [
      Dim,
      Dim,
      Dim,
      Dim,
    ];
    const [high, wide] = [staticDim(images.shape, 2, this.className), staticDim(images.shape, 3, this.className)];
    const [rows, columns] = this.grid;
    const [tileHigh, tileWide] = [Math.ceil(high / rows), Math.ceil(wide / columns)];
    const padded = mirrored(mirrored(images, 2, tileHigh * rows), 3, tileWide * columns);
    const values = cast(clip(padded, 0, 255), "int64");
    const planes = dimProduct([batch, channels]);
    const pixels = tileHigh * tileWide;

    // [N·C, tiles, pixels]: one histogram a tile.
    const split = transpose(reshapeTo(values, [dimProduct([planes, rows]), tileHigh, columns, tileWide]), {
      perm: [0, 2, 1, 3],
    });
    const tiles = reshapeTo(split, [dimProduct([planes, rows * columns]), pixels]);
    const ones = expandTo(scalarLike(images, 1), cast(tiles, "float32"));
    const first = slice(ones, { starts: [0], ends: [1], axes: [1] });
    const empty = mul(first, constant(float32(new Float32Array(levels), [1, levels])));
    const counts = scatterElements(empty, tiles, ones, { axis: 1, reduction: "add" });
    const sums = matmul(this.limited(counts, pixels), runningSums(levels));
    const least = reduceMin(sums, [1], { keepdims: 1 });
    const spread = sub(scalarLike(sums, pixels), least);
    const scale = where(equal(spread, scalarLike(spread, 0)), scalarLike(spread, 1), spread);
    const tables = clip(div(mul(sub(sums, least), scalarLike(sums, 255)), scale), 0, 255);
    const perPlane = reshapeTo(tables, [planes, rows * columns * levels]);

    // Each pixel looks its value up in the tables of four tiles, and weighs what it finds.
    const flat = reshapeTo(values, [planes, rows * tileHigh * columns * tileWide]);
    const down = neighbours(rows, tileHigh);
    const right = neighbours(columns, tileWide);
    const parts = down.flatMap((vertical) =>
      right.map((horizontal) => {
        const offsets: number[] = [];
        const weights: number[] = [];
        vertical.tiles.forEach((row, y) => {
          horizontal.tiles.forEach((column, x) => {
            offsets.push((row * columns + column) * levels);
            weights.push((vertical.weights[y] ?? 0) * (horizontal.weights[x] ?? 0));
          });
        });
        const places = add(flat, constant(int64(offsets)));
        return mul(gatherElements(perPlane, places, { axis: 1 }), constant(float32(weights, [weights.length])));
      }),
    );
    const mixed = parts.reduce((sum, part) => add(sum, part));
    const result = reshapeTo(mixed, [batch, channels, rows * tileHigh, columns * tileWide]);
    return slice(result, { starts: [0, 0], ends: [Number(height), Number(width)], axes: [2, 3] });
  }

  /** Counts above the limit are spread over all values. */
  private limited(counts: Value, pixels: number): Value {
    if (this.clipLimit <= 0) return counts;
    const kept = clip(counts, 0, (this.clipLimit * pixels) / levels);
    const excess = reduceSum(sub(counts, kept), [1], { keepdims: 1 });
    return add(kept, div(excess, scalarLike(excess, levels)));
  }

  getConfig(): Config {
    return {
      ...this.baseConfig(),
      value_range: this.valueRange,
      clip_limit: this.clipLimit,
      tile_grid_size: this.grid,
    };
  }
}

/** Pictures with their mirror image behind the end of an axis, up to the given extent. */
function mirrored(x: Value, axis: number, extent: number): Value {
  const own = staticDim(x.shape, axis, "mirrored");
  if (extent <= own) return x;
  const turned = slice(x, { starts: [-1], ends: [-(2 ** 31)], axes: [axis], steps: [-1] });
  const margin = slice(turned, { starts: [0], ends: [extent - own], axes: [axis] });
  return mirrored(concat([x, margin], { axis }), axis, extent);
}

/** For each row of pixels the tile before or behind it, counted from their middles, and its weight. */
function neighbours(
  tiles: number,
  size: number,
): readonly { readonly tiles: readonly number[]; readonly weights: readonly number[] }[] {
  const places = Array.from({ length: tiles * size }, (_, index) => (index - size / 2) / size);
  const inside = (tile: number): number => Math.min(Math.max(tile, 0), tiles - 1);
  return [
    {
      tiles: places.map((place) => inside(Math.floor(place))),
      weights: places.map((place) => 1 - (place - Math.floor(place))),
    },
    {
      tiles: places.map((place) => inside(Math.floor(place) + 1)),
      weights: places.map((place) => place - Math.floor(place)),
    },
  ];
}

import { staticDim } from "../../../graph/shape.js";
import { constant, type Value } from "../../../graph/value.js";
import { float32 } from "../../../onnx/tensor-data.js";
import { scalarLike } from "../../../ops/constants.js";
import { add, floor, min } from "../../../ops/elementwise.js";
import { gather } from "../../../ops/indexing.js";
import { slice } from "../../../ops/slicing.js";
import { cast } from "../../../ops/layout.js";
import { wholeNumber } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import { cropToAspectRatio, resizeImages } from "./resize-images.js";
import { BaseImagePreprocessing, type Draws, type RandomImageOptions } from "./base-image-preprocessing.js";
import { byName, type ByPosition } from "../../named.js";

/** The first row and the first column that are kept, both scalars; `undefined`: the pictures are too small. */
type Corner = { readonly top: Value; readonly left: Value } | undefined;

/** Options that may follow by position, in Keras's order. */
const following = ["seed", "dataFormat", "name"] as const;

/**
 * Training: cuts a part of the given size out of all pictures of a batch, at one random place. From pictures that are
 * not larger: a part in the middle, resized. Inference: the largest part in the middle with these proportions, resized.
 *
 * @see https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_crop/ – in inference Keras 3.15.1 gives
 * the pictures back whole, against its own documentation; this layer does what that says
 */
export class RandomCrop extends BaseImagePreprocessing<Corner> {
  static readonly className: string = "RandomCrop";
  static readonly positional: readonly string[] = ["height", "width"];
  static readonly following: readonly string[] = following;
  private readonly size: readonly [number, number];

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<
      RandomImageOptions & { readonly height: number; readonly width: number },
      typeof following,
      ["height", "width"]
    >
  );
  /**
   * @param height of the results
   * @param width of the results
   * @throws UsageError when an option is not usable
   */
  constructor(height: number, width: number, options?: RandomImageOptions);
  /** In Keras's order, as many by position as one likes. */
  constructor(height: number, options: RandomImageOptions & { readonly width: number });
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: RandomImageOptions & { readonly height: number; readonly width: number });
  constructor(...given: readonly unknown[]) {
    const { height, width, ...options } = byName<
      RandomImageOptions & { readonly height: number; readonly width: number }
    >(RandomCrop, given);
    super(options);
    this.size = [wholeNumber("RandomCrop", "height", height), wholeNumber("RandomCrop", "width", width)];
  }

  private sizeOf(images: Value): readonly [number, number] {
    return [staticDim(images.shape, 2, "RandomCrop"), staticDim(images.shape, 3, "RandomCrop")];
  }

  drawTransformation(images: Value, draws: Draws): Corner {
    const [[high, wide], [height, width]] = [this.sizeOf(images), this.size];
    if (high <= height || wide <= width) return undefined;
    const place = (spare: number): Value => {
      const drawn = draws.uniform([], 0, spare + 1);
      // In float32 the product may reach the bound, which is no place.
      return min([floor(drawn), scalarLike(drawn, spare)]);
    };
    const top = place(high - height);
    return { top, left: place(wide - width) };
  }

  transformImages(images: Value, corner: Corner): Value {
    const [height, width] = this.size;
    if (corner !== undefined) {
      const from = (start: Value, count: number): Value =>
        cast(
          add(
            start,
            constant(
              float32(
                Float32Array.from({ length: count }, (_, index) => index),
                [count],
              ),
            ),
          ),
          "int64",
        );
      const rows = gather(images, from(corner.top, height), { axis: 2 });
      return gather(rows, from(corner.left, width), { axis: 3 });
    }
    const [high, wide] = this.sizeOf(images);
    const cropHigh = Math.max(1, Math.min(high, Math.trunc((wide * height) / width)));
    const cropWide = Math.max(1, Math.min(wide, Math.trunc((high * width) / height)));
    const [top, left] = [Math.trunc((high - cropHigh) / 2), Math.trunc((wide - cropWide) / 2)];
    // Keras takes as much as the result has, where there is so much.
    const ends = [Math.min(top + height, high), Math.min(left + width, wide)];
    return resizeImages(slice(images, { starts: [top, left], ends, axes: [2, 3] }), this.size, "bilinear", false);
  }

  protected override inferImages(images: Value): Value {
    return resizeImages(cropToAspectRatio(images, this.size), this.size, "bilinear", false);
  }

  getConfig(): Config {
    return { ...this.baseConfig(), height: this.size[0], width: this.size[1], seed: this.seed ?? null };
  }
}

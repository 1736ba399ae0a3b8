import { staticDim } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { slice } from "../../../ops/slicing.js";
import { cast } from "../../../ops/layout.js";
import { channelsLast } from "../../channels.js";
import { channelsLastOnly, type DataFormat, wholeNumber, type Word } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import { type LayerOptions, UnaryLayer } from "../../layer.js";
import { requireRank } from "../require-rank.js";
import { cropToAspectRatio, resizeImages } from "./resize-images.js";
import { byName, type ByPosition } from "../../named.js";

/** Options of {@link CenterCrop}. */
export interface CenterCropOptions extends LayerOptions {
  /** `"channels_last"`: Graft has no other. */
  readonly dataFormat?: Word<DataFormat>;
}

/** Options that may follow by position, in Keras's order. */
const following = ["dataFormat"] as const;

/**
 * The middle of pictures: `[N, H, W, C]` → `[N, height, width, C]`. From smaller pictures the largest part with these
 * proportions, enlarged.
 *
 * @see https://keras.io/api/layers/preprocessing_layers/image_preprocessing/center_crop/ – the size of the pictures must
 * be known; the result is float32
 */
export class CenterCrop extends UnaryLayer {
  static readonly className: string = "CenterCrop";
  static readonly positional: readonly string[] = ["height", "width"];
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = ["dataFormat"] satisfies readonly (keyof CenterCropOptions)[];
  private readonly size: readonly [number, number];

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<
      CenterCropOptions & { readonly height: number; readonly width: number },
      typeof following,
      ["height", "width"]
    >
  );
  /**
   * @param height of the results
   * @param width of the results
   * @throws UsageError when one is not a positive whole number
   */
  constructor(height: number, width: number, options?: CenterCropOptions);
  /** In Keras's order, as many by position as one likes. */
  constructor(height: number, options: CenterCropOptions & { readonly width: number });
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: CenterCropOptions & { readonly height: number; readonly width: number });
  constructor(...given: readonly unknown[]) {
    const { height, width, ...options } = byName<
      CenterCropOptions & { readonly height: number; readonly width: number }
    >(CenterCrop, given);
    super(options);
    this.size = [wholeNumber("CenterCrop", "height", height), wholeNumber("CenterCrop", "width", width)];
    channelsLastOnly("CenterCrop", options.dataFormat);
  }

  protected forward(x: Value): Value {
    requireRank(channelsLast(x.shape), 4, "CenterCrop");
    const pictures = x.type === "float32" ? x : cast(x, "float32");
    const [height, width] = this.size;
    const spareRows = staticDim(x.shape, 2, "CenterCrop") - height;
    const spareColumns = staticDim(x.shape, 3, "CenterCrop") - width;
    if (spareRows < 0 || spareColumns < 0) {
      return resizeImages(cropToAspectRatio(pictures, this.size), this.size, "bilinear", false);
    }
    const [top, left] = [Math.floor(spareRows / 2), Math.floor(spareColumns / 2)];
    return slice(pictures, { starts: [top, left], ends: [top + height, left + width], axes: [2, 3] });
  }

  getConfig(): Config {
    return { ...this.baseConfig(), height: this.size[0], width: this.size[1], data_format: "channels_last" };
  }
}

import { UsageError } from "../../../errors/errors.js";
import { staticDim } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { pad } from "../../../ops/slicing.js";
import { cast } from "../../../ops/layout.js";
import { channelsLast } from "../../channels.js";
import {
  channelsLastOnly,
  type DataFormat,
  numberWithin,
  oneOf,
  wholeNumber,
  type Word,
} from "../../../errors/check.js";
import type { Config } from "../../config.js";
import { type LayerOptions, UnaryLayer } from "../../layer.js";
import { type Interpolation, interpolations } from "../pooling/interpolation-matrix.js";
import { requireRank } from "../require-rank.js";
import { cropToAspectRatio, resizeImages } from "./resize-images.js";
import { byName, type ByPosition } from "../../named.js";

/** Options of {@link Resizing}. */
export interface ResizingOptions extends LayerOptions {
  /** Default `"bilinear"`. */
  readonly interpolation?: Interpolation;
  /** Whether the middle part with the new proportions is cut out first; default `false`: proportions change. */
  readonly cropToAspectRatio?: boolean;
  /** Whether margins are added first, so that the proportions fit; default `false`. */
  readonly padToAspectRatio?: boolean;
  /** How margins are filled: `"constant"`. */
  readonly fillMode?: "constant";
  /** The value of margins; default 0. */
  readonly fillValue?: number;
  /** Whether pixels are averaged when pictures shrink; default `false`. */
  readonly antialias?: boolean;
  /** `"channels_last"`: Graft has no other. */
  readonly dataFormat?: Word<DataFormat>;
}

/** Options that may follow by position, in Keras's order. */
const following = [
  "interpolation",
  "cropToAspectRatio",
  "padToAspectRatio",
  "fillMode",
  "fillValue",
  "antialias",
  "dataFormat",
] as const;

/**
 * Resizes pictures: `[N, H, W, C]` → `[N, height, width, C]`.
 *
 * @see https://keras.io/api/layers/preprocessing_layers/image_preprocessing/resizing/ – the size of the pictures must be
 * known; the result is float32
 */
export class Resizing extends UnaryLayer {
  static readonly className: string = "Resizing";
  static readonly positional: readonly string[] = ["height", "width"];
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = [
    "interpolation",
    "cropToAspectRatio",
    "padToAspectRatio",
    "fillMode",
    "fillValue",
    "antialias",
    "dataFormat",
  ] satisfies readonly (keyof ResizingOptions)[];
  private readonly size: readonly [number, number];
  private readonly interpolation: Interpolation;
  private readonly crop: boolean;
  private readonly padToFit: boolean;
  private readonly fillValue: number;
  private readonly antialias: boolean;

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<
      ResizingOptions & { readonly height: number; readonly width: number },
      typeof following,
      ["height", "width"]
    >
  );
  /**
   * @param height of the results
   * @param width of the results
   * @throws UsageError when an option is not usable
   */
  constructor(height: number, width: number, options?: ResizingOptions);
  /** In Keras's order, as many by position as one likes. */
  constructor(height: number, options: ResizingOptions & { readonly width: number });
  /** In Keras's order, as many by position as one likes. */
  constructor(
    height: number,
    width: number,
    interpolation: ResizingOptions["interpolation"],
    options?: ResizingOptions,
  );
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: ResizingOptions & { readonly height: number; readonly width: number });
  constructor(...given: readonly unknown[]) {
    const { height, width, ...options } = byName<ResizingOptions & { readonly height: number; readonly width: number }>(
      Resizing,
      given,
    );
    super(options);
    this.size = [wholeNumber("Resizing", "height", height), wholeNumber("Resizing", "width", width)];
    this.interpolation = oneOf("Resizing", "interpolation", options.interpolation ?? "bilinear", interpolations);
    this.crop = options.cropToAspectRatio ?? false;
    this.padToFit = options.padToAspectRatio ?? false;
    oneOf("Resizing", "fillMode", options.fillMode ?? "constant", ["constant"]);
    this.fillValue = numberWithin("Resizing", "fillValue", options.fillValue ?? 0);
    this.antialias = options.antialias ?? false;
    channelsLastOnly("Resizing", options.dataFormat);
    if (this.crop && this.padToFit) {
      throw new UsageError("Resizing: pictures can be cropped or padded, not both.", {
        subject: "padToAspectRatio",
        expected: "one of cropToAspectRatio and padToAspectRatio",
        received: "both",
      });
    }
  }

  private padded(x: Value): Value {
    const [height, width] = this.size;
    const [high, wide] = [staticDim(x.shape, 2, "Resizing"), staticDim(x.shape, 3, "Resizing")];
    // Keras adds as many rows at the top as at the bottom.
    const top = Math.trunc((Math.max(high, Math.trunc((wide * height) / width)) - high) / 2);
    const left = Math.trunc((Math.max(wide, Math.trunc((high * width) / height)) - wide) / 2);
    return pad(x, [0, 0, top, left, 0, 0, top, left], { value: this.fillValue });
  }

  protected forward(x: Value): Value {
    requireRank(channelsLast(x.shape), 4, "Resizing");
    const pictures = x.type === "float32" ? x : cast(x, "float32");
    const prepared = this.crop
      ? cropToAspectRatio(pictures, this.size)
      : this.padToFit
        ? this.padded(pictures)
        : pictures;
    return resizeImages(prepared, this.size, this.interpolation, this.antialias);
  }

  getConfig(): Config {
    return {
      ...this.baseConfig(),
      height: this.size[0],
      width: this.size[1],
      interpolation: this.interpolation,
      crop_to_aspect_ratio: this.crop,
      pad_to_aspect_ratio: this.padToFit,
      fill_mode: "constant",
      fill_value: this.fillValue,
      antialias: this.antialias,
      data_format: "channels_last",
    };
  }
}

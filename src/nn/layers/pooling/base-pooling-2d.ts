import type { Value } from "../../../graph/value.js";
import { channelsLast } from "../../channels.js";
import { channelsLastOnly, type DataFormat, oneOf, type Pair, pair, type Word } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import { type LayerOptions, UnaryLayer } from "../../layer.js";
import { requireRank } from "../require-rank.js";
import { type Padding, windowPads } from "../convolutional/same-pads.js";

/** Options of pooling layers. */
export interface Pooling2DOptions extends LayerOptions {
  /** Steps of the window; default: the window's own extents, so that windows do not overlap. */
  readonly strides?: Pair | undefined;
  /** `"valid"` (default) or `"same"`. */
  readonly padding?: Word<Padding>;
  /** `"channels_last"`: Graft has no other. */
  readonly dataFormat?: Word<DataFormat>;
}

/** What pooling layers have in common: the window. */
export abstract class BasePooling2D extends UnaryLayer {
  static override readonly options: readonly string[] = [
    "strides",
    "padding",
    "dataFormat",
  ] satisfies readonly (keyof Pooling2DOptions)[];
  private readonly poolSize: readonly [number, number];
  private readonly strides: readonly [number, number];
  private readonly padding: Padding;

  constructor(poolSize: Pair, options: Pooling2DOptions) {
    super(options);
    const owner = this.className;
    this.poolSize = pair(owner, "poolSize", poolSize);
    this.strides = pair(owner, "strides", options.strides ?? this.poolSize);
    this.padding = oneOf(owner, "padding", options.padding ?? "valid", ["valid", "same"]);
    channelsLastOnly(owner, options.dataFormat);
  }

  /** ONNX's attributes of the window over `x`. */
  protected window(x: Value): { kernel_shape: readonly number[]; strides: readonly number[]; pads: readonly number[] } {
    requireRank(channelsLast(x.shape), 4, this.className);
    const pads = windowPads(x, this.padding, this.poolSize, this.strides);
    return { kernel_shape: this.poolSize, strides: this.strides, pads };
  }

  getConfig(): Config {
    return {
      ...this.baseConfig(),
      pool_size: this.poolSize,
      padding: this.padding,
      strides: this.strides,
      data_format: "channels_last",
    };
  }
}

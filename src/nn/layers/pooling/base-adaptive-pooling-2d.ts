import { staticDim } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { channelsLast } from "../../channels.js";
import { channelsLastOnly, type DataFormat, type Pair, pair, type Word } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import { type LayerOptions, UnaryLayer } from "../../layer.js";
import { requireRank } from "../require-rank.js";

/** Options of adaptive poolings. */
export interface AdaptivePooling2DOptions extends LayerOptions {
  /** `"channels_last"`: Graft has no other. */
  readonly dataFormat?: Word<DataFormat>;
}

/** The pixels from one up to, but not with, another. */
export interface Window {
  readonly start: number;
  readonly end: number;
}

/** What poolings have in common that give pictures of a certain size: each pixel from a window of its own. */
export abstract class BaseAdaptivePooling2D extends UnaryLayer {
  static override readonly options: readonly string[] = [
    "dataFormat",
  ] satisfies readonly (keyof AdaptivePooling2DOptions)[];
  private readonly outputSize: readonly [number, number];

  /** @param outputSize height and width of the results */
  constructor(outputSize: Pair, options: AdaptivePooling2DOptions) {
    super(options);
    this.outputSize = pair(this.className, "outputSize", outputSize);
    channelsLastOnly(this.className, options.dataFormat);
  }

  /** Pools along one axis, in windows that may overlap. */
  protected abstract pool(x: Value, axis: number, extent: number, windows: readonly Window[]): Value;

  protected forward(x: Value): Value {
    requireRank(channelsLast(x.shape), 4, this.className);
    return this.outputSize.reduce((pooled: Value, count, index) => {
      const axis = index + 2;
      const extent = staticDim(pooled.shape, axis, this.className);
      const windows = Array.from({ length: count }, (_, place) => ({
        start: Math.floor((place * extent) / count),
        end: Math.ceil(((place + 1) * extent) / count),
      }));
      return this.pool(pooled, axis, extent, windows);
    }, x);
  }

  getConfig(): Config {
    return { ...this.baseConfig(), output_size: this.outputSize, data_format: "channels_last" };
  }
}

import type { Value } from "../../../graph/value.js";
import { pad } from "../../../ops/slicing.js";
import { channelsLast } from "../../channels.js";
import { channelsLastOnly, type DataFormat, type Word } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import { type LayerOptions, UnaryLayer } from "../../layer.js";
import { type FourMargins, fourMargins, type Margins } from "./margins.js";
import { requireRank } from "../require-rank.js";
import { byName, type ByPosition } from "../../named.js";

/** Options of {@link ZeroPadding2D}. */
export interface ZeroPadding2DOptions extends LayerOptions {
  /** Default 1 on all sides. */
  readonly padding?: Margins;
  /** `"channels_last"`: Graft has no other. */
  readonly dataFormat?: Word<DataFormat>;
}

/**
 * Rows and columns of zeros around pictures: `[N, H, W, C]` → `[N, top + H + bottom, left + W + right, C]`.
 *
 * @see https://keras.io/api/layers/reshaping_layers/zero_padding2d/
 */
export class ZeroPadding2D extends UnaryLayer {
  static readonly className: string = "ZeroPadding2D";
  static readonly positional: readonly string[] = ["padding"];
  static readonly following: readonly string[] = ["dataFormat"];
  static override readonly options: readonly string[] = [
    "dataFormat",
  ] satisfies readonly (keyof ZeroPadding2DOptions)[];
  private readonly padding: FourMargins;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<ZeroPadding2DOptions, ["padding", "dataFormat"]>);
  /**
   * @param padding the margins, or all options; default 1
   * @throws UsageError when a margin is not usable
   */
  constructor(padding?: Margins | ZeroPadding2DOptions, options?: ZeroPadding2DOptions);
  constructor(...given: readonly unknown[]) {
    const all = byName<ZeroPadding2DOptions>(ZeroPadding2D, given);
    super(all);
    this.padding = fourMargins("ZeroPadding2D", "padding", all.padding ?? 1);
    channelsLastOnly("ZeroPadding2D", all.dataFormat);
  }

  protected forward(x: Value): Value {
    requireRank(channelsLast(x.shape), 4, "ZeroPadding2D");
    const [[top, bottom], [left, right]] = this.padding;
    // All axes are named: ONNX Runtime 1.30 moves a Transpose past a Pad with `axes` wrongly.
    return pad(x, [0, 0, top, left, 0, 0, bottom, right]);
  }

  getConfig(): Config {
    return { ...this.baseConfig(), padding: this.padding, data_format: "channels_last" };
  }
}

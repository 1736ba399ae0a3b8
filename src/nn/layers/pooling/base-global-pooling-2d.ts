import type { Value } from "../../../graph/value.js";
import { squeeze } from "../../../ops/layout.js";
import { channelsLast } from "../../channels.js";
import { channelsLastOnly, type DataFormat, type Word } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import { type LayerOptions, UnaryLayer } from "../../layer.js";
import { requireRank } from "../require-rank.js";

/** Options of global pooling layers. */
export interface GlobalPooling2DOptions extends LayerOptions {
  /** `"channels_last"`: Graft has no other. */
  readonly dataFormat?: Word<DataFormat>;
  /** Whether height and width stay, with extent 1; default `false`. */
  readonly keepdims?: boolean;
}

/** What global pooling layers have in common. */
export abstract class BaseGlobalPooling2D extends UnaryLayer {
  static override readonly options: readonly string[] = [
    "dataFormat",
    "keepdims",
  ] satisfies readonly (keyof GlobalPooling2DOptions)[];
  private readonly keepdims: boolean;

  /** @throws UsageError when the data format is another */
  constructor(options: GlobalPooling2DOptions = {}) {
    super(options);
    channelsLastOnly(this.className, options.dataFormat);
    this.keepdims = options.keepdims ?? false;
  }

  /** `[N, C, H, W]` → `[N, C, 1, 1]`. */
  protected abstract pool(x: Value): Value;

  protected forward(x: Value): Value {
    requireRank(channelsLast(x.shape), 4, this.className);
    return this.keepdims ? this.pool(x) : squeeze(this.pool(x), [2, 3]);
  }

  getConfig(): Config {
    return { ...this.baseConfig(), data_format: "channels_last", keepdims: this.keepdims };
  }
}

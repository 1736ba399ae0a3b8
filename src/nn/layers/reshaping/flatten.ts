import { dimProduct } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { reshapeTo } from "../../../ops/reshape.js";
import { toChannelsLast } from "../../channels.js";
import { channelsLastOnly, type DataFormat, type Word } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import { type LayerOptions, UnaryLayer } from "../../layer.js";
import { type ByPosition, byName } from "../../named.js";

/** Options of {@link Flatten}. */
export interface FlattenOptions extends LayerOptions {
  /** `"channels_last"`: Graft has no other. */
  readonly dataFormat?: Word<DataFormat>;
}

/** Options that may follow by position, in Keras's order. */
const following = ["dataFormat"] as const;

/**
 * All axes but the batch become one, in Keras's order: `[N, H, W, C]` → `[N, H · W · C]`, channels fastest.
 *
 * @see https://keras.io/api/layers/reshaping_layers/flatten/
 */
export class Flatten extends UnaryLayer {
  static readonly className: string = "Flatten";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = ["dataFormat"] satisfies readonly (keyof FlattenOptions)[];

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<FlattenOptions, typeof following>);
  /** @throws UsageError when the data format is another */
  constructor(options?: FlattenOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<FlattenOptions>(Flatten, given);
    super(options);
    channelsLastOnly("Flatten", options.dataFormat);
  }

  protected forward(x: Value): Value {
    const [batch = 1, ...others] = x.shape;
    return reshapeTo(toChannelsLast(x), [batch, dimProduct(others)]);
  }

  getConfig(): Config {
    return { ...this.baseConfig(), data_format: "channels_last" };
  }
}

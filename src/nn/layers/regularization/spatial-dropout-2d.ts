import { byName, checkOwnOptions, type ByPosition } from "../../named.js";
import type { Shape } from "../../../graph/shape.js";
import { channelsLastOnly, type DataFormat, type Word } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import type { RandomLayerOptions } from "./base-random.js";
import { Dropout } from "./dropout.js";
import { requireRank } from "../require-rank.js";

/** Options of {@link SpatialDropout2D}. */
export interface SpatialDropout2DOptions extends RandomLayerOptions {
  /** `"channels_last"`: Graft has no other. */
  readonly dataFormat?: Word<DataFormat>;
}

/** Options that may follow by position, in Keras's order. */
const following = ["dataFormat", "seed", "name"] as const;

/**
 * Dropout of whole channels: the mask is `[N, 1, 1, C]`.
 *
 * @see https://arxiv.org/abs/1411.4280
 * @see https://keras.io/api/layers/regularization_layers/spatial_dropout2d/
 */
export class SpatialDropout2D extends Dropout {
  static override readonly className: string = "SpatialDropout2D";
  static override readonly following: readonly string[] = following;
  static readonly fixedOptions: readonly string[] = ["noiseShape"];
  static override readonly options: readonly string[] = [
    "dataFormat",
  ] satisfies readonly (keyof SpatialDropout2DOptions)[];

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<SpatialDropout2DOptions & { readonly rate: number }, typeof following, ["rate"]>);
  /**
   * @param rate share of the channels that is dropped, in [0, 1]
   * @throws UsageError when the rate is outside
   */
  constructor(rate: number, options?: SpatialDropout2DOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: SpatialDropout2DOptions & { readonly rate: number });
  constructor(...given: readonly unknown[]) {
    const { rate, ...options } = byName<SpatialDropout2DOptions & { readonly rate: number }>(SpatialDropout2D, given);
    checkOwnOptions(SpatialDropout2D, options);
    super(rate, options);
    channelsLastOnly("SpatialDropout2D", options.dataFormat);
  }

  protected override maskShape(shape: Shape): Shape {
    requireRank(shape, 4, "SpatialDropout2D");
    const [batch = 1, , , channels = 1] = shape;
    return [batch, 1, 1, channels];
  }

  override getConfig(): Config {
    // Keras leaves these two out.
    const left = Object.entries(super.getConfig()).filter(([key]) => key !== "noise_shape" && key !== "trainable");
    return { ...Object.fromEntries(left), dtype: "float32", data_format: "channels_last" };
  }
}

import { dimProduct, staticDim } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { integers } from "../../../ops/constants.js";
import { expand } from "../../../ops/layout.js";
import { reshapeTo } from "../../../ops/reshape.js";
import { channelsLast } from "../../channels.js";
import { channelsLastOnly, type DataFormat, oneOf, type Pair, pair, type Word } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import { type LayerOptions, UnaryLayer } from "../../layer.js";
import { type Interpolation, interpolations } from "../pooling/interpolation-matrix.js";
import { requireRank } from "../require-rank.js";
import { resizeImages } from "../preprocessing/resize-images.js";
import { byName, type ByPosition } from "../../named.js";

/** Options of {@link UpSampling2D}. */
export interface UpSampling2DOptions extends LayerOptions {
  /** Factors of height and width; default 2. */
  readonly size?: Pair;
  /** `"channels_last"`: Graft has no other. */
  readonly dataFormat?: Word<DataFormat>;
  /** Default `"nearest"`: rows and columns are repeated. */
  readonly interpolation?: Interpolation;
}

/**
 * Enlarges pictures by whole factors: `[N, H, W, C]` → `[N, size · H, size · W, C]`.
 *
 * @see https://keras.io/api/layers/reshaping_layers/up_sampling2d/
 */
export class UpSampling2D extends UnaryLayer {
  static readonly className: string = "UpSampling2D";
  static readonly positional: readonly string[] = ["size"];
  static readonly following: readonly string[] = ["dataFormat", "interpolation"];
  static override readonly options: readonly string[] = [
    "dataFormat",
    "interpolation",
  ] satisfies readonly (keyof UpSampling2DOptions)[];
  private readonly size: readonly [number, number];
  private readonly interpolation: Interpolation;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<UpSampling2DOptions, ["size", "dataFormat", "interpolation"]>);
  /**
   * @param size the factors, or all options; default 2
   * @throws UsageError when an option is not usable
   */
  constructor(size?: Pair | UpSampling2DOptions, options?: UpSampling2DOptions);
  constructor(...given: readonly unknown[]) {
    const all = byName<UpSampling2DOptions>(UpSampling2D, given);
    super(all);
    this.size = pair("UpSampling2D", "size", all.size ?? 2);
    this.interpolation = oneOf("UpSampling2D", "interpolation", all.interpolation ?? "nearest", interpolations);
    channelsLastOnly("UpSampling2D", all.dataFormat);
  }

  protected forward(x: Value): Value {
    requireRank(channelsLast(x.shape), 4, "UpSampling2D");
    const [n = 1, c = 1, h = 1, w = 1] = x.shape;
    const [high, wide] = this.size;
    if (this.interpolation !== "nearest") {
      const larger = [
        high * staticDim(x.shape, 2, "UpSampling2D"),
        wide * staticDim(x.shape, 3, "UpSampling2D"),
      ] as const;
      return resizeImages(x, larger, this.interpolation, false);
    }
    // An axis of extent 1 behind each of height and width is repeated, then joined with it.
    const repeated = expand(reshapeTo(x, [n, c, h, 1, w, 1]), integers([1, 1, 1, high, 1, wide]));
    return reshapeTo(repeated, [n, c, dimProduct([high, h]), dimProduct([wide, w])]);
  }

  getConfig(): Config {
    return {
      ...this.baseConfig(),
      size: this.size,
      data_format: "channels_last",
      interpolation: this.interpolation,
    };
  }
}

import { ShapeError } from "../../../errors/errors.js";
import { formatShape, staticDim } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { slice } from "../../../ops/slicing.js";
import { channelsLast } from "../../channels.js";
import { channelsLastOnly, type DataFormat, type Word } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import { type LayerOptions, UnaryLayer } from "../../layer.js";
import { type FourMargins, fourMargins, type Margins } from "./margins.js";
import { requireRank } from "../require-rank.js";
import { byName, type ByPosition } from "../../named.js";

/** Options of {@link Cropping2D}. */
export interface Cropping2DOptions extends LayerOptions {
  /** Default 0 on all sides. */
  readonly cropping?: Margins;
  /** `"channels_last"`: Graft has no other. */
  readonly dataFormat?: Word<DataFormat>;
}

/**
 * Takes rows and columns away at the edges: `[N, H, W, C]` → `[N, H − top − bottom, W − left − right, C]`.
 *
 * @see https://keras.io/api/layers/reshaping_layers/cropping2d/
 */
export class Cropping2D extends UnaryLayer {
  static readonly className: string = "Cropping2D";
  static readonly positional: readonly string[] = ["cropping"];
  static readonly following: readonly string[] = ["dataFormat"];
  static override readonly options: readonly string[] = ["dataFormat"] satisfies readonly (keyof Cropping2DOptions)[];
  private readonly cropping: FourMargins;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<Cropping2DOptions, ["cropping", "dataFormat"]>);
  /**
   * @param cropping the margins, or all options; default 0
   * @throws UsageError when a margin is not usable
   */
  constructor(cropping?: Margins | Cropping2DOptions, options?: Cropping2DOptions);
  constructor(...given: readonly unknown[]) {
    const all = byName<Cropping2DOptions>(Cropping2D, given);
    super(all);
    this.cropping = fourMargins("Cropping2D", "cropping", all.cropping ?? 0);
    channelsLastOnly("Cropping2D", all.dataFormat);
  }

  protected forward(x: Value): Value {
    requireRank(channelsLast(x.shape), 4, "Cropping2D");
    const [[top, bottom], [left, right]] = this.cropping;
    const height = staticDim(x.shape, 2, "Cropping2D");
    const width = staticDim(x.shape, 3, "Cropping2D");
    if (top + bottom >= height || left + right >= width) {
      throw new ShapeError("Cropping2D: nothing would be left.", {
        subject: "cropping",
        expected: `margins smaller than the picture, ${formatShape(channelsLast(x.shape))}`,
        received: JSON.stringify(this.cropping),
      });
    }
    return slice(x, { starts: [top, left], ends: [height - bottom, width - right], axes: [2, 3] });
  }

  getConfig(): Config {
    return { ...this.baseConfig(), cropping: this.cropping, data_format: "channels_last" };
  }
}

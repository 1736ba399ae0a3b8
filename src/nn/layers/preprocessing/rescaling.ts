import { numberOrList } from "../../../errors/check.js";
import { float32 } from "../../../onnx/tensor-data.js";
import { constant, type Value } from "../../../graph/value.js";
import { add, mul } from "../../../ops/elementwise.js";
import { cast } from "../../../ops/layout.js";
import type { Config } from "../../config.js";
import { type LayerOptions, UnaryLayer } from "../../layer.js";
import { byName } from "../../named.js";

/** One number for all channels, or one for each. */
type PerChannel = number | readonly number[];

/** Options of {@link Rescaling}. */
export interface RescalingOptions extends LayerOptions {
  /** Added after the multiplication: one number, or one a channel; default 0. */
  readonly offset?: PerChannel;
}

/**
 * `x · scale + offset`, as float32.
 *
 * @see https://keras.io/api/layers/preprocessing_layers/image_preprocessing/rescaling/
 */
export class Rescaling extends UnaryLayer {
  static readonly className: string = "Rescaling";
  static readonly positional: readonly string[] = ["scale"];
  static readonly following: readonly string[] = ["offset"];
  static override readonly options: readonly string[] = ["offset"] satisfies readonly (keyof RescalingOptions)[];
  private readonly scale: PerChannel;
  private readonly offset: PerChannel;

  /** @param scale the factor: one number, or one a channel */
  constructor(scale: PerChannel, options?: RescalingOptions);
  /** In Keras's order, as many by position as one likes. */
  constructor(scale: PerChannel, offset: PerChannel, options?: RescalingOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: RescalingOptions & { readonly scale: PerChannel });
  constructor(...given: readonly unknown[]) {
    const { scale, ...options } = byName<RescalingOptions & { readonly scale: PerChannel }>(Rescaling, given);
    super(options);
    this.scale = numberOrList("Rescaling", "scale", scale);
    this.offset = numberOrList("Rescaling", "offset", options.offset ?? 0);
  }

  protected forward(x: Value): Value {
    const along = (numbers: PerChannel): Value => {
      const list = typeof numbers === "number" ? [numbers] : numbers;
      const dims = typeof numbers === "number" ? [] : x.rank === 4 ? [list.length, 1, 1] : [list.length];
      return constant(float32(list, dims));
    };
    const scaled = mul(x.type === "float32" ? x : cast(x, "float32"), along(this.scale));
    return this.offset === 0 ? scaled : add(scaled, along(this.offset));
  }

  getConfig(): Config {
    return { ...this.baseConfig(), scale: this.scale, offset: this.offset };
  }
}

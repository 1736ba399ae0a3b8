import { normalizeAxis, type Shape, staticDim } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { scalarLike } from "../../../ops/constants.js";
import { add, div, mul, sqrt, square } from "../../../ops/elementwise.js";
import { reduceMean } from "../../../ops/reduction.js";
import { reshapeTo } from "../../../ops/reshape.js";
import { channelsLast, graphAxis, toChannelsFirst } from "../../channels.js";
import { numberWithin, wholeOrList } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import type { CallContext } from "../../context.js";
import { Ones } from "../../initializers/ones.js";
import { type LayerOptions, UnaryLayer } from "../../layer.js";
import type { Variable } from "../../variable.js";
import { type ByPosition, byName } from "../../named.js";

/** Options of {@link RMSNormalization}. */
export interface RMSNormalizationOptions extends LayerOptions {
  /** Axis or axes that are normalized together, in Keras's order; default -1, the channels. */
  readonly axis?: number | readonly number[];
  /** Added to the mean square; default 1e-6. */
  readonly epsilon?: number;
}

/** Options that may follow by position, in Keras's order. */
const following = ["axis", "epsilon"] as const;

/**
 * `scale · x / √(mean of x² + epsilon)` over some axes of each sample.
 *
 * Weight: `scale`, with the extents of the axes.
 *
 * @see https://arxiv.org/abs/1910.07467
 * @see https://keras.io/api/layers/normalization_layers/rms_normalization/
 */
export class RMSNormalization extends UnaryLayer {
  static readonly className: string = "RMSNormalization";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = [
    "axis",
    "epsilon",
  ] satisfies readonly (keyof RMSNormalizationOptions)[];
  private readonly axis: readonly number[];
  private readonly epsilon: number;
  private scale: Variable | undefined;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<RMSNormalizationOptions, typeof following>);
  /** @throws UsageError when an option is not usable */
  constructor(options?: RMSNormalizationOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<RMSNormalizationOptions>(RMSNormalization, given);
    super(options);
    const { axis = -1 } = options;
    this.axis = [...wholeOrList(this.className, "axis", axis)].sort((a, b) => a - b);
    this.epsilon = numberWithin("RMSNormalization", "epsilon", options.epsilon ?? 1e-6, 0);
  }

  protected override createWeights([shape = []]: readonly Shape[]): void {
    const extent = (axis: number): number =>
      staticDim(shape, normalizeAxis(axis, shape.length, this.className), this.className);
    this.scale = this.createWeight("scale", this.axis.map(extent), new Ones());
  }

  protected forward(x: Value, context: CallContext): Value {
    const axes = this.axis.map((axis) => normalizeAxis(axis, x.rank, this.className));
    const wide = reshapeTo(
      this.weightValue(this.scale, context),
      channelsLast(x.shape).map((dim, axis) => (axes.includes(axis) ? dim : 1)),
    );
    const inGraph = this.axis.map((axis) => graphAxis(axis, x.rank, this.className));
    const mean = reduceMean(square(x), inGraph, { keepdims: 1 });
    return mul(div(x, sqrt(add(mean, scalarLike(x, this.epsilon)))), toChannelsFirst(wide));
  }

  getConfig(): Config {
    return { ...this.baseConfig(), axis: this.axis, epsilon: this.epsilon };
  }
}

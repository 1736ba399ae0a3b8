import { wholeOrList } from "../../../errors/check.js";
import type { Value } from "../../../graph/value.js";
import { where } from "../../../ops/comparison.js";
import { scalarLike } from "../../../ops/constants.js";
import { notMasked } from "../../mask.js";
import { div, exp, sub } from "../../../ops/elementwise.js";
import { reduceMax, reduceSum } from "../../../ops/reduction.js";
import { softmax } from "../../activations/softmax.js";
import { graphAxis } from "../../channels.js";
import type { Config } from "../../config.js";
import type { CallContext } from "../../context.js";
import { type LayerOptions, UnaryLayer } from "../../layer.js";
import { byName } from "../../named.js";

/** Options of {@link Softmax}. */
export interface SoftmaxLayerOptions extends LayerOptions {
  /** Axis or axes in Keras's order; default -1, the channels. */
  readonly axis?: number | readonly number[];
}

/**
 * `eˣ / Σ eˣ` along one axis or several.
 *
 * @see https://keras.io/api/layers/activation_layers/softmax/ – `apply(x, { mask })` leaves values out
 */
export class Softmax extends UnaryLayer {
  static readonly className: string = "Softmax";
  static readonly positional: readonly string[] = ["axis"];
  private readonly axis: number | readonly number[];

  /** @param axis the axis, or all options; default -1 */
  constructor(axis?: number | readonly number[] | SoftmaxLayerOptions, options?: SoftmaxLayerOptions) {
    const all = byName<SoftmaxLayerOptions>(Softmax, [axis, options]);
    super(all);
    this.axis = all.axis ?? -1;
    wholeOrList("Softmax", "axis", this.axis);
  }

  protected override get callArguments(): readonly string[] {
    return ["mask"];
  }

  protected forward(x: Value, _context: CallContext, mask?: Value): Value {
    if (mask === undefined) return this.normalized(x);
    const counted = notMasked(mask);
    const normalized = this.normalized(where(counted, x, scalarLike(x, -1e9)));
    return where(counted, normalized, scalarLike(x, 0));
  }

  private normalized(x: Value): Value {
    const [first = -1, ...others] = typeof this.axis === "number" ? [this.axis] : this.axis;
    if (others.length === 0) return softmax(x, { axis: first });
    const axes = [first, ...others].map((axis) => graphAxis(axis, x.rank, "Softmax"));
    const exponentials = exp(sub(x, reduceMax(x, axes, { keepdims: 1 })));
    return div(exponentials, reduceSum(exponentials, axes, { keepdims: 1 }));
  }

  getConfig(): Config {
    return { ...this.baseConfig(), axis: this.axis };
  }
}

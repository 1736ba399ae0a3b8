import { byName, type ByPosition } from "../../named.js";
import type { Value } from "../../../graph/value.js";
import { greaterOrEqual, where } from "../../../ops/comparison.js";
import { scalarLike } from "../../../ops/constants.js";
import { add, mul } from "../../../ops/elementwise.js";
import { channelsFirst, channelsLast } from "../../channels.js";
import type { CallContext } from "../../context.js";
import { Dropout, type DropoutOptions } from "./dropout.js";

/** What SELU comes near to for very negative numbers. */
const dropped = -1.6732632423543772 * 1.0507009873554805;

/** Options that may follow by position, in Keras's order. */
const following = ["noiseShape", "seed"] as const;

/**
 * Training: each element becomes SELU's least value with probability `rate`; then all are scaled and shifted so that mean
 * and variance stay. Inference: `x`.
 *
 * @see https://arxiv.org/abs/1706.02515
 * @see https://keras.io/api/layers/regularization_layers/alpha_dropout/ – the masks of a seed differ from Keras's
 */
export class AlphaDropout extends Dropout {
  static override readonly className: string = "AlphaDropout";
  static override readonly following: readonly string[] = following;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<DropoutOptions & { readonly rate: number }, typeof following, ["rate"]>);
  /**
   * @param rate share of the elements that is dropped, in [0, 1]
   * @throws UsageError when the rate is outside
   */
  constructor(rate: number, options?: DropoutOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: DropoutOptions & { readonly rate: number });
  constructor(...given: readonly unknown[]) {
    const { rate, ...options } = byName<DropoutOptions & { readonly rate: number }>(AlphaDropout, given);
    super(rate, options);
  }

  protected override forward(x: Value, context: CallContext): Value {
    if (!context.training || this.rate === 0) return x;
    const shape = channelsFirst(this.maskShape(channelsLast(x.shape)));
    const kept = greaterOrEqual(context.random(this.stream, "uniform", shape), scalarLike(x, this.rate));
    const scale = ((1 - this.rate) * (1 + this.rate * dropped ** 2)) ** -0.5;
    const remaining = where(kept, x, scalarLike(x, dropped));
    return add(mul(remaining, scalarLike(x, scale)), scalarLike(x, -scale * dropped * this.rate));
  }
}

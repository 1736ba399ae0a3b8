import type { Value } from "../../graph/value.js";
import { clip, div, log, mul } from "../../ops/elementwise.js";
import { reduceSum } from "../../ops/reduction.js";
import { align } from "./align.js";
import { Loss, type LossOptions } from "./loss.js";
import { type ByPosition, byName } from "../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["reduction", "name"] as const;

/**
 * `Σ t log(t / p)` over the last axis, with both clipped to [1e-7, 1].
 *
 * @see https://keras.io/api/losses/probabilistic_losses/#kldivergence-class
 */
export class KLDivergence extends Loss {
  static readonly className: string = "KLDivergence";
  static readonly following: readonly string[] = following;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<LossOptions, typeof following>);
  constructor(options?: LossOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<LossOptions>(KLDivergence, given);
    super("kl_divergence", options);
  }

  protected override perElement(labels: Value, output: Value): Value {
    const { truth, prediction } = align(labels, output, this.name);
    const [t, p] = [clip(truth, 1e-7, 1), clip(prediction, 1e-7, 1)];
    return reduceSum(mul(t, log(div(t, p))), [t.rank - 1], { keepdims: 0 });
  }
}

import type { Value } from "../../graph/value.js";
import { relu } from "../../ops/activations.js";
import { scalarLike } from "../../ops/constants.js";
import { add, mul, sub } from "../../ops/elementwise.js";
import { reduceMax, reduceSum } from "../../ops/reduction.js";
import { type LabelRule, sides } from "../label-rule.js";
import { align } from "./align.js";
import { Loss, type LossOptions } from "./loss.js";
import { type ByPosition, byName } from "../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["reduction", "name"] as const;

/**
 * `max(neg − pos + 1, 0)` with `pos = Σ t p` and `neg = max (1 − t) p` over the classes; labels are one-hot.
 *
 * @see https://keras.io/api/losses/hinge_losses/#categoricalhinge-class
 */
export class CategoricalHinge extends Loss {
  static readonly className: string = "CategoricalHinge";
  static readonly following: readonly string[] = following;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<LossOptions, typeof following>);
  constructor(options?: LossOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<LossOptions>(CategoricalHinge, given);
    super("categorical_hinge", options);
  }

  protected override perElement(labels: Value, output: Value): Value {
    const { truth, prediction } = align(labels, output, this.name);
    const one = scalarLike(prediction, 1);
    const axes = [prediction.rank - 1];
    const positive = reduceSum(mul(truth, prediction), axes, { keepdims: 0 });
    const negative = reduceMax(mul(sub(one, truth), prediction), axes, { keepdims: 0 });
    return relu(add(sub(negative, positive), one));
  }

  override labelRule(): LabelRule {
    return sides;
  }
}

import type { Value } from "../../graph/value.js";
import { relu } from "../../ops/activations.js";
import { scalarLike } from "../../ops/constants.js";
import { mul, square, sub } from "../../ops/elementwise.js";
import { type LabelRule, sides } from "../label-rule.js";
import { ElementwiseLoss } from "./elementwise-loss.js";
import type { LossOptions } from "./loss.js";
import { signedLabels } from "./signed-labels.js";
import { type ByPosition, byName } from "../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["reduction", "name"] as const;

/** `max(1 − t p, 0)²`, with labels −1 and 1 (or 0 and 1), averaged over the last axis. @see https://keras.io/api/losses/hinge_losses/#squaredhinge-class */
export class SquaredHinge extends ElementwiseLoss {
  static readonly className: string = "SquaredHinge";
  static readonly following: readonly string[] = following;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<LossOptions, typeof following>);
  constructor(options?: LossOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<LossOptions>(SquaredHinge, given);
    super("squared_hinge", options);
  }

  protected between(truth: Value, prediction: Value): Value {
    return square(relu(sub(scalarLike(prediction, 1), mul(signedLabels(truth), prediction))));
  }

  override labelRule(): LabelRule {
    return sides;
  }
}

import type { Value } from "../../graph/value.js";
import { scalarLike } from "../../ops/constants.js";
import { add, log, mul, sub } from "../../ops/elementwise.js";
import { ElementwiseLoss } from "./elementwise-loss.js";
import type { LossOptions } from "./loss.js";
import { type ByPosition, byName } from "../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["reduction", "name"] as const;

/** `p − t log(p + 1e-7)`, averaged over the last axis. @see https://keras.io/api/losses/probabilistic_losses/#poisson-class */
export class Poisson extends ElementwiseLoss {
  static readonly className: string = "Poisson";
  static readonly following: readonly string[] = following;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<LossOptions, typeof following>);
  constructor(options?: LossOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<LossOptions>(Poisson, given);
    super("poisson", options);
  }

  protected between(truth: Value, prediction: Value): Value {
    return sub(prediction, mul(truth, log(add(prediction, scalarLike(prediction, 1e-7)))));
  }
}

import type { Value } from "../../graph/value.js";
import { scalarLike } from "../../ops/constants.js";
import { add, log, mul, sub } from "../../ops/elementwise.js";
import { ElementwiseLoss } from "./elementwise-loss.js";
import type { LossOptions } from "./loss.js";
import { type ByPosition, byName } from "../named.js";

/** `p − t log(p + 1e-7)`, averaged over the last axis. @see https://keras.io/api/losses/probabilistic_losses/#poisson-class */
export class Poisson extends ElementwiseLoss {
  static readonly className: string = "Poisson";
  static readonly following: readonly string[] = ["reduction", "name"];

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<LossOptions, ["reduction", "name"]>);
  constructor(options?: LossOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<LossOptions>(Poisson, given);
    super("poisson", options);
  }

  protected between(truth: Value, prediction: Value): Value {
    return sub(prediction, mul(truth, log(add(prediction, scalarLike(prediction, 1e-7)))));
  }
}

import type { Value } from "../../graph/value.js";
import { scalarLike } from "../../ops/constants.js";
import { add, div, mul, sub } from "../../ops/elementwise.js";

import type { Config } from "../config.js";
import { type LabelRule, shares } from "../label-rule.js";
import { align } from "./align.js";
import { Loss, type LossOptions } from "./loss.js";
import { forEachSample, overlapSum } from "./overlap.js";
import { type ByPosition, byName } from "../named.js";

/** Options of {@link Dice}. */
export interface DiceOptions extends LossOptions {
  /** Axes in Keras's order that are summed over; default: all of them, the batch too. */
  readonly axis?: readonly number[] | undefined;
}

/** Options that may follow by position, in Keras's order. */
const following = ["reduction", "name", "axis"] as const;

/**
 * `1 − 2 Σ t p / (Σ t + Σ p + 1e-7)`: how little two regions overlap.
 *
 * @see https://keras.io/api/losses/probabilistic_losses/
 */
export class Dice extends Loss {
  static readonly className: string = "Dice";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = ["axis"] satisfies readonly (keyof DiceOptions)[];
  private readonly axis: readonly number[] | undefined;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<DiceOptions, typeof following>);
  /** @throws UsageError when an option is not usable */
  constructor(options?: DiceOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<DiceOptions>(Dice, given);
    super("dice", options);
    this.axis = options.axis;
  }

  protected override perElement(labels: Value, output: Value): Value {
    const { truth, prediction } = align(labels, output, this.name);
    const number = (value: number): Value => scalarLike(prediction, value);
    const sum = (x: Value): Value => overlapSum(x, this.axis, this.name);
    const both = mul(number(2), sum(mul(truth, prediction)));
    const loss = sub(number(1), div(both, add(add(sum(truth), sum(prediction)), number(1e-7))));
    return forEachSample(loss, prediction);
  }

  override labelRule(): LabelRule {
    return shares;
  }

  override getConfig(): Config {
    return { ...super.getConfig(), axis: this.axis ?? null };
  }
}

import type { Value } from "../../graph/value.js";
import { scalarLike } from "../../ops/constants.js";
import { add, div, mul, sub } from "../../ops/elementwise.js";
import { numberWithin } from "../../errors/check.js";
import type { Config } from "../config.js";
import { type LabelRule, shares } from "../label-rule.js";
import { align } from "./align.js";
import { Loss, type LossOptions } from "./loss.js";
import { forEachSample, overlapSum } from "./overlap.js";
import { type ByPosition, byName } from "../named.js";

/** Options of {@link Tversky}. */
export interface TverskyOptions extends LossOptions {
  /** Weight of what is missed; default 0.5. */
  readonly alpha?: number;
  /** Weight of what is found wrongly; default 0.5. */
  readonly beta?: number;
  /** Axes in Keras's order that are summed over; default: all of them, the batch too. */
  readonly axis?: readonly number[] | undefined;
}

/** Options that may follow by position, in Keras's order. */
const following = ["alpha", "beta", "reduction", "name", "axis"] as const;

/**
 * `1 − S / (S + alpha Σ t (1 − p) + beta Σ p (1 − t) + 1e-7)` with `S = Σ t p`; with ½ and ½ it is `Dice`.
 *
 * @see https://keras.io/api/losses/probabilistic_losses/
 */
export class Tversky extends Loss {
  static readonly className: string = "Tversky";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = [
    "alpha",
    "beta",
    "axis",
  ] satisfies readonly (keyof TverskyOptions)[];
  private readonly alpha: number;
  private readonly beta: number;
  private readonly axis: readonly number[] | undefined;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<TverskyOptions, typeof following>);
  /** @throws UsageError when an option is not usable */
  constructor(options?: TverskyOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<TverskyOptions>(Tversky, given);
    super("tversky", options);
    this.alpha = numberWithin("Tversky", "alpha", options.alpha ?? 0.5, 0);
    this.beta = numberWithin("Tversky", "beta", options.beta ?? 0.5, 0);
    this.axis = options.axis;
  }

  protected override perElement(labels: Value, output: Value): Value {
    const { truth, prediction } = align(labels, output, this.name);
    const number = (value: number): Value => scalarLike(prediction, value);
    const sum = (x: Value): Value => overlapSum(x, this.axis, this.name);
    const both = sum(mul(truth, prediction));
    const missed = mul(number(this.alpha), sum(mul(truth, sub(number(1), prediction))));
    const wrong = mul(number(this.beta), sum(mul(prediction, sub(number(1), truth))));
    const loss = sub(number(1), div(both, add(add(add(both, missed), wrong), number(1e-7))));
    return forEachSample(loss, prediction);
  }

  override labelRule(): LabelRule {
    return shares;
  }

  override getConfig(): Config {
    return { ...super.getConfig(), alpha: this.alpha, beta: this.beta, axis: this.axis ?? null };
  }
}

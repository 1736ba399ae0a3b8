import type { Value } from "../../graph/value.js";
import { lessOrEqual, where } from "../../ops/comparison.js";
import { scalarLike } from "../../ops/constants.js";
import { abs, mul, square, sub } from "../../ops/elementwise.js";
import { numberWithin } from "../../errors/check.js";
import type { Config } from "../config.js";
import { ElementwiseLoss } from "./elementwise-loss.js";
import type { LossOptions } from "./loss.js";
import { type ByPosition, byName } from "../named.js";

/** Options of {@link Huber}. */
export interface HuberOptions extends LossOptions {
  /** Where the parabola becomes a line; default 1. */
  readonly delta?: number;
}

/** Options that may follow by position, in Keras's order. */
const following = ["delta", "reduction", "name"] as const;

/**
 * `½ e²` up to |e| = delta, `delta · (|e| − ½ delta)` beyond, with e = p − t, averaged over the last axis.
 *
 * @see https://keras.io/api/losses/regression_losses/#huber-class
 */
export class Huber extends ElementwiseLoss {
  static readonly className: string = "Huber";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = ["delta"] satisfies readonly (keyof HuberOptions)[];
  private readonly delta: number;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<HuberOptions, typeof following>);
  /** @throws UsageError when an option is not usable */
  constructor(options?: HuberOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<HuberOptions>(Huber, given);
    super("huber_loss", options);
    this.delta = numberWithin("Huber", "delta", options.delta ?? 1, 0);
  }

  protected between(truth: Value, prediction: Value): Value {
    const error = sub(prediction, truth);
    const number = (value: number): Value => scalarLike(error, value);
    const line = mul(number(this.delta), sub(abs(error), number(this.delta / 2)));
    const parabola = mul(number(0.5), square(error));
    return where(lessOrEqual(abs(error), number(this.delta)), parabola, line);
  }

  override getConfig(): Config {
    return { ...super.getConfig(), delta: this.delta };
  }
}

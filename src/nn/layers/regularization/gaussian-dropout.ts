import type { Value } from "../../../graph/value.js";
import { scalarLike } from "../../../ops/constants.js";
import { add, mul } from "../../../ops/elementwise.js";
import { numberInside } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import type { CallContext } from "../../context.js";
import { BaseRandom, type RandomLayerOptions } from "./base-random.js";
import { byName, type ByPosition } from "../../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["seed"] as const;

/**
 * Training: multiplies by normally distributed numbers with mean 1 and deviation √(rate / (1 − rate)). Inference: `x`.
 *
 * @see https://keras.io/api/layers/regularization_layers/gaussian_dropout/
 */
export class GaussianDropout extends BaseRandom {
  static readonly className: string = "GaussianDropout";
  static readonly positional: readonly string[] = ["rate"];
  static readonly following: readonly string[] = following;
  private readonly rate: number;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<RandomLayerOptions & { readonly rate: number }, typeof following, ["rate"]>);
  /**
   * @param rate as the rate of Dropout with the same variance, in [0, 1)
   * @throws UsageError when it is outside
   */
  constructor(rate: number, options?: RandomLayerOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: RandomLayerOptions & { readonly rate: number });
  constructor(...given: readonly unknown[]) {
    const { rate, ...options } = byName<RandomLayerOptions & { readonly rate: number }>(GaussianDropout, given);
    super(options);
    this.rate = numberInside("GaussianDropout", "rate", rate, { from: 0, below: 1 });
  }

  protected forward(x: Value, context: CallContext): Value {
    if (!context.training || this.rate === 0) return x;
    const noise = context.random(this.stream, "normal", x.shape);
    return mul(x, add(mul(noise, scalarLike(x, Math.sqrt(this.rate / (1 - this.rate)))), scalarLike(x, 1)));
  }

  override getConfig(): Config {
    return { ...super.getConfig(), rate: this.rate };
  }
}

import { scalarLike } from "../../ops/constants.js";
import { add, div, max, mul, pow, sqrt, square, sub } from "../../ops/elementwise.js";
import { numberWithin } from "../../errors/check.js";
import type { Config } from "../config.js";
import { type LearningRate, Optimizer, type OptimizerOptions, slotOf } from "./optimizer.js";
import type { Update, UpdateArguments } from "./update-rule.js";
import type { Value } from "../../graph/value.js";
import { byName, type ByPosition } from "../named.js";

/** Options of {@link Adam}. */
export interface AdamOptions extends OptimizerOptions {
  /** How much of the mean gradient each step keeps, in [0, 1]; default 0.9. */
  readonly beta1?: number;
  /** How much of the mean square each step keeps, in [0, 1]; default 0.999. */
  readonly beta2?: number;
  /** Added to the root; default 1e-7. */
  readonly epsilon?: number;
  /** Whether the greatest mean square so far is used; default `false`. */
  readonly amsgrad?: boolean;
}

/** Options that may follow by position, in Keras's order. */
const following = [
  "beta1",
  "beta2",
  "epsilon",
  "amsgrad",
  "weightDecay",
  "clipnorm",
  "clipvalue",
  "globalClipnorm",
  "useEma",
  "emaMomentum",
  "emaOverwriteFrequency",
] as const;

/**
 * Adaptive moments: `m ← m + (1 − β₁)(g − m)`, `v ← v + (1 − β₂)(g² − v)`,
 * `w ← w − η √(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + ε)`.
 *
 * @see https://arxiv.org/abs/1412.6980
 */
export class Adam extends Optimizer {
  static readonly className: string = "Adam";
  static readonly positional: readonly string[] = ["learningRate"];
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = [
    "beta1",
    "beta2",
    "epsilon",
    "amsgrad",
  ] satisfies readonly (keyof AdamOptions)[];
  private readonly beta1: number;
  private readonly beta2: number;
  private readonly epsilon: number;
  private readonly amsgrad: boolean;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<AdamOptions, typeof following, ["learningRate"]>);
  /**
   * @param learningRate the step size, or all options; default 0.001
   * @throws UsageError when an option is not usable
   */
  constructor(learningRate?: LearningRate | AdamOptions, options?: AdamOptions);
  /** In Keras's order, as many by position as one likes. */
  constructor(learningRate: LearningRate, beta1: number, options?: AdamOptions);
  /** In Keras's order, as many by position as one likes. */
  constructor(learningRate: LearningRate, beta1: number, beta2: number, options?: AdamOptions);
  constructor(...given: readonly unknown[]) {
    const all = byName<AdamOptions>(Adam, given);
    super(all.learningRate ?? 0.001, all);
    this.beta1 = numberWithin("Adam", "beta1", all.beta1 ?? 0.9, 0, 1);
    this.beta2 = numberWithin("Adam", "beta2", all.beta2 ?? 0.999, 0, 1);
    this.epsilon = numberWithin("Adam", "epsilon", all.epsilon ?? 1e-7, 0);
    this.amsgrad = all.amsgrad ?? false;
  }

  protected get methodSlots(): Readonly<Record<string, number>> {
    return { momentum: 0, velocity: 0, ...(this.amsgrad ? { velocity_hat: 0 } : {}) };
  }

  protected method({ weight, gradient, slots, learningRate, step }: UpdateArguments): Update {
    const number = (value: number): Value => scalarLike(weight, value);
    const rest = (beta: number): Value => sub(number(1), pow(number(beta), step));
    const rate = div(mul(learningRate, sqrt(rest(this.beta2))), rest(this.beta1));
    const m = slotOf(slots, "momentum");
    const v = slotOf(slots, "velocity");
    const momentum = add(m, mul(sub(gradient, m), number(1 - this.beta1)));
    const velocity = add(v, mul(sub(square(gradient), v), number(1 - this.beta2)));
    const greatest = this.amsgrad ? max([slotOf(slots, "velocity_hat"), velocity]) : undefined;
    const change = div(mul(momentum, rate), add(sqrt(greatest ?? velocity), number(this.epsilon)));
    return {
      weight: sub(weight, change),
      slots: { momentum, velocity, ...(greatest === undefined ? {} : { velocity_hat: greatest }) },
    };
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      beta_1: this.beta1,
      beta_2: this.beta2,
      epsilon: this.epsilon,
      amsgrad: this.amsgrad,
    };
  }
}

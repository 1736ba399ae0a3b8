import { scalarLike } from "../../ops/constants.js";
import { add, div, mul, pow, sqrt, square, sub } from "../../ops/elementwise.js";
import { numberWithin } from "../../errors/check.js";
import type { Config } from "../config.js";
import { type LearningRate, Optimizer, type OptimizerOptions, slotOf } from "./optimizer.js";
import type { Update, UpdateArguments } from "./update-rule.js";
import type { Value } from "../../graph/value.js";
import { byName, type ByPosition } from "../named.js";

/** Options of {@link Nadam}. */
export interface NadamOptions extends OptimizerOptions {
  /** How much of the mean gradient each step keeps, in [0, 1]; default 0.9. */
  readonly beta1?: number;
  /** How much of the mean square each step keeps, in [0, 1]; default 0.999. */
  readonly beta2?: number;
  /** Added to the root; default 1e-7. */
  readonly epsilon?: number;
}

/**
 * Adam with Nesterov's momentum: `m` and `v` as there, `μₜ = β₁ (1 − 0.96ᵗ / 2)`, `Π = μ₁ … μₜ`,
 * `m̂ = μₜ₊₁ m / (1 − Π μₜ₊₁) + (1 − μₜ) g / (1 − Π)`, `w ← w − η m̂ / (√(v / (1 − β₂ᵗ)) + ε)`.
 *
 * @see https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ
 */
export class Nadam extends Optimizer {
  static readonly className: string = "Nadam";
  static readonly positional: readonly string[] = ["learningRate"];
  static readonly following: readonly string[] = [
    "beta1",
    "beta2",
    "epsilon",
    "weightDecay",
    "clipnorm",
    "clipvalue",
    "globalClipnorm",
    "useEma",
    "emaMomentum",
    "emaOverwriteFrequency",
  ];
  static override readonly options: readonly string[] = [
    "beta1",
    "beta2",
    "epsilon",
  ] satisfies readonly (keyof NadamOptions)[];
  private readonly beta1: number;
  private readonly beta2: number;
  private readonly epsilon: number;

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<
      NadamOptions,
      [
        "learningRate",
        "beta1",
        "beta2",
        "epsilon",
        "weightDecay",
        "clipnorm",
        "clipvalue",
        "globalClipnorm",
        "useEma",
        "emaMomentum",
        "emaOverwriteFrequency",
      ]
    >
  );
  /**
   * @param learningRate the step size, or all options; default 0.001
   * @throws UsageError when an option is not usable
   */
  constructor(learningRate?: LearningRate | NadamOptions, options?: NadamOptions);
  constructor(...given: readonly unknown[]) {
    const all = byName<NadamOptions>(Nadam, given);
    super(all.learningRate ?? 0.001, all);
    this.beta1 = numberWithin("Nadam", "beta1", all.beta1 ?? 0.9, 0, 1);
    this.beta2 = numberWithin("Nadam", "beta2", all.beta2 ?? 0.999, 0, 1);
    this.epsilon = numberWithin("Nadam", "epsilon", all.epsilon ?? 1e-7, 0);
  }

  protected get methodSlots(): Readonly<Record<string, number>> {
    return { momentum: 0, velocity: 0, u_product: 1 };
  }

  override slotShape(slot: string, shape: readonly number[]): readonly number[] {
    return slot === "u_product" ? [] : shape;
  }

  protected method({ weight, gradient, slots, learningRate, step }: UpdateArguments): Update {
    const number = (value: number): Value => scalarLike(weight, value);
    const one = number(1);
    const m = slotOf(slots, "momentum");
    const v = slotOf(slots, "velocity");
    const momentumAt = (at: Value): Value => mul(number(this.beta1), sub(one, mul(number(0.5), pow(number(0.96), at))));
    const now = momentumAt(step);
    const next = momentumAt(add(step, one));
    const product = mul(slotOf(slots, "u_product"), now);
    const momentum = add(m, mul(sub(gradient, m), number(1 - this.beta1)));
    const velocity = add(v, mul(sub(square(gradient), v), number(1 - this.beta2)));
    const ahead = add(
      div(mul(next, momentum), sub(one, mul(product, next))),
      div(mul(sub(one, now), gradient), sub(one, product)),
    );
    const spread = div(velocity, sub(one, pow(number(this.beta2), step)));
    const change = div(mul(ahead, learningRate), add(sqrt(spread), number(this.epsilon)));
    return { weight: sub(weight, change), slots: { momentum, velocity, u_product: product } };
  }

  override getConfig(): Config {
    return { ...super.getConfig(), beta_1: this.beta1, beta_2: this.beta2, epsilon: this.epsilon };
  }
}

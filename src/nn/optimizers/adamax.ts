import { scalarLike } from "../../ops/constants.js";
import { abs, add, div, max, mul, pow, sub } from "../../ops/elementwise.js";
import { numberWithin } from "../../errors/check.js";
import type { Config } from "../config.js";
import { type LearningRate, Optimizer, type OptimizerOptions, slotOf } from "./optimizer.js";
import type { Update, UpdateArguments } from "./update-rule.js";
import type { Value } from "../../graph/value.js";
import { byName, type ByPosition } from "../named.js";

/** Options of {@link Adamax}. */
export interface AdamaxOptions extends OptimizerOptions {
  /** How much of the mean gradient each step keeps, in [0, 1]; default 0.9. */
  readonly beta1?: number;
  /** How much of the greatest gradient each step keeps, in [0, 1]; default 0.999. */
  readonly beta2?: number;
  /** Added to the greatest gradient; default 1e-7. */
  readonly epsilon?: number;
}

/**
 * Adam with the greatest gradient in place of the mean square: `m ← m + (1 − β₁)(g − m)`, `u ← max(β₂ u, |g|)`,
 * `w ← w − η m / ((1 − β₁ᵗ)(u + ε))`.
 *
 * @see https://arxiv.org/abs/1412.6980
 */
export class Adamax extends Optimizer {
  static readonly className: string = "Adamax";
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
  ] satisfies readonly (keyof AdamaxOptions)[];
  private readonly beta1: number;
  private readonly beta2: number;
  private readonly epsilon: number;

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<
      AdamaxOptions,
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
  constructor(learningRate?: LearningRate | AdamaxOptions, options?: AdamaxOptions);
  constructor(...given: readonly unknown[]) {
    const all = byName<AdamaxOptions>(Adamax, given);
    super(all.learningRate ?? 0.001, all);
    this.beta1 = numberWithin("Adamax", "beta1", all.beta1 ?? 0.9, 0, 1);
    this.beta2 = numberWithin("Adamax", "beta2", all.beta2 ?? 0.999, 0, 1);
    this.epsilon = numberWithin("Adamax", "epsilon", all.epsilon ?? 1e-7, 0);
  }

  protected get methodSlots(): Readonly<Record<string, number>> {
    return { momentum: 0, norm: 0 };
  }

  protected method({ weight, gradient, slots, learningRate, step }: UpdateArguments): Update {
    const number = (value: number): Value => scalarLike(weight, value);
    const m = slotOf(slots, "momentum");
    const momentum = add(m, mul(sub(gradient, m), number(1 - this.beta1)));
    const norm = max([mul(number(this.beta2), slotOf(slots, "norm")), abs(gradient)]);
    const rest = sub(number(1), pow(number(this.beta1), step));
    const change = div(mul(learningRate, momentum), mul(rest, add(norm, number(this.epsilon))));
    return { weight: sub(weight, change), slots: { momentum, norm } };
  }

  override getConfig(): Config {
    return { ...super.getConfig(), beta_1: this.beta1, beta_2: this.beta2, epsilon: this.epsilon };
  }
}

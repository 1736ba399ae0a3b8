import { scalarLike } from "../../ops/constants.js";
import { add, mul, sign, sub } from "../../ops/elementwise.js";
import { numberWithin, numberInside } from "../../errors/check.js";
import type { Config } from "../config.js";
import { type LearningRate, Optimizer, type OptimizerOptions, slotOf } from "./optimizer.js";
import type { Update, UpdateArguments } from "./update-rule.js";
import type { Value } from "../../graph/value.js";
import { byName, type ByPosition } from "../named.js";

/** Options of {@link Lion}. */
export interface LionOptions extends OptimizerOptions {
  /** How much the momentum weighs in the step, in (0, 1]; default 0.9. */
  readonly beta1?: number;
  /** How much of the momentum each step keeps, in [0, 1]; default 0.99. */
  readonly beta2?: number;
}

/**
 * Steps of the same size in the direction of the momentum: `w ← w − η sign(β₁ m + (1 − β₁) g)`, `m ← β₂ m + (1 − β₂) g`.
 *
 * @see https://arxiv.org/abs/2302.06675
 */
export class Lion extends Optimizer {
  static readonly className: string = "Lion";
  static readonly positional: readonly string[] = ["learningRate"];
  static readonly following: readonly string[] = [
    "beta1",
    "beta2",
    "weightDecay",
    "clipnorm",
    "clipvalue",
    "globalClipnorm",
    "useEma",
    "emaMomentum",
    "emaOverwriteFrequency",
  ];
  static override readonly options: readonly string[] = ["beta1", "beta2"] satisfies readonly (keyof LionOptions)[];
  private readonly beta1: number;
  private readonly beta2: number;

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<
      LionOptions,
      [
        "learningRate",
        "beta1",
        "beta2",
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
  constructor(learningRate?: LearningRate | LionOptions, options?: LionOptions);
  constructor(...given: readonly unknown[]) {
    const all = byName<LionOptions>(Lion, given);
    super(all.learningRate ?? 0.001, all);
    this.beta1 = numberInside("Lion", "beta1", all.beta1 ?? 0.9, { above: 0, to: 1 });
    this.beta2 = numberWithin("Lion", "beta2", all.beta2 ?? 0.99, 0, 1);
  }

  protected get methodSlots(): Readonly<Record<string, number>> {
    return { momentum: 0 };
  }

  protected method({ weight, gradient, slots, learningRate }: UpdateArguments): Update {
    const m = slotOf(slots, "momentum");
    const mix = (beta: number): Value => add(mul(m, scalarLike(m, beta)), mul(gradient, scalarLike(m, 1 - beta)));
    return { weight: sub(weight, mul(learningRate, sign(mix(this.beta1)))), slots: { momentum: mix(this.beta2) } };
  }

  override getConfig(): Config {
    return { ...super.getConfig(), beta_1: this.beta1, beta_2: this.beta2 };
  }
}

import { scalarLike } from "../../ops/constants.js";
import { add, div, mul, neg, sqrt, square } from "../../ops/elementwise.js";
import { numberWithin } from "../../errors/check.js";
import type { Config } from "../config.js";
import { type LearningRate, Optimizer, type OptimizerOptions, slotOf } from "./optimizer.js";
import type { Update, UpdateArguments } from "./update-rule.js";
import type { Value } from "../../graph/value.js";
import { byName, type ByPosition } from "../named.js";

/** Options of {@link Adadelta}. */
export interface AdadeltaOptions extends OptimizerOptions {
  /** How much of the mean each step keeps, in [0, 1]; default 0.95. */
  readonly rho?: number;
  /** Added to the means; default 1e-7. */
  readonly epsilon?: number;
}

/**
 * Steps as large as the last steps were: `a ← ρ a + (1 − ρ) g²`, `d = −√(s + ε) / √(a + ε) · g`, `s ← ρ s + (1 − ρ) d²`,
 * `w ← w + η d`.
 *
 * @see https://arxiv.org/abs/1212.5701
 */
export class Adadelta extends Optimizer {
  static readonly className: string = "Adadelta";
  static readonly positional: readonly string[] = ["learningRate"];
  static readonly following: readonly string[] = [
    "rho",
    "epsilon",
    "weightDecay",
    "clipnorm",
    "clipvalue",
    "globalClipnorm",
    "useEma",
    "emaMomentum",
    "emaOverwriteFrequency",
  ];
  static override readonly options: readonly string[] = ["rho", "epsilon"] satisfies readonly (keyof AdadeltaOptions)[];
  private readonly rho: number;
  private readonly epsilon: number;

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<
      AdadeltaOptions,
      [
        "learningRate",
        "rho",
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
  constructor(learningRate?: LearningRate | AdadeltaOptions, options?: AdadeltaOptions);
  constructor(...given: readonly unknown[]) {
    const all = byName<AdadeltaOptions>(Adadelta, given);
    super(all.learningRate ?? 0.001, all);
    this.rho = numberWithin("Adadelta", "rho", all.rho ?? 0.95, 0, 1);
    this.epsilon = numberWithin("Adadelta", "epsilon", all.epsilon ?? 1e-7, 0);
  }

  protected get methodSlots(): Readonly<Record<string, number>> {
    return { accumulated_grad: 0, accumulated_delta_var: 0 };
  }

  protected method({ weight, gradient, slots, learningRate }: UpdateArguments): Update {
    const mean = (old: Value, value: Value): Value =>
      add(mul(scalarLike(old, this.rho), old), mul(scalarLike(old, 1 - this.rho), square(value)));
    const root = (x: Value): Value => sqrt(add(x, scalarLike(x, this.epsilon)));
    const steps = slotOf(slots, "accumulated_delta_var");
    const squares = mean(slotOf(slots, "accumulated_grad"), gradient);
    const step = neg(div(mul(root(steps), gradient), root(squares)));
    return {
      weight: add(weight, mul(learningRate, step)),
      slots: { accumulated_grad: squares, accumulated_delta_var: mean(steps, step) },
    };
  }

  override getConfig(): Config {
    return { ...super.getConfig(), rho: this.rho, epsilon: this.epsilon };
  }
}

import { scalarLike } from "../../ops/constants.js";
import { add, div, mul, sqrt, square, sub } from "../../ops/elementwise.js";
import { numberWithin } from "../../errors/check.js";
import type { Config } from "../config.js";
import { type LearningRate, Optimizer, type OptimizerOptions, slotOf } from "./optimizer.js";
import type { Update, UpdateArguments } from "./update-rule.js";
import { byName, type ByPosition } from "../named.js";

/** Options of {@link Adagrad}. */
export interface AdagradOptions extends OptimizerOptions {
  /** What the sum of squares starts with; default 0.1. */
  readonly initialAccumulatorValue?: number;
  /** Added to the sum; default 1e-7. */
  readonly epsilon?: number;
}

/**
 * Divides the gradient by the root of the sum of all squares so far: `a ← a + g²`, `w ← w − η g / √(a + ε)`.
 *
 * @see https://jmlr.org/papers/v12/duchi11a.html
 */
export class Adagrad extends Optimizer {
  static readonly className: string = "Adagrad";
  static readonly positional: readonly string[] = ["learningRate"];
  static readonly following: readonly string[] = [
    "initialAccumulatorValue",
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
    "initialAccumulatorValue",
    "epsilon",
  ] satisfies readonly (keyof AdagradOptions)[];
  private readonly initialAccumulatorValue: number;
  private readonly epsilon: number;

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<
      AdagradOptions,
      [
        "learningRate",
        "initialAccumulatorValue",
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
  constructor(learningRate?: LearningRate | AdagradOptions, options?: AdagradOptions);
  constructor(...given: readonly unknown[]) {
    const all = byName<AdagradOptions>(Adagrad, given);
    super(all.learningRate ?? 0.001, all);
    this.initialAccumulatorValue = numberWithin(
      "Adagrad",
      "initialAccumulatorValue",
      all.initialAccumulatorValue ?? 0.1,
      0,
    );
    this.epsilon = numberWithin("Adagrad", "epsilon", all.epsilon ?? 1e-7, 0);
  }

  protected get methodSlots(): Readonly<Record<string, number>> {
    return { accumulator: this.initialAccumulatorValue };
  }

  protected method({ weight, gradient, slots, learningRate }: UpdateArguments): Update {
    const accumulator = add(slotOf(slots, "accumulator"), square(gradient));
    const root = sqrt(add(accumulator, scalarLike(weight, this.epsilon)));
    return { weight: sub(weight, div(mul(learningRate, gradient), root)), slots: { accumulator } };
  }

  override getConfig(): Config {
    return { ...super.getConfig(), initial_accumulator_value: this.initialAccumulatorValue, epsilon: this.epsilon };
  }
}

import { scalarLike } from "../../ops/constants.js";
import { add, clip, div, mul, pow, square, sub } from "../../ops/elementwise.js";
import { numberWithin } from "../../errors/check.js";
import type { Config } from "../config.js";
import { type LearningRate, Optimizer, type OptimizerOptions, slotOf } from "./optimizer.js";
import type { Update, UpdateArguments } from "./update-rule.js";
import type { Value } from "../../graph/value.js";
import { byName, type ByPosition } from "../named.js";

/** Options of {@link Ftrl}. */
export interface FtrlOptions extends OptimizerOptions {
  /** The power p, not positive; default -0.5. */
  readonly learningRatePower?: number;
  /** What the sum of squares starts with; default 0.1. */
  readonly initialAccumulatorValue?: number;
  /** λ₁; default 0. */
  readonly l1RegularizationStrength?: number;
  /** λ₂; default 0. */
  readonly l2RegularizationStrength?: number;
  /** Share of the weight, twice, that is added to the gradient; default 0. */
  readonly l2ShrinkageRegularizationStrength?: number;
  /** Adds to λ₂ what falls with the learning rate; default 0. */
  readonly beta?: number;
}

/**
 * Follow the regularized leader: with `a' = a + g²` and `σ = (a'^−p − a^−p) / η`, `z ← z + g − σ w`,
 * `w ← (clip(z, −λ₁, λ₁) − z) / (a'^−p / η + 2 λ₂ + β / η)`.
 *
 * @see https://research.google/pubs/ad-click-prediction-a-view-from-the-trenches/
 */
export class Ftrl extends Optimizer {
  static readonly className: string = "Ftrl";
  static readonly positional: readonly string[] = ["learningRate"];
  static readonly following: readonly string[] = [
    "learningRatePower",
    "initialAccumulatorValue",
    "l1RegularizationStrength",
    "l2RegularizationStrength",
    "l2ShrinkageRegularizationStrength",
    "beta",
    "weightDecay",
    "clipnorm",
    "clipvalue",
    "globalClipnorm",
    "useEma",
    "emaMomentum",
    "emaOverwriteFrequency",
  ];
  static override readonly options: readonly string[] = [
    "learningRatePower",
    "initialAccumulatorValue",
    "l1RegularizationStrength",
    "l2RegularizationStrength",
    "l2ShrinkageRegularizationStrength",
    "beta",
  ] satisfies readonly (keyof FtrlOptions)[];
  private readonly learningRatePower: number;
  private readonly initialAccumulatorValue: number;
  private readonly l1RegularizationStrength: number;
  private readonly l2RegularizationStrength: number;
  private readonly l2ShrinkageRegularizationStrength: number;
  private readonly beta: number;

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<
      FtrlOptions,
      [
        "learningRate",
        "learningRatePower",
        "initialAccumulatorValue",
        "l1RegularizationStrength",
        "l2RegularizationStrength",
        "l2ShrinkageRegularizationStrength",
        "beta",
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
  constructor(learningRate?: LearningRate | FtrlOptions, options?: FtrlOptions);
  constructor(...given: readonly unknown[]) {
    const all = byName<FtrlOptions>(Ftrl, given);
    super(all.learningRate ?? 0.001, all);
    this.learningRatePower = numberWithin("Ftrl", "learningRatePower", all.learningRatePower ?? -0.5, -Infinity, 0);
    this.initialAccumulatorValue = numberWithin(
      "Ftrl",
      "initialAccumulatorValue",
      all.initialAccumulatorValue ?? 0.1,
      0,
    );
    this.l1RegularizationStrength = numberWithin(
      "Ftrl",
      "l1RegularizationStrength",
      all.l1RegularizationStrength ?? 0,
      0,
    );
    this.l2RegularizationStrength = numberWithin(
      "Ftrl",
      "l2RegularizationStrength",
      all.l2RegularizationStrength ?? 0,
      0,
    );
    this.l2ShrinkageRegularizationStrength = numberWithin(
      "Ftrl",
      "l2ShrinkageRegularizationStrength",
      all.l2ShrinkageRegularizationStrength ?? 0,
      0,
    );
    this.beta = numberWithin("Ftrl", "beta", all.beta ?? 0, 0);
  }

  protected get methodSlots(): Readonly<Record<string, number>> {
    return { accumulator: this.initialAccumulatorValue, linear: 0 };
  }

  protected method({ weight, gradient, slots, learningRate }: UpdateArguments): Update {
    const number = (value: number): Value => scalarLike(weight, value);
    const shrinkage = 2 * this.l2ShrinkageRegularizationStrength;
    const used = shrinkage === 0 ? gradient : add(gradient, mul(number(shrinkage), weight));
    const old = slotOf(slots, "accumulator");
    const accumulator = add(old, square(gradient));
    const power = (x: Value): Value => pow(x, number(-this.learningRatePower));
    const sigma = div(sub(power(accumulator), power(old)), learningRate);
    const linear = add(slotOf(slots, "linear"), sub(used, mul(sigma, weight)));
    const l2 = add(number(2 * this.l2RegularizationStrength), div(number(this.beta), learningRate));
    const quadratic = add(div(power(accumulator), learningRate), l2);
    const l1 = this.l1RegularizationStrength;
    return { weight: div(sub(clip(linear, -l1, l1), linear), quadratic), slots: { accumulator, linear } };
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      learning_rate_power: this.learningRatePower,
      initial_accumulator_value: this.initialAccumulatorValue,
      l1_regularization_strength: this.l1RegularizationStrength,
      l2_regularization_strength: this.l2RegularizationStrength,
      l2_shrinkage_regularization_strength: this.l2ShrinkageRegularizationStrength,
      beta: this.beta,
    };
  }
}

import { scalarLike } from "../../ops/constants.js";
import { add, div, mul, sqrt, square, sub } from "../../ops/elementwise.js";
import { numberWithin } from "../../errors/check.js";
import type { Config } from "../config.js";
import { type LearningRate, Optimizer, type OptimizerOptions, slotOf } from "./optimizer.js";
import type { Update, UpdateArguments } from "./update-rule.js";
import { byName, type ByPosition } from "../named.js";

/** Options of {@link RMSprop}. */
export interface RMSpropOptions extends OptimizerOptions {
  /** How much of the mean square each step keeps, in [0, 1]; default 0.9. */
  readonly rho?: number;
  /** How much of the last step is repeated, in [0, 1]; default 0. */
  readonly momentum?: number;
  /** Added to the mean square; default 1e-7. */
  readonly epsilon?: number;
  /** Whether the mean square is centered to a variance; default `false`. */
  readonly centered?: boolean;
}

/** Options that may follow by position, in Keras's order. */
const following = [
  "rho",
  "momentum",
  "epsilon",
  "centered",
  "weightDecay",
  "clipnorm",
  "clipvalue",
  "globalClipnorm",
  "useEma",
  "emaMomentum",
  "emaOverwriteFrequency",
] as const;

/**
 * Divides the gradient by the root of its moving mean square: `v ← ρ v + (1 − ρ) g²`, `w ← w − η g / √(v + ε)`.
 *
 * Centered: `v − (moving mean of g)²` in place of `v`. With momentum: `m ← μ m + step`, `w ← w − m`.
 *
 * @see https://keras.io/api/optimizers/rmsprop/
 */
export class RMSprop extends Optimizer {
  static readonly className: string = "RMSprop";
  static readonly positional: readonly string[] = ["learningRate"];
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = [
    "rho",
    "momentum",
    "epsilon",
    "centered",
  ] satisfies readonly (keyof RMSpropOptions)[];
  private readonly rho: number;
  private readonly momentum: number;
  private readonly epsilon: number;
  private readonly centered: boolean;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<RMSpropOptions, typeof following, ["learningRate"]>);
  /**
   * @param learningRate the step size, or all options; default 0.001
   * @throws UsageError when an option is not usable
   */
  constructor(learningRate?: LearningRate | RMSpropOptions, options?: RMSpropOptions);
  /** In Keras's order, as many by position as one likes. */
  constructor(learningRate: LearningRate, rho: number, options?: RMSpropOptions);
  constructor(...given: readonly unknown[]) {
    const all = byName<RMSpropOptions>(RMSprop, given);
    super(all.learningRate ?? 0.001, all);
    this.rho = numberWithin("RMSprop", "rho", all.rho ?? 0.9, 0, 1);
    this.momentum = numberWithin("RMSprop", "momentum", all.momentum ?? 0, 0, 1);
    this.epsilon = numberWithin("RMSprop", "epsilon", all.epsilon ?? 1e-7, 0);
    this.centered = all.centered ?? false;
  }

  protected get methodSlots(): Readonly<Record<string, number>> {
    return {
      velocity: 0,
      ...(this.momentum > 0 ? { momentum: 0 } : {}),
      ...(this.centered ? { average_gradient: 0 } : {}),
    };
  }

  protected method({ weight, gradient, slots, learningRate }: UpdateArguments): Update {
    const rho = scalarLike(weight, this.rho);
    const fresh = scalarLike(weight, 1 - this.rho);
    const velocity = add(mul(rho, slotOf(slots, "velocity")), mul(fresh, square(gradient)));
    const average = this.centered ? add(mul(rho, slotOf(slots, "average_gradient")), mul(fresh, gradient)) : undefined;
    const variance = average === undefined ? velocity : sub(velocity, square(average));
    const step = div(mul(learningRate, gradient), sqrt(add(variance, scalarLike(weight, this.epsilon))));
    const momentum =
      this.momentum > 0 ? add(mul(scalarLike(weight, this.momentum), slotOf(slots, "momentum")), step) : undefined;
    return {
      weight: sub(weight, momentum ?? step),
      slots: {
        velocity,
        ...(momentum === undefined ? {} : { momentum }),
        ...(average === undefined ? {} : { average_gradient: average }),
      },
    };
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      rho: this.rho,
      momentum: this.momentum,
      epsilon: this.epsilon,
      centered: this.centered,
    };
  }
}

import { scalarLike } from "../../ops/constants.js";
import { add, mul, sub } from "../../ops/elementwise.js";
import { numberWithin } from "../../errors/check.js";
import type { Config } from "../config.js";
import { type LearningRate, Optimizer, type OptimizerOptions, slotOf } from "./optimizer.js";
import type { Update, UpdateArguments } from "./update-rule.js";
import { byName, type ByPosition } from "../named.js";

/** Options of {@link SGD}. */
export interface SGDOptions extends OptimizerOptions {
  /** How much of the last step is repeated, in [0, 1]; default 0. */
  readonly momentum?: number;
  /** Whether the gradient is taken ahead of the momentum; default `false`. */
  readonly nesterov?: boolean;
}

/** Options that may follow by position, in Keras's order. */
const following = [
  "momentum",
  "nesterov",
  "weightDecay",
  "clipnorm",
  "clipvalue",
  "globalClipnorm",
  "useEma",
  "emaMomentum",
  "emaOverwriteFrequency",
] as const;

/**
 * Gradient descent: `w ← w − η g`; with momentum `v ← μ v − η g`, `w ← w + v`, or `w ← w + μ v − η g` with Nesterov's.
 *
 * @see https://keras.io/api/optimizers/sgd/
 */
export class SGD extends Optimizer {
  static readonly className: string = "SGD";
  static readonly positional: readonly string[] = ["learningRate"];
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = [
    "momentum",
    "nesterov",
  ] satisfies readonly (keyof SGDOptions)[];
  private readonly momentum: number;
  private readonly nesterov: boolean;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<SGDOptions, typeof following, ["learningRate"]>);
  /**
   * @param learningRate the step size, or all options; default 0.01
   * @throws UsageError when an option is not usable
   */
  constructor(learningRate?: LearningRate | SGDOptions, options?: SGDOptions);
  /** In Keras's order, as many by position as one likes. */
  constructor(learningRate: LearningRate, momentum: number, options?: SGDOptions);
  /** In Keras's order, as many by position as one likes. */
  constructor(learningRate: LearningRate, momentum: number, nesterov: boolean, options?: SGDOptions);
  constructor(...given: readonly unknown[]) {
    const all = byName<SGDOptions>(SGD, given);
    super(all.learningRate ?? 0.01, all);
    this.momentum = numberWithin("SGD", "momentum", all.momentum ?? 0, 0, 1);
    this.nesterov = all.nesterov ?? false;
  }

  protected get methodSlots(): Readonly<Record<string, number>> {
    return this.momentum === 0 ? {} : { momentum: 0 };
  }

  protected method({ weight, gradient, slots, learningRate }: UpdateArguments): Update {
    const step = mul(gradient, learningRate);
    if (this.momentum === 0) return { weight: sub(weight, step), slots: {} };
    const momentum = scalarLike(weight, this.momentum);
    const velocity = sub(mul(slotOf(slots, "momentum"), momentum), step);
    const change = this.nesterov ? sub(mul(velocity, momentum), step) : velocity;
    return { weight: add(weight, change), slots: { momentum: velocity } };
  }

  override getConfig(): Config {
    return { ...super.getConfig(), momentum: this.momentum, nesterov: this.nesterov };
  }
}

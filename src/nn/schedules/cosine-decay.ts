import { numberWithin, positiveNumber } from "../../errors/check.js";
import type { Config } from "../config.js";
import { LearningRateSchedule } from "./learning-rate-schedule.js";
import { byName, type ByPosition } from "../named.js";

/** Options of {@link CosineDecay}. */
export interface CosineDecayOptions {
  /** Share of the rate that stays at the end; default 0. */
  readonly alpha?: number;
  /** The rate after the warm-up; default: there is none. */
  readonly warmupTarget?: number | undefined;
  /** Over how many steps it rises; default 0. */
  readonly warmupSteps?: number;
  /** Default `"CosineDecay"`. */
  readonly name?: string;
}

/** Options that may follow by position, in Keras's order. */
const following = ["alpha", "name", "warmupTarget", "warmupSteps"] as const;

/**
 * Half a wave of a cosine: `initial · ((1 − alpha) · (1 + cos(π · step / decaySteps)) / 2 + alpha)`, then `initial · alpha`.
 *
 * With a warm-up the rate first rises in a line to `warmupTarget`, from which it falls.
 *
 * @see https://keras.io/api/optimizers/learning_rate_schedules/
 */
export class CosineDecay extends LearningRateSchedule {
  static override readonly className: string = "CosineDecay";
  static readonly positional: readonly string[] = ["initialLearningRate", "decaySteps"];
  static readonly following: readonly string[] = following;
  static readonly options: readonly string[] = [
    "alpha",
    "warmupTarget",
    "warmupSteps",
    "name",
  ] satisfies readonly (keyof CosineDecayOptions)[];
  private readonly name: string;
  private readonly initialLearningRate: number;
  private readonly decaySteps: number;
  private readonly alpha: number;
  private readonly warmupTarget: number | undefined;
  private readonly warmupSteps: number;

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<
      CosineDecayOptions & { readonly initialLearningRate: number; readonly decaySteps: number },
      typeof following,
      ["initialLearningRate", "decaySteps"]
    >
  );
  /**
   * @param initialLearningRate the rate at the beginning; 0 only with a warm-up
   * @param decaySteps over how many steps it falls; positive
   * @throws UsageError when an argument is not usable
   */
  constructor(initialLearningRate: number, decaySteps: number, options?: CosineDecayOptions);
  /** In Keras's order, as many by position as one likes. */
  constructor(initialLearningRate: number, options: CosineDecayOptions & { readonly decaySteps: number });
  /** In Keras's order, as many by position as one likes. */
  constructor(initialLearningRate: number, decaySteps: number, alpha: number, options?: CosineDecayOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: CosineDecayOptions & { readonly initialLearningRate: number; readonly decaySteps: number });
  constructor(...given: readonly unknown[]) {
    const { initialLearningRate, decaySteps, ...options } = byName<
      CosineDecayOptions & { readonly initialLearningRate: number; readonly decaySteps: number }
    >(CosineDecay, given);
    super(options);
    this.name = options.name ?? "CosineDecay";
    this.initialLearningRate = numberWithin("CosineDecay", "initialLearningRate", initialLearningRate, 0);
    this.decaySteps = positiveNumber("CosineDecay", "decaySteps", decaySteps);
    this.alpha = numberWithin("CosineDecay", "alpha", options.alpha ?? 0);
    this.warmupTarget = options.warmupTarget;
    this.warmupSteps = numberWithin("CosineDecay", "warmupSteps", options.warmupSteps ?? 0, 0);
  }

  at(step: number): number {
    const target = this.warmupTarget;
    if (target === undefined) return this.fallen(this.initialLearningRate, step);
    if (step >= this.warmupSteps) return this.fallen(target, step - this.warmupSteps);
    return this.initialLearningRate + ((target - this.initialLearningRate) * step) / this.warmupSteps;
  }

  private fallen(from: number, step: number): number {
    const wave = (1 + Math.cos((Math.PI * Math.min(step, this.decaySteps)) / this.decaySteps)) / 2;
    return from * ((1 - this.alpha) * wave + this.alpha);
  }

  override getConfig(): Config {
    return {
      initial_learning_rate: this.initialLearningRate,
      decay_steps: this.decaySteps,
      alpha: this.alpha,
      warmup_target: this.warmupTarget ?? null,
      warmup_steps: this.warmupSteps,
      name: this.name,
    };
  }
}

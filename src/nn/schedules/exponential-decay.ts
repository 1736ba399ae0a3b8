import { numberWithin, positiveNumber } from "../../errors/check.js";
import type { Config } from "../config.js";
import { LearningRateSchedule } from "./learning-rate-schedule.js";
import { byName, type ByPosition } from "../named.js";

/** Options of {@link ExponentialDecay}. */
export interface ExponentialDecayOptions {
  /** Whether it falls only after each `decaySteps`; default `false`. */
  readonly staircase?: boolean;
  /** Default `"ExponentialDecay"`. */
  readonly name?: string;
}

/** Options that may follow by position, in Keras's order. */
const following = ["staircase", "name"] as const;

/**
 * `initial · decayRate^(step / decaySteps)`.
 *
 * @see https://keras.io/api/optimizers/learning_rate_schedules/
 */
export class ExponentialDecay extends LearningRateSchedule {
  static override readonly className: string = "ExponentialDecay";
  static readonly positional: readonly string[] = ["initialLearningRate", "decaySteps", "decayRate"];
  static readonly following: readonly string[] = following;
  static readonly options: readonly string[] = [
    "staircase",
    "name",
  ] satisfies readonly (keyof ExponentialDecayOptions)[];
  private readonly name: string;
  private readonly initialLearningRate: number;
  private readonly decaySteps: number;
  private readonly decayRate: number;
  private readonly staircase: boolean;

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<
      ExponentialDecayOptions & {
        readonly initialLearningRate: number;
        readonly decaySteps: number;
        readonly decayRate: number;
      },
      typeof following,
      ["initialLearningRate", "decaySteps", "decayRate"]
    >
  );
  /**
   * @param initialLearningRate the rate at the beginning; 0 or more
   * @param decaySteps over how many steps it falls; positive
   * @param decayRate factor of the rate after `decaySteps`
   * @throws UsageError when an argument is not usable
   */
  constructor(initialLearningRate: number, decaySteps: number, decayRate: number, options?: ExponentialDecayOptions);
  /** In Keras's order, as many by position as one likes. */
  constructor(
    initialLearningRate: number,
    options: ExponentialDecayOptions & { readonly decaySteps: number; readonly decayRate: number },
  );
  /** In Keras's order, as many by position as one likes. */
  constructor(
    initialLearningRate: number,
    decaySteps: number,
    options: ExponentialDecayOptions & { readonly decayRate: number },
  );
  /** In Keras's order, as many by position as one likes. */
  constructor(
    initialLearningRate: number,
    decaySteps: number,
    decayRate: number,
    staircase: boolean,
    options?: ExponentialDecayOptions,
  );
  /** All of them by name, as Keras's keyword arguments. */
  constructor(
    options: ExponentialDecayOptions & {
      readonly initialLearningRate: number;
      readonly decaySteps: number;
      readonly decayRate: number;
    },
  );
  constructor(...given: readonly unknown[]) {
    const { initialLearningRate, decaySteps, decayRate, ...options } = byName<
      ExponentialDecayOptions & {
        readonly initialLearningRate: number;
        readonly decaySteps: number;
        readonly decayRate: number;
      }
    >(ExponentialDecay, given);
    super(options);
    this.name = options.name ?? "ExponentialDecay";
    this.initialLearningRate = numberWithin("ExponentialDecay", "initialLearningRate", initialLearningRate, 0);
    this.decaySteps = positiveNumber("ExponentialDecay", "decaySteps", decaySteps);
    this.decayRate = numberWithin("ExponentialDecay", "decayRate", decayRate, 0);
    this.staircase = options.staircase ?? false;
  }

  at(step: number): number {
    const passed = step / this.decaySteps;
    return this.initialLearningRate * this.decayRate ** (this.staircase ? Math.floor(passed) : passed);
  }

  override getConfig(): Config {
    return {
      initial_learning_rate: this.initialLearningRate,
      decay_steps: this.decaySteps,
      decay_rate: this.decayRate,
      staircase: this.staircase,
      name: this.name,
    };
  }
}

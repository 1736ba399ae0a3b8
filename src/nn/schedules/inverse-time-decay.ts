import { numberWithin, positiveNumber } from "../../errors/check.js";
import type { Config } from "../config.js";
import { LearningRateSchedule } from "./learning-rate-schedule.js";
import { byName, type ByPosition } from "../named.js";

/** Options of {@link InverseTimeDecay}. */
export interface InverseTimeDecayOptions {
  /** Whether it falls only after each `decaySteps`; default `false`. */
  readonly staircase?: boolean;
  /** Default `"InverseTimeDecay"`. */
  readonly name?: string;
}

/** Options that may follow by position, in Keras's order. */
const following = ["staircase", "name"] as const;

/**
 * `initial / (1 + decayRate · step / decaySteps)`.
 *
 * @see https://keras.io/api/optimizers/learning_rate_schedules/
 */
export class InverseTimeDecay extends LearningRateSchedule {
  static override readonly className: string = "InverseTimeDecay";
  static readonly positional: readonly string[] = ["initialLearningRate", "decaySteps", "decayRate"];
  static readonly following: readonly string[] = following;
  static readonly options: readonly string[] = [
    "staircase",
    "name",
  ] satisfies readonly (keyof InverseTimeDecayOptions)[];
  private readonly name: string;
  private readonly initialLearningRate: number;
  private readonly decaySteps: number;
  private readonly decayRate: number;
  private readonly staircase: boolean;

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<
      InverseTimeDecayOptions & {
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
   * @param decayRate how fast it falls
   * @throws UsageError when an argument is not usable
   */
  constructor(initialLearningRate: number, decaySteps: number, decayRate: number, options?: InverseTimeDecayOptions);
  /** In Keras's order, as many by position as one likes. */
  constructor(
    initialLearningRate: number,
    options: InverseTimeDecayOptions & { readonly decaySteps: number; readonly decayRate: number },
  );
  /** In Keras's order, as many by position as one likes. */
  constructor(
    initialLearningRate: number,
    decaySteps: number,
    options: InverseTimeDecayOptions & { readonly decayRate: number },
  );
  /** In Keras's order, as many by position as one likes. */
  constructor(
    initialLearningRate: number,
    decaySteps: number,
    decayRate: number,
    staircase: boolean,
    options?: InverseTimeDecayOptions,
  );
  /** All of them by name, as Keras's keyword arguments. */
  constructor(
    options: InverseTimeDecayOptions & {
      readonly initialLearningRate: number;
      readonly decaySteps: number;
      readonly decayRate: number;
    },
  );
  constructor(...given: readonly unknown[]) {
    const { initialLearningRate, decaySteps, decayRate, ...options } = byName<
      InverseTimeDecayOptions & {
        readonly initialLearningRate: number;
        readonly decaySteps: number;
        readonly decayRate: number;
      }
    >(InverseTimeDecay, given);
    super(options);
    this.name = options.name ?? "InverseTimeDecay";
    this.initialLearningRate = numberWithin("InverseTimeDecay", "initialLearningRate", initialLearningRate, 0);
    this.decaySteps = positiveNumber("InverseTimeDecay", "decaySteps", decaySteps);
    this.decayRate = numberWithin("InverseTimeDecay", "decayRate", decayRate, 0);
    this.staircase = options.staircase ?? false;
  }

  at(step: number): number {
    const passed = step / this.decaySteps;
    return this.initialLearningRate / (1 + this.decayRate * (this.staircase ? Math.floor(passed) : passed));
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

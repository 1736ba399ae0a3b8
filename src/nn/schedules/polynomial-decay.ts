import { numberWithin, positiveNumber } from "../../errors/check.js";
import type { Config } from "../config.js";
import { LearningRateSchedule } from "./learning-rate-schedule.js";
import { byName, type ByPosition } from "../named.js";

/** Options of {@link PolynomialDecay}. */
export interface PolynomialDecayOptions {
  /** The rate at the end; default 0.0001. */
  readonly endLearningRate?: number;
  /** Default 1: a line. */
  readonly power?: number;
  /** Whether it begins anew, over ever more steps; default `false`. */
  readonly cycle?: boolean;
  /** Default `"PolynomialDecay"`. */
  readonly name?: string;
}

/** Options that may follow by position, in Keras's order. */
const following = ["endLearningRate", "power", "cycle", "name"] as const;

/**
 * `(initial − end) · (1 − step / decaySteps)^power + end`, then `end`.
 *
 * @see https://keras.io/api/optimizers/learning_rate_schedules/
 */
export class PolynomialDecay extends LearningRateSchedule {
  static override readonly className: string = "PolynomialDecay";
  static readonly positional: readonly string[] = ["initialLearningRate", "decaySteps"];
  static readonly following: readonly string[] = following;
  static readonly options: readonly string[] = [
    "endLearningRate",
    "power",
    "cycle",
    "name",
  ] satisfies readonly (keyof PolynomialDecayOptions)[];
  private readonly name: string;
  private readonly initialLearningRate: number;
  private readonly decaySteps: number;
  private readonly endLearningRate: number;
  private readonly power: number;
  private readonly cycle: boolean;

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<
      PolynomialDecayOptions & { readonly initialLearningRate: number; readonly decaySteps: number },
      typeof following,
      ["initialLearningRate", "decaySteps"]
    >
  );
  /**
   * @param initialLearningRate the rate at the beginning; 0 or more
   * @param decaySteps over how many steps it falls; positive
   * @throws UsageError when an argument is not usable
   */
  constructor(initialLearningRate: number, decaySteps: number, options?: PolynomialDecayOptions);
  /** In Keras's order, as many by position as one likes. */
  constructor(initialLearningRate: number, options: PolynomialDecayOptions & { readonly decaySteps: number });
  /** In Keras's order, as many by position as one likes. */
  constructor(
    initialLearningRate: number,
    decaySteps: number,
    endLearningRate: number,
    options?: PolynomialDecayOptions,
  );
  /** In Keras's order, as many by position as one likes. */
  constructor(
    initialLearningRate: number,
    decaySteps: number,
    endLearningRate: number,
    power: number,
    options?: PolynomialDecayOptions,
  );
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: PolynomialDecayOptions & { readonly initialLearningRate: number; readonly decaySteps: number });
  constructor(...given: readonly unknown[]) {
    const { initialLearningRate, decaySteps, ...options } = byName<
      PolynomialDecayOptions & { readonly initialLearningRate: number; readonly decaySteps: number }
    >(PolynomialDecay, given);
    super(options);
    this.name = options.name ?? "PolynomialDecay";
    this.initialLearningRate = numberWithin("PolynomialDecay", "initialLearningRate", initialLearningRate, 0);
    this.decaySteps = positiveNumber("PolynomialDecay", "decaySteps", decaySteps);
    this.endLearningRate = numberWithin("PolynomialDecay", "endLearningRate", options.endLearningRate ?? 0.0001, 0);
    this.power = numberWithin("PolynomialDecay", "power", options.power ?? 1);
    this.cycle = options.cycle ?? false;
  }

  at(step: number): number {
    const steps = this.cycle ? this.decaySteps * Math.max(1, Math.ceil(step / this.decaySteps)) : this.decaySteps;
    const passed = this.cycle ? step / steps : Math.min(step, steps) / steps;
    return (this.initialLearningRate - this.endLearningRate) * (1 - passed) ** this.power + this.endLearningRate;
  }

  override getConfig(): Config {
    return {
      initial_learning_rate: this.initialLearningRate,
      decay_steps: this.decaySteps,
      end_learning_rate: this.endLearningRate,
      power: this.power,
      cycle: this.cycle,
      name: this.name,
    };
  }
}

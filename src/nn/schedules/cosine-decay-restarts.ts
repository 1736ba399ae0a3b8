import { numberWithin, positiveNumber } from "../../errors/check.js";
import type { Config } from "../config.js";
import { LearningRateSchedule } from "./learning-rate-schedule.js";
import { byName, type ByPosition } from "../named.js";

/** Options of {@link CosineDecayRestarts}. */
export interface CosineDecayRestartsOptions {
  /** Factor of the lengths, 1 or more; default 2. */
  readonly tMul?: number;
  /** Factor of the heights; default 1. */
  readonly mMul?: number;
  /** Share of the rate that stays at the end of a wave; default 0. */
  readonly alpha?: number;
  /** Default `"SGDRDecay"`. */
  readonly name?: string;
}

/** Options that may follow by position, in Keras's order. */
const following = ["tMul", "mMul", "alpha", "name"] as const;

/**
 * Half waves of a cosine one after the other, each `tMul` times as long and beginning `mMul` times as high as the last.
 *
 * @see https://arxiv.org/abs/1608.03983
 *
 * @see https://keras.io/api/optimizers/learning_rate_schedules/
 */
export class CosineDecayRestarts extends LearningRateSchedule {
  static override readonly className: string = "CosineDecayRestarts";
  static readonly positional: readonly string[] = ["initialLearningRate", "firstDecaySteps"];
  static readonly following: readonly string[] = following;
  static readonly options: readonly string[] = [
    "tMul",
    "mMul",
    "alpha",
    "name",
  ] satisfies readonly (keyof CosineDecayRestartsOptions)[];
  private readonly name: string;
  private readonly initialLearningRate: number;
  private readonly firstDecaySteps: number;
  private readonly tMul: number;
  private readonly mMul: number;
  private readonly alpha: number;

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<
      CosineDecayRestartsOptions & { readonly initialLearningRate: number; readonly firstDecaySteps: number },
      typeof following,
      ["initialLearningRate", "firstDecaySteps"]
    >
  );
  /**
   * @param initialLearningRate the rate at the beginning; 0 or more
   * @param firstDecaySteps length of the first wave in steps; positive
   * @throws UsageError when an argument is not usable
   */
  constructor(initialLearningRate: number, firstDecaySteps: number, options?: CosineDecayRestartsOptions);
  /** In Keras's order, as many by position as one likes. */
  constructor(initialLearningRate: number, options: CosineDecayRestartsOptions & { readonly firstDecaySteps: number });
  /** All of them by name, as Keras's keyword arguments. */
  constructor(
    options: CosineDecayRestartsOptions & { readonly initialLearningRate: number; readonly firstDecaySteps: number },
  );
  constructor(...given: readonly unknown[]) {
    const { initialLearningRate, firstDecaySteps, ...options } = byName<
      CosineDecayRestartsOptions & { readonly initialLearningRate: number; readonly firstDecaySteps: number }
    >(CosineDecayRestarts, given);
    super(options);
    this.name = options.name ?? "SGDRDecay";
    this.initialLearningRate = numberWithin("CosineDecayRestarts", "initialLearningRate", initialLearningRate, 0);
    this.firstDecaySteps = positiveNumber("CosineDecayRestarts", "firstDecaySteps", firstDecaySteps);
    this.tMul = numberWithin("CosineDecayRestarts", "tMul", options.tMul ?? 2, 1);
    this.mMul = numberWithin("CosineDecayRestarts", "mMul", options.mMul ?? 1, 0);
    this.alpha = numberWithin("CosineDecayRestarts", "alpha", options.alpha ?? 0);
  }

  at(step: number): number {
    const passed = step / this.firstDecaySteps;
    const { tMul } = this;
    // After i waves, (tMul^i − 1) / (tMul − 1) lengths of the first have passed; a hair is added against rounding.
    const waves =
      tMul === 1 ? Math.floor(passed) : Math.floor(Math.log(1 + passed * (tMul - 1)) / Math.log(tMul) + 1e-9);
    const begun = tMul === 1 ? waves : (tMul ** waves - 1) / (tMul - 1);
    const fraction = (passed - begun) / tMul ** waves;
    const wave = (this.mMul ** waves * (1 + Math.cos(Math.PI * fraction))) / 2;
    return this.initialLearningRate * ((1 - this.alpha) * wave + this.alpha);
  }

  override getConfig(): Config {
    return {
      initial_learning_rate: this.initialLearningRate,
      first_decay_steps: this.firstDecaySteps,
      t_mul: this.tMul,
      m_mul: this.mMul,
      alpha: this.alpha,
      name: this.name,
    };
  }
}

import { numberWithin, positiveNumber } from "../../errors/check.js";
import type { Config } from "../config.js";
import { LearningRateSchedule } from "./learning-rate-schedule.js";
import { byName, type ByPosition } from "../named.js";

/** Options of {@link OneCycle}. */
export interface OneCycleOptions {
  /** Share of the steps in which the rate rises, in [0, 1]; default 0.3. */
  readonly pctStart?: number;
  /** The first rate is the greatest one divided by this; positive, default 25. */
  readonly divFactor?: number;
  /** The last rate is the first one divided by this; positive, default 10,000. */
  readonly finalDivFactor?: number;
  /** Default `"OneCycle"`. */
  readonly name?: string;
}

/** Options that may follow by position. */
const following = ["pctStart", "divFactor", "finalDivFactor", "name"] as const;

type AllOptions = OneCycleOptions & { readonly maxLearningRate: number; readonly totalSteps: number };

/** Half a wave of a cosine from one rate to another; `share` in [0, 1]. */
function wave(from: number, to: number, share: number): number {
  return to + ((from - to) / 2) * (1 + Math.cos(Math.PI * share));
}

/**
 * One cycle: the rate rises in half a wave of a cosine from `max / divFactor` to `max`, then falls in another one to
 * `max / (divFactor · finalDivFactor)`, at the last step. Later it stays there.
 *
 * The numbers are those of PyTorch's `OneCycleLR` with its defaults; its momentum, which falls while the rate rises, stays as it
 * is here. fastai's `fit_one_cycle` is `{ pctStart: 0.25, finalDivFactor: 4000 }`. Keras has no such schedule: it loads models
 * that were compiled with it by `compile=False`.
 *
 * @see https://arxiv.org/abs/1708.07120
 * @see https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html
 *
 * @example
 * ```ts
 * import { schedules } from "graft-ml";
 *
 * // Ten epochs of 30 steps.
 * const schedule = new schedules.OneCycle(0.01, 10 * 30);
 * console.log([0, 89, 299].map((step) => schedule.at(step).toPrecision(1))); // → [ '0.0004', '0.01', '4e-8' ]
 * ```
 */
export class OneCycle extends LearningRateSchedule {
  static override readonly className: string = "OneCycle";
  static readonly positional: readonly string[] = ["maxLearningRate", "totalSteps"];
  static readonly following: readonly string[] = following;
  static readonly options: readonly string[] = [
    "pctStart",
    "divFactor",
    "finalDivFactor",
    "name",
  ] satisfies readonly (keyof OneCycleOptions)[];
  private readonly name: string;
  private readonly maxLearningRate: number;
  private readonly totalSteps: number;
  private readonly pctStart: number;
  private readonly divFactor: number;
  private readonly finalDivFactor: number;

  /** As many by position as one likes. */
  constructor(...given: ByPosition<AllOptions, typeof following, ["maxLearningRate", "totalSteps"]>);
  /**
   * @param maxLearningRate the greatest rate, from 0
   * @param totalSteps steps of the whole training: epochs times steps of an epoch; positive
   * @throws UsageError when an argument is not usable
   */
  constructor(maxLearningRate: number, totalSteps: number, options?: OneCycleOptions);
  /** All of them by name. */
  constructor(options: AllOptions);
  constructor(...given: readonly unknown[]) {
    const { maxLearningRate, totalSteps, ...options } = byName<AllOptions>(OneCycle, given);
    super(options);
    this.name = options.name ?? "OneCycle";
    this.maxLearningRate = numberWithin("OneCycle", "maxLearningRate", maxLearningRate, 0);
    this.totalSteps = positiveNumber("OneCycle", "totalSteps", totalSteps);
    this.pctStart = numberWithin("OneCycle", "pctStart", options.pctStart ?? 0.3, 0, 1);
    this.divFactor = positiveNumber("OneCycle", "divFactor", options.divFactor ?? 25);
    this.finalDivFactor = positiveNumber("OneCycle", "finalDivFactor", options.finalDivFactor ?? 1e4);
  }

  at(step: number): number {
    const first = this.maxLearningRate / this.divFactor;
    const last = first / this.finalDivFactor;
    // The steps of the greatest and of the last rate. As in PyTorch, the former need not be whole, and is -1 without a rise.
    const peak = this.pctStart * this.totalSteps - 1;
    const end = this.totalSteps - 1;
    if (step <= peak) return wave(first, this.maxLearningRate, peak === 0 ? 1 : step / peak);
    if (step < end) return wave(this.maxLearningRate, last, (step - peak) / (end - peak));
    return last;
  }

  override getConfig(): Config {
    return {
      max_learning_rate: this.maxLearningRate,
      total_steps: this.totalSteps,
      pct_start: this.pctStart,
      div_factor: this.divFactor,
      final_div_factor: this.finalDivFactor,
      name: this.name,
    };
  }
}

/** What a range test found. */
export interface LearningRates {
  /** Rates that were tried, one a step, each greater than the one before. */
  readonly rates: readonly number[];
  /** Loss of the batch at each of them, before the step. */
  readonly losses: readonly number[];
  /** The same, smoothed: an exponential moving average without its bias towards the beginning. */
  readonly smoothed: readonly number[];
  /** Where the smoothed loss fell most steeply; `undefined` where it never fell. A rate to train with. */
  readonly steepest: number | undefined;
  /** A tenth of the rate at which the smoothed loss was lowest; `undefined` where it never fell. Another rate to train with. */
  readonly minimumTenth: number | undefined;
}

/** How much of the average each loss leaves: one looks back over about ten steps. */
const momentum = 0.9;

/** Steps on either side of one that its slope is taken from: losses of batches differ by luck. */
const reach = 3;

/** Share of the steps at the beginning that suggest nothing: the average is one of few losses there, and moves by luck. As in fastai. */
const uncertain = 0.1;

/** A loss this many times as great as the lowest one says that the rates have become too great. */
const diverged = 4;

/** A smoothed series of losses, which grows from step to step. */
export class SmoothedLosses {
  readonly values: number[] = [];
  private average = 0;
  private best = Number.POSITIVE_INFINITY;

  /**
   * Takes in the loss of a step.
   *
   * @returns whether the rates have become too great: it is no number, or the smoothed loss more than 4 times its lowest value
   */
  add(loss: number): boolean {
    if (!Number.isFinite(loss)) return true;
    this.average = momentum * this.average + (1 - momentum) * loss;
    const smoothed = this.average / (1 - momentum ** (this.values.length + 1));
    this.values.push(smoothed);
    this.best = Math.min(this.best, smoothed);
    // A loss below zero, as a script's own may be, has no multiples.
    return this.best > 0 && smoothed > diverged * this.best;
  }
}

/**
 * What losses at rising rates say.
 *
 * @param rates as many as `losses`, rising by the same factor from each to the next
 * @param smoothed what {@link SmoothedLosses} made of the losses
 * @see https://arxiv.org/abs/1506.01186 section 3.3
 */
export function learningRates(
  rates: readonly number[],
  losses: readonly number[],
  smoothed: readonly number[],
): LearningRates {
  const lowest = smoothed.reduce((best, loss, step) => (loss < (smoothed[best] ?? loss) ? step : best), 0);
  const first = Math.min(lowest, Math.floor(uncertain * smoothed.length));
  // Behind the lowest loss it falls nowhere for good.
  const slopes = smoothed.slice(0, lowest + 1).map((_, step) => slopeAt(smoothed, step));
  const steepest = slopes.reduce(
    (best, slope, step) => (step > first && slope < (slopes[best] ?? slope) ? step : best),
    first,
  );
  const falls = (slopes[steepest] ?? 0) < 0;
  const tenth = (rates[lowest] ?? 0) / 10;
  return {
    ...{ rates, losses, smoothed },
    steepest: falls ? rates[steepest] : undefined,
    minimumTenth: falls ? tenth : undefined,
  };
}

/** Slope of the line that fits the values around a step best, by steps: rates rise by the same factor each. */
function slopeAt(values: readonly number[], step: number): number {
  const from = Math.max(0, step - reach);
  const around = values.slice(from, step + reach + 1);
  const middle = (around.length - 1) / 2;
  const [products, squares] = around.reduce<readonly [number, number]>(
    ([xy, xx], value, place) => [xy + (place - middle) * value, xx + (place - middle) ** 2],
    [0, 0],
  );
  return squares === 0 ? 0 : products / squares;
}

/** The straight line through a series by least squares, and how sure its slope is. */
export interface Trend {
  /** Of the line, for each epoch. */
  readonly slope: number;
  /** What the line says of the first and of the last value. */
  readonly first: number;
  readonly last: number;
  /** Standard deviation of the values from the line. */
  readonly deviation: number;
  /** The slope in standard errors, as a quantile of the normal distribution: above 2.33 with a chance of 1 % where there is no slope. */
  readonly z: number;
}

/** Standard errors of a slope that are no chance, also where neighbours resemble each other more than a short series shows. */
const sure = 3;

/** The chance of 20 % on one side, in standard errors. */
const improbable = 0.8416;

/** The median; `NaN` of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(half) - 1] ?? Number.NaN, sorted[Math.floor(half)] ?? Number.NaN];
  return (low + high) / 2;
}

/** The mean; `NaN` of nothing. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * A line through a series whose neighbours may resemble each other, as epochs of one training do: with a correlation ρ of one
 * deviation with the next, the standard error of the slope is `√((1 + ρ) / (1 − ρ))` times that of independent ones.
 *
 * @param values at epochs of equal distance, 3 or more
 * @param jitter of the whole series that the values are a part of: few values may lie on a line by luck; default 0
 * @see Santer et al. 2000, "Statistical significance of trends and trend differences in layer-average atmospheric temperature time series" (correlated deviations)
 * @see Wallace 1959, "Bounds on normal approximations to Student's and the chi-square distributions" (t as a quantile of the normal distribution)
 */
export function trendOf(values: readonly number[], jitter = 0): Trend {
  const count = values.length;
  const [middle, level] = [(count - 1) / 2, mean(values)];
  let [products, squares] = [0, 0];
  for (const [index, value] of values.entries()) {
    products += (index - middle) * (value - level);
    squares += (index - middle) ** 2;
  }
  const slope = products / squares;
  const [first, last] = [level - slope * middle, level + slope * middle];
  const residuals = values.map((value, index) => value - (first + slope * index));
  const scatter = residuals.reduce((sum, residual) => sum + residual ** 2, 0);
  const together = residuals.slice(1).reduce((sum, residual, index) => sum + residual * (residuals[index] ?? 0), 0);
  // Short series show less correlation than there is: taking out a line takes about 2 / n of it along.
  const correlation = Math.min(0.9, Math.max(0, (scatter === 0 ? 0 : together / scatter) + 1 / count));
  const freedom = Math.max(1, count - 2);
  const deviation = Math.sqrt(scatter / freedom);
  const error = Math.max(deviation, jitter) * Math.sqrt((1 + correlation) / (1 - correlation) / squares);
  // A line without any scatter is as sure as can be; where all values are equal there is no slope.
  const t = slope === 0 ? 0 : slope / error;
  const z = Number.isFinite(t)
    ? ((8 * freedom + 1) / (8 * freedom + 3)) * Math.sqrt(freedom * Math.log1p(t ** 2 / freedom)) * Math.sign(t)
    : Math.sign(slope) * Number.POSITIVE_INFINITY;
  return { slope, first, last, deviation, z };
}

/** What the values of a series do beside its trend. */
export interface Jitter {
  /** Standard deviation of a value from a smooth curve. */
  readonly deviation: number;
  /** That it is at least, with a chance of 80 %. */
  readonly atLeast: number;
}

/**
 * How far values lie from a smooth curve, whichever it is: second differences know no level and no slope. With independent deviations
 * the variance of one is six times that of a value; a curve that bends adds to it at its bend only, so the median is taken.
 *
 * @param values 3 or more
 * @see Gasser, Sroka and Jennen-Steinmetz 1986, "Residual variance and residual pattern in nonlinear regression"
 */
export function jitterOf(values: readonly number[]): Jitter {
  const bends = values.slice(2).map((value, index) => value - 2 * (values[index + 1] ?? 0) + (values[index] ?? 0));
  // 0.6745 is the median of the absolute value of a standard normal number.
  const deviation = median(bends.map(Math.abs)) / 0.6745 / Math.sqrt(6);
  // Of a deviation by the median of n values the standard error is 1.17 / √n of it; of second differences, which overlap, 1.5 / √n.
  return { deviation, atLeast: deviation * Math.max(0, 1 - (improbable * 1.5) / Math.sqrt(bends.length)) };
}

/** Where a series was lowest, and that it rises from there. */
export interface Rise {
  /** Index of the lowest value. */
  readonly lowest: number;
  readonly from: number;
  /** What the trend of the values behind the lowest says of the last one. */
  readonly to: number;
}

/** Values behind the lowest that a rise needs. */
const leastBehind = 5;

/**
 * Whether a series rises after its lowest value: the line through the values behind it ascends by three standard errors, and
 * ends more than two deviations from the line above the lowest value. That value is left out of the line, since it
 * was chosen for being low.
 *
 * @returns `undefined` where it does not, or fewer than five values lie behind the lowest
 */
export function riseAfterLowest(values: readonly number[]): Rise | undefined {
  const lowest = values.reduce((best, value, index) => (value < (values[best] ?? Infinity) ? index : best), 0);
  const from = values[lowest] ?? Number.NaN;
  const behind = values.slice(lowest + 1);
  if (behind.length < leastBehind) return undefined;
  const { z, last, deviation } = trendOf(behind);
  return z > sure && last - from > 2 * deviation ? { lowest, from, to: last } : undefined;
}

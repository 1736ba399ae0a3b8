/** A range in [0, 1]. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Standard normal quantile of 97.5 %. */
const z = 1.959963984540054;

/**
 * The 95 % interval of a share that was measured on a sample, by Wilson: centre `(p + z²/2n) / (1 + z²/n)`, half width
 * `z / (1 + z²/n) · √(p(1 − p)/n + z²/4n²)`. It is sensible for few photos and for shares of 0 and 1 too.
 *
 * @param share measured, in [0, 1]
 * @param count photos that it was measured on; with 0 nothing is known
 * @see https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval#Wilson_score_interval
 */
export function wilsonInterval(share: number, count: number): Interval {
  if (count <= 0) return { low: 0, high: 1 };
  const shrink = 1 + z ** 2 / count;
  const centre = (share + z ** 2 / (2 * count)) / shrink;
  const half = (z / shrink) * Math.sqrt((share * (1 - share)) / count + z ** 2 / (4 * count ** 2));
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

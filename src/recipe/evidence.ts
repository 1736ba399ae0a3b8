/**
 * Whether photos say that a classifier is better than another one: its losses on them are lower on the mean, by at least one
 * standard error of the differences. Where both are as good, that happens by luck once in six times; a real difference shows
 * with few photos.
 *
 * @param losses of each photo, by the one
 * @param others of the same photos, by the other
 * @param errors how many standard errors it must be; default 1, see {@link errorsFor}
 */
export function better(losses: readonly number[], others: readonly number[], errors = 1): boolean {
  const count = losses.length;
  const gains = losses.map((loss, photo) => (others[photo] ?? Number.NaN) - loss);
  const mean = gains.reduce((sum, gain) => sum + gain, 0) / count;
  const variance = gains.reduce((sum, gain) => sum + (gain - mean) ** 2, 0) / Math.max(1, count - 1);
  return mean > errors * Math.sqrt(variance / count);
}

/** How often one that is as good looks better by one standard error: the upper tail of the normal distribution beyond 1. */
const lucky = 0.158655;

/**
 * How many standard errors one of several must be better by, so that luck among all of them is as rare as it is for a single one at
 * one standard error: Bonferroni's correction.
 *
 * @param candidates how many are compared with the same one; at least 1
 * @returns 1 for one, 1.4 for two, 2.1 for ten, 3.0 for a hundred
 * @see https://en.wikipedia.org/wiki/Bonferroni_correction
 * @see https://personal.math.ubc.ca/~cbm/aands/page_933.htm formula 26.2.23, the quantile of the normal distribution to 4.5e-4
 */
export function errorsFor(candidates: number): number {
  if (candidates <= 1) return 1;
  const t = Math.sqrt(-2 * Math.log(lucky / candidates));
  const above = 2.515517 + 0.802853 * t + 0.010328 * t ** 2;
  const below = 1 + 1.432788 * t + 0.189269 * t ** 2 + 0.001308 * t ** 3;
  return t - above / below;
}

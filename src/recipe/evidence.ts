/** Standard errors by which a difference must be clear. */
const clear = 1;

/**
 * Whether photos say that a classifier is better than another one: its losses on them are lower on the mean, by more than one
 * standard error of the differences.
 *
 * One photo is added that nobody has seen, on which the other is sure and right, and this one guesses. For who is too sure of
 * himself has a lower loss on most photos and a far higher one on few, which some photos need not show: four photos of flowers
 * took a network for better, and its accuracy for 100 %. docs/design.md has a table of how often photos err by this rule and others.
 *
 * @param losses of each photo, by the one
 * @param others of the same photos, by the other
 * @param classes between which they decide: guessing costs the logarithm of their number
 * @param errors how many standard errors it must be; default 1; for one of many see {@link errorsFor}
 */
export function better(losses: readonly number[], others: readonly number[], classes: number, errors = clear): boolean {
  return errorsBetter(losses, others, classes) > errors;
}

/**
 * By how many standard errors of the differences the losses of a classifier are lower than those of another one, the photo that
 * nobody has seen among them (see {@link better}).
 *
 * @param losses of each photo, by the one
 * @param others of the same photos, by the other
 * @param classes between which they decide
 * @returns below 0 where they are higher
 */
export function errorsBetter(losses: readonly number[], others: readonly number[], classes: number): number {
  const gains = losses.map((loss, photo) => (others[photo] ?? Number.NaN) - loss);
  gains.push(-Math.log(classes));
  const count = gains.length;
  const mean = gains.reduce((sum, gain) => sum + gain, 0) / count;
  const variance = gains.reduce((sum, gain) => sum + (gain - mean) ** 2, 0) / Math.max(1, count - 1);
  return mean / Math.sqrt(variance / count);
}

/** How often the best of several that are as good may look better: the upper tail of the normal distribution beyond 2. */
const lucky = 0.02275;

/**
 * How many standard errors one of several must be better by, so that luck among all of them is as rare as it is for a single one at
 * two standard errors: Bonferroni's correction. Two and not one, for the first of them are defaults that hold on other sets too.
 *
 * @param candidates how many are compared with the same one
 * @returns 2 for one, 2.3 for two, 2.8 for ten, 3.5 for a hundred
 * @see https://en.wikipedia.org/wiki/Bonferroni_correction
 * @see https://personal.math.ubc.ca/~cbm/aands/page_933.htm formula 26.2.23, the quantile of the normal distribution to 4.5e-4
 */
export function errorsFor(candidates: number): number {
  if (candidates <= 1) return 2;
  const t = Math.sqrt(-2 * Math.log(lucky / candidates));
  const above = 2.515517 + 0.802853 * t + 0.010328 * t ** 2;
  const below = 1 + 1.432788 * t + 0.189269 * t ** 2 + 0.001308 * t ** 3;
  return t - above / below;
}

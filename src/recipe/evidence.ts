/**
 * Whether photos say that a classifier is better than another one: its losses on them are lower on the mean, by at least one
 * standard error of the differences. Where both are as good, that happens by luck once in six times; a real difference shows
 * with few photos.
 *
 * @param losses of each photo, by the one
 * @param others of the same photos, by the other
 */
export function better(losses: readonly number[], others: readonly number[]): boolean {
  const count = losses.length;
  const gains = losses.map((loss, photo) => (others[photo] ?? Number.NaN) - loss);
  const mean = gains.reduce((sum, gain) => sum + gain, 0) / count;
  const variance = gains.reduce((sum, gain) => sum + (gain - mean) ** 2, 0) / Math.max(1, count - 1);
  return mean > Math.sqrt(variance / count);
}

/** Standard errors by which a difference must be clear. */
const clear = 2;

/**
 * Whether photos say that a classifier is better than another one: its losses on them are lower on the mean, by more than two
 * standard errors of the differences. Where both are as good, that happens by luck once in forty times. (With one standard error,
 * 25 photos of flowers5 took a network whose loss on test photos was 0.56 for better than a head whose loss was 0.41; where
 * training the network is worth it, 300 photos of trash say so by five.)
 *
 * @param losses of each photo, by the one
 * @param others of the same photos, by the other
 */
export function better(losses: readonly number[], others: readonly number[]): boolean {
  const count = losses.length;
  const gains = losses.map((loss, photo) => (others[photo] ?? Number.NaN) - loss);
  const mean = gains.reduce((sum, gain) => sum + gain, 0) / count;
  const variance = gains.reduce((sum, gain) => sum + (gain - mean) ** 2, 0) / Math.max(1, count - 1);
  return mean > clear * Math.sqrt(variance / count);
}

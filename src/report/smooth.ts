/** Fewer values than this are drawn as they are. */
const leastValues = 6;

/**
 * Smooths a series: at each place the value of the line that is fitted to its neighbours by least squares, those nearby counting most,
 * `exp(−½ (distance / bandwidth)²)`. Unlike a moving mean it is neither late nor bent at the ends, and leaves a straight line as it is.
 *
 * @param values of equal distance; those that are no finite numbers are left out
 * @returns as many values, `NaN` where there was none; series of fewer than 6 as they are
 * @see https://en.wikipedia.org/wiki/Local_regression
 */
export function smooth(values: readonly number[]): number[] {
  const known = values.flatMap((value, place) => (Number.isFinite(value) ? [{ place, value }] : []));
  if (known.length < leastValues) return values.map((value) => (Number.isFinite(value) ? value : Number.NaN));
  const bandwidth = Math.max(1, values.length / 20);
  return values.map((own, place) => {
    if (!Number.isFinite(own)) return Number.NaN;
    // Sums of weights, distances, values and their products, of which the line is made.
    let [w, x, y, xx, xy] = [0, 0, 0, 0, 0];
    for (const { place: other, value } of known) {
      const distance = other - place;
      const weight = Math.exp(-0.5 * (distance / bandwidth) ** 2);
      w += weight;
      x += weight * distance;
      y += weight * value;
      xx += weight * distance ** 2;
      xy += weight * distance * value;
    }
    const spread = w * xx - x * x;
    return spread > 1e-9 * w * w ? (xx * y - x * xy) / spread : y / w;
  });
}

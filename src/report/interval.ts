/** A range in [0, 1]. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Standard normal quantile of 97.5 %. */
const z = 1.959963984540054;

/**
 * The 95 % interval of a share that was measured on a sample, by Wilson: where the share of all photos of this kind lies. Centre
 * `(p + z²/2n) / (1 + z²/n)`, half width `z / (1 + z²/n) · √(p(1 − p)/n + z²/4n²)`. It is sensible for few photos and for shares
 * of 0 and 1 too.
 *
 * @param share measured, in [0, 1]
 * @param count photos that it was measured on; with 0 nothing is known
 * @see https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval#Wilson_score_interval
 */
export function wilsonInterval(share: number, count: number): Interval {
  return predictionInterval(share, count, Number.POSITIVE_INFINITY);
}

/**
 * The 95 % interval of the share that some new photos will show, of the kind that a share was measured on: beside what few photos
 * measure wrongly, that so many new ones show another share than all there are. The new shares `y` are those that a comparison of both
 * samples would not call different: `(y − p)² ≤ z² q(1 − q)(1/n + 1/m)`, with the share `q` of both together. Of infinitely many
 * photos it is Wilson's.
 *
 * @param share measured, in [0, 1]
 * @param count photos that it was measured on; with 0 nothing is known
 * @param ahead how many new photos, from 1
 * @see Krishnamoorthy and Peng, "Improved closed-form prediction intervals for binomial and Poisson distributions", Journal of
 * Statistical Planning and Inference 141 (2011): the joint sampling approach
 */
export function predictionInterval(share: number, count: number, ahead: number): Interval {
  if (count <= 0) return { low: 0, high: 1 };
  // The ends are `share + d`, with the roots d of d²(1 + cw²) − dcw(1 − 2p) − cp(1 − p).
  const weight = ahead === Number.POSITIVE_INFINITY ? 1 : ahead / (count + ahead);
  const [c, cw] = [z ** 2 * (1 / count + 1 / ahead), z ** 2 / count];
  const square = 2 * (1 + cw * weight);
  const centre = share + (cw * (1 - 2 * share)) / square;
  const half = Math.sqrt((cw * (1 - 2 * share)) ** 2 + 2 * square * c * share * (1 - share)) / square;
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/** What accuracy new photos will show. */
export interface ExpectedAccuracy extends Interval {
  /** How many new photos the interval is of. */
  readonly photos: number;
}

/** Of how many new photos an accuracy is told: so many people look at before they judge. */
const newPhotos = 100;

/**
 * The 95 % interval of the accuracy that new photos will show: what is said beside an accuracy wherever one is reported.
 *
 * @param accuracy that was measured, in [0, 1]
 * @param count photos that it was measured on
 * @param ahead new photos that will be looked at, where it is known; of more than 100 the interval is that of 100
 */
export function expectedAccuracy(accuracy: number, count: number, ahead = newPhotos): ExpectedAccuracy {
  const photos = Math.min(ahead, newPhotos);
  return { ...predictionInterval(accuracy, count, photos), photos };
}

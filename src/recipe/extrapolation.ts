import type { Generator } from "../random/generator.js";

/** What photos say of classifiers that have learned from so many others. */
export interface CurvePoint {
  /** Photos that were learned from. */
  readonly photos: number;
  /** What each photo that was held out says, such as 1 where its class was not recognised; the same photos in each point. */
  readonly values: readonly number[];
}

/** A figure at a number of photos that was not measured. */
export interface Extrapolated {
  readonly value: number;
  /** The 95 % interval. */
  readonly low: number;
  readonly high: number;
}

/** A figure that falls with photos as `floor + slope / √photos`. */
export interface FallingCurve {
  readonly floor: number;
  readonly slope: number;
}

/** What a curve says of two numbers of photos, and of the step from one to the other. */
export interface Extrapolation {
  readonly curve: FallingCurve;
  readonly from: Extrapolated;
  readonly to: Extrapolated;
  /** By how much the figure falls. */
  readonly gain: Extrapolated;
}

/** Draws of the photos that intervals are made of. */
const draws = 400;

/**
 * Goes on with a learning curve: errors and losses fall as `floor + slope / √photos`, fitted by least squares with neither part
 * below 0. The interval comes from drawing the photos that measure anew, 400 times, with all points of a photo together.
 *
 * @param points two or more, with different numbers of photos
 * @param step from which number of photos to which, and where the draws come from
 * @see https://en.wikipedia.org/wiki/Learning_curve_(machine_learning)
 * @see https://en.wikipedia.org/wiki/Bootstrapping_(statistics)
 */
export function extrapolate(
  points: readonly CurvePoint[],
  { from, to, random }: { readonly from: number; readonly to: number; readonly random: Generator },
): Extrapolation {
  const measuring = points[0]?.values.length ?? 0;
  const curveOf = (photos: readonly number[]): FallingCurve =>
    fallingCurve(
      points.map(({ photos: learned }) => learned),
      points.map(({ values }) => photos.reduce((sum, photo) => sum + (values[photo] ?? Number.NaN), 0) / photos.length),
    );
  const ends = (curve: FallingCurve): readonly [number, number] => [heightOf(curve, from), heightOf(curve, to)];
  const all = Array.from({ length: measuring }, (_, photo) => photo);
  const curve = curveOf(all);
  const [begin, end] = ends(curve);
  const drawn = Array.from({ length: draws }, () => ends(curveOf(all.map(() => random.integer(measuring)))));
  return {
    curve,
    from: interval(
      begin,
      drawn.map(([value]) => value),
    ),
    to: interval(
      end,
      drawn.map(([, value]) => value),
    ),
    gain: interval(
      begin - end,
      drawn.map(([first, last]) => first - last),
    ),
  };
}

/** What a curve says of a number of photos. */
export function heightOf({ floor, slope }: FallingCurve, photos: number): number {
  return floor + slope / Math.sqrt(photos);
}

/** By least squares, with neither part below 0. */
function fallingCurve(photos: readonly number[], heights: readonly number[]): FallingCurve {
  const xs = photos.map((count) => 1 / Math.sqrt(count));
  const [x0, y0] = [mean(xs), mean(heights)];
  let [products, squares, own, through] = [0, 0, 0, 0];
  for (const [index, x] of xs.entries()) {
    const y = heights[index] ?? Number.NaN;
    products += (x - x0) * (y - y0);
    squares += (x - x0) ** 2;
    own += x * x;
    through += x * y;
  }
  const slope = products / squares;
  if (!(slope > 0)) return { floor: y0, slope: 0 };
  const floor = y0 - slope * x0;
  return floor < 0 ? { floor: 0, slope: through / own } : { floor, slope };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function interval(value: number, drawn: readonly number[]): Extrapolated {
  const sorted = [...drawn].sort((a, b) => a - b);
  const quantile = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN;
  return { value, low: quantile(0.025), high: quantile(0.975) };
}

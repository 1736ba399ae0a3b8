import type { TensorData } from "../onnx/tensor-data.js";

/**
 * A map's deviation as a share of the size of its numbers, below which nothing is read into it. Sums in another order change numbers by a
 * millionth: brought to a deviation of 1, smaller differences would be those of the rounding, and another machine would see others.
 */
const leastShare = 1e-4;

/** What features are brought to a common scale with. */
export interface FeatureFigures {
  /** Mean of each feature, `[features]` numbers. */
  readonly mean: Float32Array;
  /** What the difference from the mean is divided by, `[features]` numbers above 0: one and the same for all features of a map. */
  readonly deviation: Float32Array;
  /** Whether no map tells the photos apart by more than rounding does. */
  readonly alike: boolean;
}

/**
 * Mean of each feature, and deviation of each map.
 *
 * @param features `[photos, features]`
 * @param widths how many of the features each map gives, in order; default all of them are of one
 */
export function featureFigures(
  { data, dims }: TensorData<"float32">,
  widths: readonly number[] = [dims[1] ?? 0],
): FeatureFigures {
  const [photos = 0, width = 0] = dims;
  const sums = new Float64Array(width);
  for (const [index, value] of data.entries()) sums[index % width] = (sums[index % width] ?? 0) + value;
  const mean = Float32Array.from(sums, (sum) => sum / photos);
  const squares = new Float64Array(width);
  for (const [index, value] of data.entries()) {
    squares[index % width] = (squares[index % width] ?? 0) + (value - (mean[index % width] ?? 0)) ** 2;
  }
  const deviation = new Float32Array(width);
  let alike = true;
  let start = 0;
  for (const own of widths) {
    const end = start + own;
    const measured = Math.sqrt(squares.subarray(start, end).reduce((sum, square) => sum + square, 0) / (photos * own));
    const size = Math.sqrt(mean.subarray(start, end).reduce((sum, value) => sum + value * value, 0) / own);
    const least = leastShare * size;
    if (measured > least) alike = false;
    deviation.fill(Math.max(measured, least) || 1, start, end);
    start = end;
  }
  return { mean, deviation, alike };
}

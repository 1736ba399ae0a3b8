import type { TensorData } from "../onnx/tensor-data.js";
import { rowsOf } from "./rows.js";
import { greatest } from "../onnx/extremes.js";

/** Probabilities are not taken for smaller than this: one photo must not decide a mean of logarithms. */
const smallest = 1e-7;

/** Softmax of one row of logits. */
function softmaxRow(logits: Float32Array): Float64Array {
  const most = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const powers = Float64Array.from(logits, (logit) => Math.exp(logit - most));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

/** Probabilities of each photo, of logits `[photos, classes]`. */
export function probabilitiesOf(logits: TensorData<"float32">): Float64Array[] {
  return rowsOf(logits).map(softmaxRow);
}

/**
 * `−log(probability of its class)` of each photo, times what it counts.
 *
 * @param logits `[photos, classes]`
 * @param labels number of each photo's class
 * @param weights how much each photo counts; default all alike
 */
export function losses(
  logits: TensorData<"float32">,
  labels: readonly number[],
  weights?: readonly number[],
): number[] {
  return rowsOf(logits).map((row, photo) => (weights?.[photo] ?? 1) * lossOf(softmaxRow(row)[labels[photo] ?? 0]));
}

/** `−log` of the probability of the right class, which is not taken for 0. */
export function lossOf(probability = Number.NaN): number {
  return -Math.log(Math.max(probability, smallest));
}

/** The mean of {@link losses}. */
export function logLoss(logits: TensorData<"float32">, labels: readonly number[], weights?: readonly number[]): number {
  const total = labels.reduce((sum, _, photo) => sum + (weights?.[photo] ?? 1), 0);
  return losses(logits, labels, weights).reduce((sum, loss) => sum + loss, 0) / total;
}

/** Whether the class of each photo has the highest logit. */
export function areRight(logits: TensorData<"float32">, labels: readonly number[]): boolean[] {
  return rowsOf(logits).map((row, photo) => row.indexOf(greatest(row)) === labels[photo]);
}

/**
 * The share of photos whose class has the highest logit.
 *
 * @param weights how much each photo counts; default all alike
 */
export function shareRight(
  logits: TensorData<"float32">,
  labels: readonly number[],
  weights?: readonly number[],
): number {
  let [right, total] = [0, 0];
  for (const [photo, isRight] of areRight(logits, labels).entries()) {
    const weight = weights?.[photo] ?? 1;
    total += weight;
    if (isRight) right += weight;
  }
  return right / total;
}

import type { TensorData } from "../onnx/tensor-data.js";

/** Probabilities are not taken for smaller than this: one photo must not decide a mean of logarithms. */
const smallest = 1e-7;

/** Softmax of one row of logits. */
function softmaxRow(logits: Float32Array): Float64Array {
  const most = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const powers = Float64Array.from(logits, (logit) => Math.exp(logit - most));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

/** Rows of a matrix, without copying. */
function rowsOf({ data, dims }: TensorData<"float32">): Float32Array[] {
  const [rows = 0, width = 0] = dims;
  return Array.from({ length: rows }, (_, row) => data.subarray(row * width, (row + 1) * width));
}

/** Probabilities of each photo, of logits `[photos, classes]`. */
export function probabilitiesOf(logits: TensorData<"float32">): Float64Array[] {
  return rowsOf(logits).map(softmaxRow);
}

/**
 * `−log(probability of its class)` of each photo.
 *
 * @param logits `[photos, classes]`
 * @param labels number of each photo's class
 */
export function losses(logits: TensorData<"float32">, labels: readonly number[]): number[] {
  return rowsOf(logits).map((row, photo) => lossOf(softmaxRow(row)[labels[photo] ?? 0]));
}

/** `−log` of the probability of the right class, which is not taken for 0. */
export function lossOf(probability = Number.NaN): number {
  return -Math.log(Math.max(probability, smallest));
}

/** The mean of {@link losses}. */
export function logLoss(logits: TensorData<"float32">, labels: readonly number[]): number {
  return losses(logits, labels).reduce((sum, loss) => sum + loss, 0) / labels.length;
}

/** Whether the class of each photo has the highest logit. */
export function areRight(logits: TensorData<"float32">, labels: readonly number[]): boolean[] {
  return rowsOf(logits).map((row, photo) => row.indexOf(Math.max(...row)) === labels[photo]);
}

/** The share of {@link areRight}. */
export function shareRight(logits: TensorData<"float32">, labels: readonly number[]): number {
  return areRight(logits, labels).filter(Boolean).length / labels.length;
}

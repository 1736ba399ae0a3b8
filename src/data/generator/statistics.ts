import { UsageError } from "../../errors/errors.js";
import { input } from "../../graph/value.js";
import { transpose } from "../../ops/layout.js";
import { matmul } from "../../ops/matmul.js";
import { Tensor } from "../../runtime/runtime.js";
import { createSession } from "../../runtime/session.js";
import { platform } from "../../models/platform.js";
import { tinyDeviation } from "./standardize.js";
import { symmetricEigen } from "./symmetric-eigen.js";

/**
 * Most values of a photo that whitening is offered for: 32 × 32 in colour. The matrix grows with the square of it, the time
 * to find it with the cube.
 */
const whiteningLimit = 3072;

/** From here on people are told that they will have to wait. */
const slowFrom = 1000;

/** Images as numbers: `data` is `[count, pixels, channels]`. */
export interface Images {
  readonly data: Float32Array;
  readonly count: number;
  readonly channels: number;
}

/** Mean of each channel. */
export function channelMeans({ data, channels }: Images): Float32Array {
  const sums = new Float64Array(channels);
  for (let i = 0; i < data.length; i++) sums[i % channels] = (sums[i % channels] ?? 0) + (data[i] ?? 0);
  return Float32Array.from(sums, (sum) => (sum * channels) / data.length);
}

/** Standard deviation of each channel, dividing by the number of values. */
export function channelDeviations(images: Images): Float32Array {
  const { data, channels } = images;
  const means = channelMeans(images);
  const sums = new Float64Array(channels);
  for (let i = 0; i < data.length; i++) {
    const channel = i % channels;
    sums[channel] = (sums[channel] ?? 0) + ((data[i] ?? 0) - (means[channel] ?? 0)) ** 2;
  }
  return Float32Array.from(sums, (sum) => Math.sqrt((sum * channels) / data.length));
}

/** Subtracts a number from each channel, in place. */
export function subtractPerChannel({ data, channels }: Images, values: Float32Array): void {
  for (let i = 0; i < data.length; i++) data[i] = (data[i] ?? 0) - (values[i % channels] ?? 0);
}

/** Divides each channel by its deviation, in place, guarded as Keras does. */
export function dividePerChannel({ data, channels }: Images, deviations: Float32Array): void {
  for (let i = 0; i < data.length; i++) data[i] = (data[i] ?? 0) / ((deviations[i % channels] ?? 0) + tinyDeviation);
}

/** Refuses photos that are too large to be whitened. */
export function checkWhitening(size: number): void {
  if (size <= whiteningLimit) return;
  throw new UsageError("These photos are too large to be whitened.", {
    subject: "zcaWhitening",
    expected: `height · width · channels of at most ${whiteningLimit}, such as 32 × 32 × 3`,
    received: String(size),
    advice: "Use smaller photos, or featurewiseStdNormalization.",
  });
}

/** `a · b` in double precision, on the engine: `[n, k]` and `[k, m]`, one of which may lie transposed. */
async function product(
  a: Float64Array,
  b: Float64Array,
  [n, k, m]: readonly [number, number, number],
  transposed: { readonly a?: boolean } = {},
): Promise<Float64Array> {
  const left = input("a", "float64", transposed.a === true ? [k, n] : [n, k]);
  const right = input("b", "float64", [k, m]);
  const y = matmul(transposed.a === true ? transpose(left, { perm: [1, 0] }) : left, right);
  const session = await createSession(platform().runtime, { y });
  try {
    const results = await session.run({
      a: new Tensor("float64", a, transposed.a === true ? [k, n] : [n, k]),
      b: new Tensor("float64", b, [k, m]),
    });
    return results["y"]?.data as Float64Array;
  } finally {
    await session.release();
  }
}

function transposedMatrix(matrix: Float64Array, rows: number, columns: number): Float64Array {
  const result = new Float64Array(matrix.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) result[j * rows + i] = matrix[i * columns + j] ?? 0;
  }
  return result;
}

/**
 * The matrix of ZCA whitening: U · diag(√n / (s + ε)) · Uᵀ, where U and s are the left singular vectors and values of the
 * data, one photo a column. Keras takes them from a decomposition of the data in single precision, this from the
 * eigenvectors of the smaller one of XXᵀ and XᵀX in double precision.
 *
 * @param images centred; changed by nobody
 * @param epsilon Keras's `zca_epsilon`
 * @returns `[size, size]`
 * @throws UsageError when the photos are too large or hold values that are not numbers
 * @see https://www.cs.toronto.edu/~kriz/learning-features-2009-TR.pdf appendix A
 */
export async function whiteningMatrix({ data, count }: Images, epsilon: number): Promise<Float32Array> {
  const size = data.length / count;
  checkWhitening(size);
  if (!data.every(Number.isFinite)) {
    throw new UsageError("The photos hold values that are not numbers.", {
      subject: "x",
      expected: "finite values",
      received: "NaN or infinity",
    });
  }
  const order = Math.min(size, count);
  if (order > slowFrom) platform().warn(`ZCA whitening of ${order} dimensions: this takes minutes.`);
  const rows = Float64Array.from(data);
  // The singular vectors as rows, [order, size], and their singular values.
  let vectors: Float64Array;
  let singular: Float64Array;
  if (size <= count) {
    const eigen = symmetricEigen(await product(rows, rows, [size, count, size], { a: true }), size);
    vectors = eigen.vectors;
    singular = eigen.values.map((value) => Math.sqrt(Math.max(value, 0)));
  } else {
    const columns = transposedMatrix(rows, count, size);
    const eigen = symmetricEigen(await product(rows, columns, [count, size, count]), count);
    singular = eigen.values.map((value) => Math.sqrt(Math.max(value, 0)));
    vectors = await product(eigen.vectors, rows, [count, count, size]);
    // Xᵀv is a left singular vector times its singular value; a direction without data stays out.
    const largest = singular.reduce((a, b) => Math.max(a, b), 0);
    for (let k = 0; k < count; k++) {
      const s = singular[k] ?? 0;
      const divisor = s > 1e-10 * largest ? s : Infinity;
      for (let i = 0; i < size; i++) vectors[k * size + i] = (vectors[k * size + i] ?? 0) / divisor;
    }
  }
  const scaled = Float64Array.from(vectors);
  for (let k = 0; k < order; k++) {
    const factor = Math.sqrt(count) / ((singular[k] ?? 0) + epsilon);
    for (let i = 0; i < size; i++) scaled[k * size + i] = (scaled[k * size + i] ?? 0) * factor;
  }
  return Float32Array.from(await product(scaled, vectors, [size, order, size], { a: true }));
}

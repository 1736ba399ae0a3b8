import { staticDim } from "../../graph/shape.js";
import { constant, type Value } from "../../graph/value.js";
import type { Standardization } from "../../models/sources/batch-source.js";
import { toChannelsFirst, toChannelsLast } from "../../nn/channels.js";
import { float32 } from "../../onnx/tensor-data.js";
import { scalarLike } from "../../ops/constants.js";
import { add, div, mul, sqrt, square, sub } from "../../ops/elementwise.js";
import { matmul } from "../../ops/matmul.js";
import { reduceMean } from "../../ops/reduction.js";
import { reshapeTo } from "../../ops/reshape.js";

/**
 * A preprocessing function that is part of the graph, such as `applications.vgg16.preprocessInput`: it can be given to
 * `ImageDataGenerator` as `preprocessingFunction`.
 */
export interface GraphPreprocessing {
  /** What it does. */
  readonly standardization: Standardization;
  /** Writes it as a graph: `[N, 3, H, W]` float32 RGB in [0, 255] → the same shape. */
  readonly graph: (pixels: Value) => Value;
}

const untouched: Standardization = { bgr: false, scale: [1, 1, 1], offset: [0, 0, 0] };

/** A preprocessing followed by a factor for all values, as one. */
export function rescaled({ standardization }: Partial<GraphPreprocessing>, factor = 1): Standardization {
  const { bgr, scale, offset } = standardization ?? untouched;
  return { bgr, scale: scale.map((value) => value * factor), offset: offset.map((value) => value * factor) };
}

/** What Keras's `standardize` does after the preprocessing function. */
export interface Normalization {
  readonly rescale: number | undefined;
  readonly samplewiseCenter: boolean;
  readonly samplewiseStdNormalization: boolean;
  readonly featurewiseCenter: boolean;
  readonly featurewiseStdNormalization: boolean;
  readonly zcaWhitening: boolean;
}

/** Whether anything but the factor is asked for. */
export function normalizes(options: Normalization): boolean {
  return (
    options.samplewiseCenter ||
    options.samplewiseStdNormalization ||
    options.featurewiseCenter ||
    options.featurewiseStdNormalization ||
    options.zcaWhitening
  );
}

/** What `ImageDataGenerator.fit` finds out of data, as far as it is asked for. */
export interface Statistics {
  /** Mean of each channel. */
  readonly mean?: Float32Array | undefined;
  /** Standard deviation of each channel, of all samples. */
  readonly deviation?: Float32Array | undefined;
  /** `[size, size]` with `size` = height · width · channels in Keras's order. */
  readonly whitening?: Float32Array | undefined;
}

/** Keras's guard against division by zero. */
export const tinyDeviation = 1e-6;

/**
 * Writes the factor and the normalizations as a graph, in Keras's order: factor, mean and deviation of each photo, mean and
 * deviation of the data, whitening.
 *
 * @param pixels `[N, C, H, W]` float32
 * @param statistics of the data; what it lacks is left out
 * @param sampleAxes what is one sample to the samplewise options; default each photo
 * @returns the same shape
 * @see https://keras.io/api/data_loading/image/ `ImageDataGenerator.standardize`
 */
export function normalize(
  pixels: Value,
  options: Normalization,
  statistics: Statistics,
  sampleAxes: readonly number[] = [1, 2, 3],
): Value {
  let x = options.rescale === undefined ? pixels : mul(pixels, scalarLike(pixels, options.rescale));
  const tiny = scalarLike(pixels, tinyDeviation);
  const meanOf = (value: Value): Value => reduceMean(value, sampleAxes, { keepdims: 1 });
  if (options.samplewiseCenter) x = sub(x, meanOf(x));
  if (options.samplewiseStdNormalization) x = div(x, add(sqrt(meanOf(square(sub(x, meanOf(x))))), tiny));
  const perChannel = (values: Float32Array): Value => constant(float32(values, [values.length, 1, 1]));
  const { mean, deviation, whitening } = statistics;
  if (options.featurewiseCenter && mean !== undefined) x = sub(x, perChannel(mean));
  if (options.featurewiseStdNormalization && deviation !== undefined) x = div(x, add(perChannel(deviation), tiny));
  return options.zcaWhitening && whitening !== undefined ? whitened(x, whitening) : x;
}

/** Multiplies each photo, as one row in Keras's order, by a matrix. */
function whitened(x: Value, matrix: Float32Array): Value {
  const last = toChannelsLast(x);
  const batch = last.shape[0] ?? "N";
  const size = [1, 2, 3].reduce((product, axis) => product * staticDim(last.shape, axis, "zcaWhitening"), 1);
  const rows = matmul(reshapeTo(last, [batch, size]), constant(float32(matrix, [size, size])));
  return toChannelsFirst(reshapeTo(rows, last.shape));
}

import { ShapeError, UsageError } from "../errors/errors.js";
import { didYouMean } from "../errors/nearest.js";
import { formatShape, type Shape } from "../graph/shape.js";
import type { Value } from "../graph/value.js";
import { constant } from "../graph/value.js";
import type { Standardization } from "../models/sources/batch-source.js";
import { float32 } from "../onnx/tensor-data.js";
import { add, mul } from "../ops/elementwise.js";
import { concat } from "../ops/joining.js";
import { slice } from "../ops/slicing.js";
import * as ops from "../nn/operations/index.js";
import { SymbolicTensor } from "../nn/symbolic-tensor.js";
import { isTensor, Tensor } from "../runtime/runtime.js";

/**
 * What a network wants done to RGB pixels in [0, 255] before they go in; Keras's names.
 *
 * - `tf`: x / 127.5 − 1
 * - `torch`: x / 255, then minus mean (.485 .456 .406), then by deviation (.229 .224 .225)
 * - `caffe`: RGB → BGR, then minus mean (103.939 116.779 123.68)
 * - `0-1`: x / 255
 * - `0-255`: x, for networks that begin with what their pixels need
 *
 * @see https://keras.io/api/applications/
 */
export type PreprocessMode = "tf" | "torch" | "caffe" | "0-1" | "0-255";

/** Mean of the colours of ImageNet's photos, of pixels in [0, 1]. */
export const torchMean = [0.485, 0.456, 0.406];
/** Their standard deviation. */
export const torchDeviation = [0.229, 0.224, 0.225];

const recipes: Readonly<Record<PreprocessMode, Standardization>> = {
  tf: { bgr: false, scale: [1 / 127.5, 1 / 127.5, 1 / 127.5], offset: [-1, -1, -1] },
  torch: {
    bgr: false,
    scale: torchDeviation.map((deviation) => 1 / 255 / deviation),
    offset: torchMean.map((mean, channel) => -mean / (torchDeviation[channel] ?? 1)),
  },
  caffe: { bgr: true, scale: [1, 1, 1], offset: [-103.939, -116.779, -123.68] },
  "0-1": { bgr: false, scale: [1 / 255, 1 / 255, 1 / 255], offset: [0, 0, 0] },
  "0-255": { bgr: false, scale: [1, 1, 1], offset: [0, 0, 0] },
};

/** Names of all modes. */
export const preprocessModes = Object.keys(recipes) as PreprocessMode[];

/**
 * Checks a mode's name.
 *
 * @throws UsageError for an unknown one
 */
export function preprocessMode(name: string): PreprocessMode {
  const mode = modeNamed(name);
  if (mode !== undefined) return mode;
  throw new UsageError(`There is no preprocessing "${name}".`, {
    subject: "preprocess",
    expected: preprocessModes.join(", "),
    received: name,
    advice: didYouMean(name, preprocessModes),
  });
}

/**
 * Checks the name of a mode that a file says of itself.
 *
 * @param file its path, for messages
 * @throws UsageError for an unknown one
 */
export function statedPreprocessMode(name: string, file: string): PreprocessMode {
  const mode = modeNamed(name);
  if (mode !== undefined) return mode;
  throw new UsageError(`${file} names a preprocessing that Graft does not have.`, {
    subject: "preprocess",
    expected: preprocessModes.join(", "),
    received: `"${name}" in the file's metadata`,
    advice: "If it is one of these under another name, say it with --preprocess, which goes before the file.",
  });
}

function modeNamed(name: string): PreprocessMode | undefined {
  return preprocessModes.find((candidate) => candidate === name);
}

/** Scale, offset and channel order of a mode. */
export function standardizationOf(mode: PreprocessMode): Standardization {
  return recipes[mode];
}

/**
 * Writes a mode's preprocessing as a graph.
 *
 * @param pixels `[N, 3, H, W]` float32, RGB in [0, 255]
 * @returns the same shape
 */
export function preprocessGraph(pixels: Value, mode: PreprocessMode): Value {
  const { bgr, scale, offset } = recipes[mode];
  const perChannel = (values: readonly number[]): Value => constant(float32(values, [3, 1, 1]));
  const ordered = bgr
    ? concat(
        [2, 1, 0].map((channel) => slice(pixels, { starts: [channel], ends: [channel + 1], axes: [1] })),
        { axis: 1 },
      )
    : pixels;
  const scaled = scale.every((factor) => factor === 1) ? ordered : mul(ordered, perChannel(scale));
  return offset.every((summand) => summand === 0) ? scaled : add(scaled, perChannel(offset));
}

/**
 * The preprocessing function of a mode, as `applications.vgg16.preprocessInput` is one.
 *
 * Called on an array, `[…, 3]` RGB in [0, 255], it gives a new float32 array of the same shape. Given to
 * `ImageDataGenerator` as `preprocessingFunction`, it becomes part of the graph.
 */
export function preprocessInput(mode: PreprocessMode): PreprocessInput {
  const { bgr, scale, offset } = recipes[mode];
  const onArray = (x: Tensor | SymbolicTensor): Tensor | SymbolicTensor => {
    if (x instanceof SymbolicTensor) return onSymbol(x);
    if (!isTensor(x)) {
      throw new UsageError("preprocessInput cannot take this.", {
        subject: "x",
        expected: "an array of pixels (Tensor), or what layers.Input or a layer gives",
        received: typeof x,
      });
    }
    requireColour(x.dims);
    const from = x.data as Float32Array;
    const to = new Float32Array(from.length);
    for (let index = 0; index < to.length; index++) {
      const channel = index % 3;
      const source = bgr ? index - channel + (2 - channel) : index;
      to[index] = (from[source] ?? 0) * (scale[channel] ?? 1) + (offset[channel] ?? 0);
    }
    return new Tensor("float32", to, x.dims);
  };
  const onSymbol = (x: SymbolicTensor): SymbolicTensor => {
    requireColour(x.shape);
    const ordered = bgr ? ops.getItem(x, [ops.ellipsis, ops.range(null, null, -1)]) : x;
    // As few operations as the arithmetic needs, so that a file shows what is done.
    const scaled = scale.every((factor) => factor === 1) ? ordered : ops.multiply(ordered, row(scale));
    return offset.every((summand) => summand === 0) ? scaled : ops.add(scaled, row(offset));
  };
  return Object.assign(onArray as PreprocessInput, {
    standardization: recipes[mode],
    graph: (pixels: Value) => preprocessGraph(pixels, mode),
  });
}

/** One number for each channel. */
function row(values: readonly number[]): Tensor {
  return new Tensor("float32", Float32Array.from(values), [values.length]);
}

function requireColour(shape: Shape): void {
  if (shape.at(-1) === 3) return;
  throw new ShapeError("preprocessInput takes RGB images.", {
    subject: "x",
    expected: "3 channels on the last axis",
    received: formatShape(shape),
  });
}

/** What {@link preprocessInput} gives. */
export interface PreprocessInput {
  /**
   * Preprocesses RGB pixels in [0, 255].
   *
   * @param x `[…, 3]`
   * @returns float32 of the same shape; new, where Keras changes its input
   * @throws ShapeError when the last axis has not 3 channels
   *
   * @example
   * ```ts
   * import { applications, ImageDataGenerator, Tensor } from "graft-ml";
   *
   * const { preprocessInput } = applications.vgg16;
   * const { data } = preprocessInput(new Tensor("float32", [255, 0, 0], [1, 1, 3]));
   * console.log(data.join(" ")); // → -103.93900299072266 -116.77899932861328 131.32000732421875
   * // In front of a network, as part of the graph:
   * const datagen = new ImageDataGenerator({ preprocessingFunction: preprocessInput });
   * ```
   */
  (x: Tensor): Tensor;
  /** The same as part of a model: of a placeholder, or inside of `call`. */
  (x: SymbolicTensor): SymbolicTensor;
  readonly standardization: Standardization;
  readonly graph: (pixels: Value) => Value;
}

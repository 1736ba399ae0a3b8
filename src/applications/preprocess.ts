import { channelsLastOnly, checkOptionNames } from "../errors/check.js";
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

/**
 * What is done to pixels: a mode, or mean and standard deviation of pixels in [0, 1], such as `0.5,0.5,0.5/0.25,0.25,0.25`; with `bgr:`
 * in front the channels are swapped first.
 */
export type Preprocess = PreprocessMode | `${string}/${string}`;

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

/** How mean and deviation are said, for messages. */
const ownForm = "mean and deviation of pixels in [0, 1], such as 0.5,0.5,0.5/0.25,0.25,0.25";

/**
 * Checks what an option says of preprocessing.
 *
 * @throws UsageError for an unknown mode
 */
export function preprocessOf(text: string): Preprocess {
  const known = knownPreprocess(text);
  if (known !== undefined) return known;
  throw new UsageError(`There is no preprocessing "${text}".`, {
    subject: "preprocess",
    expected: `${preprocessModes.join(", ")}, or ${ownForm}`,
    received: text,
    advice: didYouMean(text, preprocessModes),
  });
}

/**
 * Checks what a file says of its preprocessing.
 *
 * @param file its path, for messages
 * @throws UsageError for an unknown mode
 */
export function statedPreprocess(text: string, file: string): Preprocess {
  const known = knownPreprocess(text);
  if (known !== undefined) return known;
  throw new UsageError(`${file} names a preprocessing that Graft does not have.`, {
    subject: "preprocess",
    expected: `${preprocessModes.join(", ")}, or ${ownForm}`,
    received: `"${text}" in the file's metadata`,
    advice: "If it is one of these under another name, say it with --preprocess, which goes before the file.",
  });
}

function knownPreprocess(text: string): Preprocess | undefined {
  return preprocessModes.find((mode) => mode === text) ?? ownPreprocess(text);
}

/** `x / 255`, minus a mean, by a deviation; `undefined` where the text says something else. */
function ownPreprocess(text: string): Preprocess | undefined {
  const [, bgr, mean, deviation] = /^(bgr:)?([^/]+)\/([^/]+)$/.exec(text.trim()) ?? [];
  if (mean === undefined || deviation === undefined) return undefined;
  return preprocessFrom({ bgr: bgr !== undefined, mean: channelNumbers(mean), deviation: channelNumbers(deviation) });
}

/** One number for each channel; they are written as lists, `[0.5, 0.5, 0.5]`, plainly, or once for all channels. */
export function channelNumbers(text: string): number[] {
  const found = text
    .replace(/^\s*[[(]|[\])]\s*$/g, "")
    .trim()
    .split(/[\s,;]+/)
    .map((word) => (word === "" ? NaN : Number(word)));
  const [all = NaN] = found;
  return found.length === 1 ? [all, all, all] : found;
}

/** What is taken from pixels in [0, 1], and what they are divided by then. */
export interface MeanAndDeviation {
  /** Whether the channels are swapped to blue, green, red first. */
  readonly bgr: boolean;
  /** One number for each channel, in the order after the swap. */
  readonly mean: readonly number[];
  /** One number for each channel, likewise. */
  readonly deviation: readonly number[];
}

/**
 * The preprocessing that a mean and a deviation say: the mode that does the same, or their text.
 *
 * @returns `undefined` where they are not three numbers each, or nothing can be divided by them
 */
export function preprocessFrom(said: MeanAndDeviation): Preprocess | undefined {
  const { bgr, mean, deviation } = said;
  if (mean.length !== 3 || deviation.length !== 3) return undefined;
  if (!mean.every(Number.isFinite) || !deviation.every((one) => Number.isFinite(one) && one > 0)) return undefined;
  const same = preprocessModes.find((mode) => saysTheSame(mode, said));
  return same ?? `${bgr ? "bgr:" : ""}${mean.join(",")}/${deviation.join(",")}`;
}

/** Whether "(x / 255 − mean) / deviation" is what a mode does. */
function saysTheSame(mode: PreprocessMode, said: MeanAndDeviation): boolean {
  const { bgr, scale, offset } = recipes[mode];
  if (bgr !== said.bgr) return false;
  return scale.every((factor, channel) => {
    const spread = said.deviation[channel] ?? 1;
    const close = (a: number, b: number): boolean => Math.abs(a - b) < 1e-3 * Math.max(1, Math.abs(b));
    return close(factor * 255 * spread, 1) && close((offset[channel] ?? 0) * spread, -(said.mean[channel] ?? 0));
  });
}

/** Scale, offset and channel order. */
export function standardizationOf(preprocess: Preprocess): Standardization {
  const mode = preprocessModes.find((one) => one === preprocess);
  if (mode !== undefined) return recipes[mode];
  const [channels = "", deviations = ""] = preprocess.replace(/^bgr:/, "").split("/");
  const [mean, deviation] = [channelNumbers(channels), channelNumbers(deviations)];
  return {
    bgr: preprocess.startsWith("bgr:"),
    scale: deviation.map((one) => 1 / 255 / one),
    offset: mean.map((one, channel) => -one / (deviation[channel] ?? 1)),
  };
}

/**
 * Writes preprocessing as a graph.
 *
 * @param pixels `[N, 3, H, W]` float32, RGB in [0, 255]
 * @returns the same shape
 */
export function preprocessGraph(pixels: Value, preprocess: Preprocess): Value {
  const { bgr, scale, offset } = standardizationOf(preprocess);
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
export function preprocessInput(preprocess: Preprocess): PreprocessInput {
  const standardization = standardizationOf(preprocess);
  const { bgr, scale, offset } = standardization;
  // As in Keras, modules whose networks preprocess by themselves take pictures of any channels.
  const checkChannels = preprocess === "0-255" ? (): void => undefined : requireColour;
  const onArray = (x: Tensor | SymbolicTensor, options?: PreprocessInputOptions): Tensor | SymbolicTensor => {
    // Given to `map` of an array, it gets the index.
    if (typeof options !== "number") checkPreprocessOptions(options);
    if (x instanceof SymbolicTensor) return onSymbol(x);
    if (!isTensor(x)) {
      throw new UsageError("preprocessInput cannot take this.", {
        subject: "x",
        expected: "an array of pixels (Tensor), or what layers.Input or a layer gives",
        received: typeof x,
      });
    }
    checkChannels(x.dims);
    const from = x.data as Float32Array | BigInt64Array;
    const to = new Float32Array(from.length);
    for (let index = 0; index < to.length; index++) {
      const channel = index % 3;
      const source = bgr ? index - channel + (2 - channel) : index;
      to[index] = Number(from[source] ?? 0) * (scale[channel] ?? 1) + (offset[channel] ?? 0);
    }
    return new Tensor("float32", to, x.dims);
  };
  const onSymbol = (x: SymbolicTensor): SymbolicTensor => {
    checkChannels(x.shape);
    const ordered = bgr ? ops.getItem(x, [ops.ellipsis, ops.range(null, null, -1)]) : x;
    // As few operations as the arithmetic needs, so that a file shows what is done.
    const scaled = scale.every((factor) => factor === 1) ? ordered : ops.multiply(ordered, row(scale));
    return offset.every((summand) => summand === 0) ? scaled : ops.add(scaled, row(offset));
  };
  return Object.assign(onArray as PreprocessInput, {
    standardization,
    graph: (pixels: Value) => preprocessGraph(pixels, preprocess),
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

function checkPreprocessOptions(options: PreprocessInputOptions = {}): void {
  checkOptionNames("preprocessInput", options, ["dataFormat"]);
  channelsLastOnly("preprocessInput", options.dataFormat);
}

/** Options of `preprocessInput`, under Keras's names. */
export interface PreprocessInputOptions {
  /** Where the channels are; Graft's pictures have them last. */
  readonly dataFormat?: "channels_last" | undefined;
}

/** What {@link preprocessInput} gives. */
export interface PreprocessInput {
  /**
   * Preprocesses RGB pixels in [0, 255].
   *
   * @param x `[…, 3]`; of any channels where the network does itself what pixels need
   * @param options where the channels are
   * @returns float32 of the same shape; new, where Keras changes its input
   * @throws UsageError for channels first
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
  (x: Tensor, options?: PreprocessInputOptions): Tensor;
  /** The same as part of a model: of a placeholder, or inside of `call`. */
  (x: SymbolicTensor, options?: PreprocessInputOptions): SymbolicTensor;
  readonly standardization: Standardization;
  readonly graph: (pixels: Value) => Value;
}

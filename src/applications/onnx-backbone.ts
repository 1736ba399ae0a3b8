import { readFile } from "node:fs/promises";
import { basename, extname } from "node:path";
import { FileError, UsageError } from "../errors/errors.js";
import { fileSystemError } from "../files/file-system-errors.js";
import type { Value } from "../graph/value.js";
import { requireBatchFirst } from "../formats/onnx/batch-axis.js";
import { type Cut, cutClassifier } from "../formats/onnx/cut-classifier.js";
import { externalDataBeside } from "../formats/onnx/external-data.js";
import { chosenOutputs, importOnnxGraph } from "../formats/onnx/import-model.js";
import { modelOfGraph } from "../formats/onnx/model-of-graph.js";
import type { GraphModel } from "../models/graph-model.js";
import type { OnnxModel } from "../onnx/model.js";
import { readModel } from "../onnx/read-model.js";
import type { Backbone } from "./backbone.js";
import { type PreprocessMode, preprocessModes, standardizationOf, statedPreprocessMode } from "./preprocess.js";

/** What a network in a file is loaded with. */
export interface OnnxBackboneOptions {
  /** What is done to pixels; default what the file says. */
  readonly preprocess?: PreprocessMode | undefined;
  /** Side of the image in pixels; default the file's. */
  readonly imageSize?: number | undefined;
  /** The output to cut the classifier off, by its name; default the only one that fits. */
  readonly networkOutput?: string | undefined;
}

async function readOnnx(path: string): Promise<OnnxModel> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw fileSystemError(cause, path, "read", "Expected is an ONNX file: check the path.");
  }
  return readModel(bytes, path, externalDataBeside(path));
}

/**
 * Loads a network out of an ONNX file, without its classifier.
 *
 * @throws UsageError when neither the options nor the file say its preprocessing, or for an impossible image size
 * @throws FileError when the file cannot be read or is not a network for images
 */
export async function onnxBackbone(path: string, options: OnnxBackboneOptions): Promise<Backbone> {
  const file = await readOnnx(path);
  const preprocess = options.preprocess ?? statedPreprocessing(file, path);
  const name = basename(path, extname(path));
  const model = withoutClassifier(file, { name, file: path, ...options });
  const imageSize = Number(model.inputShape[1]);
  const licence = file.metadata["licence"] ?? file.metadata["license"] ?? "unknown";
  return {
    record: { name, description: path, licence, imageSize, preprocess },
    imageSize,
    model,
    stages: model.stages,
  };
}

/** How a network without its classifier is made of a file. */
interface CutOptions {
  /** The model's name. */
  readonly name: string;
  /** The file's, for messages. */
  readonly file: string;
  /** Side of the image in pixels. */
  readonly imageSize?: number | undefined;
  /** See {@link OnnxBackboneOptions}. */
  readonly networkOutput?: string | undefined;
}

/**
 * A model of an ONNX network without its classifier.
 *
 * @throws FileError when it is not a network for images
 * @throws UsageError when several of its outputs would do, or none has the name that was asked for
 */
export function withoutClassifier(model: OnnxModel, options: CutOptions): GraphModel {
  const { name, file, imageSize, networkOutput: output } = options;
  const graph = importOnnxGraph(model, { file, imageSize, output });
  const names = chosenOutputs(model, { file, output }).map((info) => info.name);
  const cut = onlyCut(graph.outputs, names, file);
  return modelOfGraph({ ...graph, name, outputs: [requireBatchFirst(cut.features, cut.name, file)] });
}

/** What outputs are called that only help the training along, or are inside of the network. */
const helping = /aux|hidden|attention/i;

/** Those that something holds for, or all where it holds for none. */
function rather<T>(all: readonly T[], holds: (one: T) => boolean): readonly T[] {
  const some = all.filter(holds);
  return some.length > 0 ? some : all;
}

/** The cut of the only output that ends in a classifier, or else of the only one that something can be grafted onto. */
function onlyCut(outputs: readonly Value[], names: readonly string[], file: string): Cut & { readonly name: string } {
  const refused: Error[] = [];
  const cuts = outputs.flatMap((value, index) => {
    try {
      return [{ ...cutClassifier(value, file), name: names[index] ?? "", rank: value.rank }];
    } catch (error) {
      refused.push(error instanceof Error ? error : new Error(String(error)));
      return [];
    }
  });
  const classifiers = cuts.filter(({ classes }) => classes !== undefined);
  const fitting = rather(classifiers.length > 0 ? classifiers : cuts, ({ name }) => !helping.test(name));
  const [cut, ...others] = rather(fitting, ({ rank }) => rank !== 3);
  if (cut === undefined) throw refused[0] ?? new FileError(`${file} has no output.`, { subject: file });
  // Probabilities and what they are made of are outputs of the same classifier.
  if (others.every(({ features }) => features === cut.features)) return cut;
  throw new UsageError(`${file} has several outputs that a classifier could be grafted onto.`, {
    subject: file,
    expected: "--network-output with the name of one of them",
    received: [cut, ...others].map((one) => `"${one.name}"`).join(", "),
    advice: "Mostly the first is the right one; others are there to help the training along.",
  });
}

/** What a file says of its preprocessing: the mode's name, or mean and deviation that are those of a mode. */
function statedPreprocessing({ metadata }: OnnxModel, path: string): PreprocessMode {
  const { preprocess, mean, std } = metadata;
  if (preprocess !== undefined) return statedPreprocessMode(preprocess, path);
  if (mean !== undefined && std !== undefined) {
    const found = preprocessModes.find((mode) => saysTheSame(mode, numbers(mean), numbers(std)));
    if (found !== undefined) return found;
  }
  throw new UsageError(`${path} does not say what was done to pixels when it was trained.`, {
    subject: "preprocess",
    expected: `--preprocess with one of ${preprocessModes.join(", ")}`,
    received:
      mean !== undefined && std !== undefined
        ? `the mean ${mean} and the deviation ${std}, which are those of none of them`
        : "neither the option nor such metadata in the file",
    advice:
      "Networks from PyTorch mostly want torch, those from TensorFlow tf, older ones from Caffe caffe; with the wrong one the accuracy is poor.",
  });
}

/** One number for each channel; files write them as lists, `[0.5, 0.5, 0.5]`, plainly, or once for all channels. */
function numbers(text: string): number[] {
  const found = text
    .replace(/^\s*[[(]|[\])]\s*$/g, "")
    .trim()
    .split(/[\s,;]+/)
    .map(Number);
  const [all = NaN] = found;
  return found.length === 1 ? [all, all, all] : found;
}

/** Whether "(x / 255 - mean) / deviation" is what a mode does. */
function saysTheSame(mode: PreprocessMode, mean: readonly number[], deviation: readonly number[]): boolean {
  const { bgr, scale, offset } = standardizationOf(mode);
  if (bgr || mean.length !== 3 || deviation.length !== 3) return false;
  return scale.every((factor, channel) => {
    const spread = deviation[channel] ?? 1;
    const close = (a: number, b: number): boolean => Math.abs(a - b) < 1e-3 * Math.max(1, Math.abs(b));
    return close(factor * 255 * spread, 1) && close((offset[channel] ?? 0) * spread, -(mean[channel] ?? 0));
  });
}

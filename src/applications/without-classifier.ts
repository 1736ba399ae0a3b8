import { FileError, UsageError } from "../errors/errors.js";
import { requireBatchFirst } from "../formats/onnx/batch-axis.js";
import { type Cut, cutClassifier } from "../formats/onnx/cut-classifier.js";
import { chosenOutputs, importOnnxGraph } from "../formats/onnx/import-model.js";
import { modelOfGraph } from "../formats/onnx/model-of-graph.js";
import { requireFiniteNumbers } from "../graph/lost-numbers.js";
import type { NamedGraph } from "../graph/named-graph.js";
import type { Value } from "../graph/value.js";
import { requireFiniteWeights } from "../models/finite-weights.js";
import type { GraphModel } from "../models/graph-model.js";
import type { OnnxModel } from "../onnx/model.js";

/** How a network without its classifier is made of a file. */
interface CutOptions {
  /** The model's name. */
  readonly name: string;
  /** The file's, for messages. */
  readonly file: string;
  /** Side of the image in pixels. */
  readonly imageSize?: number | undefined;
  /** The output to cut the classifier off, by its name; default the only one that fits. */
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
  return cutGraph({ ...graph, name }, names, file).model;
}

/** A network without its classifier, and what was cut off. */
export interface CutNetwork {
  readonly model: GraphModel;
  /** The output that was cut. */
  readonly output: string;
  /** Number of classes of the classifier that was cut off; `undefined` where there was none. */
  readonly classes: number | undefined;
}

/**
 * A model of a graph without its classifier.
 *
 * @param names of its outputs
 * @param file for messages
 * @throws FileError when nothing can be grafted onto what remains
 * @throws NumberError when NaN or an infinity is computed with in it
 * @throws UsageError when several outputs would do
 */
export function cutGraph(graph: NamedGraph, names: readonly string[], file: string): CutNetwork {
  const cut = onlyCut(graph.outputs, names, file);
  const outputs = [requireBatchFirst(cut.features, cut.name, file)];
  const model = modelOfGraph({ ...graph, outputs });
  // Weights have names of their own; what is left are attributes, and constants that are none.
  requireFiniteWeights(model);
  requireFiniteNumbers({ ...graph, outputs }, "The network cannot be trained");
  return { model, output: cut.name, classes: cut.classes };
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
      const name = names[index] ?? "";
      return [{ ...cutClassifier(value, file, name), name, rank: value.rank }];
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

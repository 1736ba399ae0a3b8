import { FileError, UsageError } from "../errors/errors.js";
import { nodesInOrder } from "../graph/graph.js";
import type { Value } from "../graph/value.js";
import type { Backbone } from "./backbone.js";
import { beginsWithPreprocessing } from "./inner-preprocessing.js";
import { type NetworkFile, openNetworkFile } from "./network-file.js";
import { classifierMetadata, learnedPhotos } from "./own-classifier.js";
import { type StatedFacts, statedFraming } from "./photo-facts.js";
import { type Preprocess, preprocessModes } from "./preprocess.js";
import { factsBeside } from "./side-files.js";
import { metadataFacts } from "./stated-in-graph.js";
import { refuseLargeRuns } from "../formats/onnx/size-guard.js";
import { type CutNetwork, cutGraph } from "./without-classifier.js";

/** The fewest photos that a training passes through a network at a time. */
const photosAtATime = 8;

/** What a network in a file is loaded with. */
export interface FileBackboneOptions {
  /** What is done to pixels; default what the file, or one beside it, says. */
  readonly preprocess?: Preprocess | undefined;
  /** Side of the image in pixels; default the file's. */
  readonly imageSize?: number | undefined;
  /** The output to cut the classifier off, by its name; default the only one that fits. */
  readonly networkOutput?: string | undefined;
  /** Where to say what a file holds that could not be taken over. */
  readonly warn: (line: string) => void;
}

/**
 * All that is said of the photos that a network in a file was trained with, the most exact first.
 *
 * @param said what an option says of pixels: then the file need not make sense there
 * @throws FileError for a file beside it that is damaged
 */
export async function factsOfFile(
  { file, metadata, onnx, takesLevels }: NetworkFile,
  said: Preprocess | undefined,
): Promise<readonly StatedFacts[]> {
  const own = onnx && classifierMetadata(onnx);
  if (own !== undefined) return [{ ...own, source: "the classifier's metadata" }];
  const levels: readonly StatedFacts[] = takesLevels ? [{ preprocess: "0-255", source: "the type of its input" }] : [];
  return [
    ...levels,
    { ...metadataFacts(said === undefined ? metadata : withoutPixels(metadata), file), source: "its metadata" },
    ...(await factsBeside(file)),
  ];
}

function withoutPixels(metadata: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const pixels = ["preprocess", "mean", "std"];
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => !pixels.includes(name)));
}

/** A network in a file, cut, and what is known of its photos. */
export interface CutFile extends CutNetwork {
  readonly imageSize: number;
  /** What is done to pixels, and where that is known from; `undefined` where nothing says it. */
  readonly preprocess: { readonly what: Preprocess; readonly source: string } | undefined;
}

/**
 * Cuts the classifier of a network in a file off.
 *
 * @param facts what {@link factsOfFile} knows of it
 * @throws FileError when it is not a network for images
 * @throws UsageError for an impossible image size or output
 */
export function cutFile(
  opened: NetworkFile,
  facts: readonly StatedFacts[],
  { preprocess, imageSize, networkOutput }: FileBackboneOptions,
): CutFile {
  const { graph, outputs } = openedGraph(opened, imageSize, facts, networkOutput);
  refuseManyNodes(graph.outputs, opened.file);
  refuseLargeRuns(graph.outputs, { file: opened.file, names: graph.names, pictures: photosAtATime });
  const cut = cutGraph(graph, outputs, opened.file);
  const stated = facts.find((one) => one.preprocess !== undefined);
  const [image] = graph.inputs;
  const inside = image !== undefined && beginsWithPreprocessing(image, graph.outputs);
  return {
    ...cut,
    imageSize: Number(cut.model.inputShape[1]),
    preprocess:
      preprocess !== undefined
        ? { what: preprocess, source: "--preprocess" }
        : stated?.preprocess !== undefined
          ? { what: stated.preprocess, source: stated.source }
          : inside
            ? { what: "0-255", source: "the network's beginning, which scales pixels itself" }
            : undefined,
  };
}

/** Networks for images have 5000 nodes at most; the engine, and what is done to the graph for a training, take minutes with more than these. */
const mostNodes = 20_000;

function refuseManyNodes(outputs: readonly Value[], file: string): void {
  const { length } = nodesInOrder(outputs);
  if (length <= mostNodes) return;
  throw new FileError(`${file} has too many nodes to be trained.`, {
    subject: file,
    expected: `up to ${String(mostNodes)} operators: networks for images have up to 5000`,
    received: String(length),
    advice: "Take another network, or export it without unrolled loops.",
  });
}

/** At the size that was asked for; else at the stated one, unless the network takes another one only. */
function openedGraph(
  opened: NetworkFile,
  asked: number | undefined,
  facts: readonly StatedFacts[],
  output: string | undefined,
): ReturnType<NetworkFile["graph"]> {
  const stated = facts.find(({ imageSize }) => imageSize !== undefined)?.imageSize;
  if (asked !== undefined || stated === undefined || opened.fixedSize !== undefined) return opened.graph(asked, output);
  return opened.graph(stated, output);
}

/**
 * Loads a network out of a file, without its classifier.
 *
 * @param path a file, or a folder: see `networkFileAt`
 * @throws UsageError when neither the options nor a file say its preprocessing, or for an impossible image size
 * @throws FileError when the file cannot be read or is not a network for images
 */
export async function fileBackbone(path: string, options: FileBackboneOptions): Promise<Backbone> {
  const opened = await openNetworkFile(path, options.warn);
  const facts = await factsOfFile(opened, options.preprocess);
  const { model, imageSize, preprocess } = cutFile(opened, facts, options);
  if (preprocess === undefined) throw unsaid(opened.file);
  const licence = facts.find((one) => one.licence !== undefined)?.licence ?? "unknown";
  return {
    record: {
      name: opened.name,
      description: path,
      licence,
      imageSize,
      preprocess: preprocess.what,
      preprocessSource: preprocess.source,
      ...statedFraming(facts),
    },
    imageSize,
    model,
    stages: model.stages,
    learnedPhotos: opened.onnx && learnedPhotos(opened.onnx),
  };
}

function unsaid(file: string): UsageError {
  return new UsageError(`${file} does not say what was done to pixels when it was trained.`, {
    subject: "preprocess",
    expected: `--preprocess with one of ${preprocessModes.join(", ")}, or mean and deviation`,
    received:
      "neither the option, nor such metadata in the file, nor a preprocessor_config.json or timm's config.json beside it",
    advice:
      "Networks from PyTorch mostly want torch, those from TensorFlow tf, older ones from Caffe caffe; with the wrong one the accuracy is poor.",
  });
}

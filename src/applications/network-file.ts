import { readdir, stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { FileError, UsageError } from "../errors/errors.js";
import { errorCode, fileSystemError } from "../files/file-system-errors.js";
import { readRegularFile } from "../files/regular-file.js";
import { formatOfFile, loadModelFile } from "../formats/load-model-file.js";
import { batch } from "../formats/onnx/batch-axis.js";
import { externalDataBeside } from "../formats/onnx/external-data.js";
import { chosenOutputs, importOnnxGraph, isOwn } from "../formats/onnx/import-model.js";
import type { NamedGraph } from "../graph/named-graph.js";
import type { Shape } from "../graph/shape.js";
import { input } from "../graph/value.js";
import type { BaseModel } from "../models/base-model.js";
import type { OnnxModel } from "../onnx/model.js";
import { readModel } from "../onnx/read-model.js";
import { classifierMetadata, networkOfClassifier } from "./own-classifier.js";
import { graphOfModel } from "./graph-of-model.js";
import { networkEndings } from "./network-path.js";

/** An input or an output of a network. */
export interface NetworkPort {
  readonly name: string;
  readonly type: string;
  /** As the file says it; extents that are open are text, and `undefined` where it says none. */
  readonly shape: Shape | undefined;
}

/** Inputs or outputs of a model, in Keras's order. */
export function portsOf(tensors: BaseModel["inputs"], names: readonly string[]): readonly NetworkPort[] {
  return tensors.map(({ type, shape }, index) => ({ name: names[index] ?? String(index), type, shape }));
}

/** A network in a file, before its classifier is cut off. */
export interface NetworkFile {
  /** The file's path; where a folder was named, that of the file in it. */
  readonly file: string;
  /** What it is called: the file's name without its ending, or the folder's. */
  readonly name: string;
  /** In words, such as `"an ONNX file"`. */
  readonly format: string;
  readonly inputs: readonly NetworkPort[];
  readonly outputs: readonly NetworkPort[];
  /** Texts that the file says of itself. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Its input, if it says, in levels from 0 to 255. */
  readonly takesLevels: boolean;
  /** Side of the only image that it takes, in pixels; `undefined` where it takes any. */
  readonly fixedSize: number | undefined;
  /** The file itself where it is an ONNX one. */
  readonly onnx: OnnxModel | undefined;
  /**
   * The network as a graph of images `[N, 3, size, size]`.
   *
   * @param size in pixels; default what the file wants, or 224 where it takes any
   * @param output name of the only output to take; default all that are of floating-point numbers
   * @throws FileError for what takes no images
   * @throws UsageError for a size or an output that it does not have
   */
  graph(size?: number, output?: string): OpenedGraph;
}

/** A network as a graph. */
export interface OpenedGraph {
  readonly graph: NamedGraph;
  /** Names of its outputs. */
  readonly outputs: readonly string[];
}

/** Files of networks by the names that they have in folders, those that are looked for first in front. */
const usualNames = ["model.onnx", "onnx/model.onnx", "model.json", "model.keras", "model.h5"];

/**
 * The file of the network that a path names.
 *
 * @param path a file, or a folder: a run, a TensorFlow.js model, a snapshot of the hub, or one that holds a single network
 * @throws FileError when there is none, or a folder holds several
 */
export async function networkFileAt(path: string): Promise<string> {
  const advice = `Name a file that ends in ${networkEndings.join(", ")}, or the folder of a run.`;
  const explain = (cause: unknown): never => {
    throw fileSystemError(cause, path, "read", errorCode(cause) === "ENOENT" ? advice : undefined);
  };
  const entry = await stat(path).catch(explain);
  if (entry.isFile()) return path;
  if (!entry.isDirectory()) {
    throw new FileError(`${path} is no file.`, {
      subject: path,
      expected: "a file or a folder",
      received: "a device or a pipe",
      advice,
    });
  }
  for (const name of usualNames) {
    const file = join(path, name);
    const there = await stat(file).then(
      (one) => one.isFile(),
      () => false,
    );
    if (there) return file;
  }
  const names = await readdir(path).catch(explain);
  const networks = names.filter((name) => /\.(onnx|keras|h5|hdf5)$/i.test(name) && !name.startsWith("."));
  const [only] = networks;
  if (only !== undefined && networks.length === 1) return join(path, only);
  throw new FileError(`The folder ${path} does not say which network it holds.`, {
    subject: path,
    expected: `${usualNames.join(", ")}, or a single file of a network`,
    received: networks.length === 0 ? "no file of a network" : networks.sort().join(", "),
    advice: networks.length === 0 ? advice : "Name the file.",
  });
}

/**
 * Opens a network in a file of any kind that Graft reads: ONNX, Keras, TensorFlow.js, or a classifier of its own.
 *
 * @param path see {@link networkFileAt}
 * @param warn where to say what a file holds that could not be taken over
 * @throws FileError when it cannot be read, is damaged, or of another kind
 */
export async function openNetworkFile(path: string, warn: (line: string) => void): Promise<NetworkFile> {
  const file = await networkFileAt(path);
  const name = file === path ? basename(file, extname(file)) : basename(path);
  const bytes = await readRegularFile(file).catch((cause: unknown) => {
    throw fileSystemError(cause, file, "read");
  });
  const format = formatOfFile(bytes, file);
  if (format.kind !== "onnx") {
    const model = await loadModelFile(file, {}, warn);
    return fileOfModel(model, { file, name, format: format.name, onnx: undefined });
  }
  const onnx = readModel(bytes, file, externalDataBeside(file));
  if (classifierMetadata(onnx) !== undefined) return ownClassifier(onnx, { file, name });
  if (isOwn(onnx)) {
    const model = await loadModelFile(file, {}, warn);
    return fileOfModel(model, { file, name, format: format.name, onnx });
  }
  return {
    file,
    name,
    format: format.name,
    inputs: onnx.inputs,
    outputs: onnx.outputs,
    metadata: onnx.metadata,
    takesLevels: onnx.inputs[0]?.type === "uint8",
    fixedSize: sideOf(onnx.inputs[0]?.shape),
    onnx,
    graph: (imageSize, output) => ({
      graph: { ...importOnnxGraph(onnx, { file, imageSize, output }), name },
      outputs: chosenOutputs(onnx, { file, output }).map((info) => info.name),
    }),
  };
}

/** The side that a file says, in either order of axes. */
function sideOf(shape: Shape | undefined): number | undefined {
  const [, ...extents] = shape ?? [];
  const sides = extents.filter((extent, axis) => axis === 1 || extent !== 3);
  return sides.find((extent) => typeof extent === "number");
}

type Opened = Pick<NetworkFile, "file" | "name" | "format" | "onnx">;

/** A model of layers, or of another runtime's operators. */
function fileOfModel(model: BaseModel, opened: Opened): NetworkFile {
  const { file, onnx } = opened;
  return {
    ...opened,
    inputs: onnx?.inputs ?? portsOf(model.inputs, model.inputNames),
    outputs: onnx?.outputs ?? portsOf(model.outputs, model.outputNames),
    metadata: onnx?.metadata ?? {},
    takesLevels: false,
    fixedSize: sideOf(model.inputs[0]?.shape),
    graph: (size, output) => {
      const graph = graphOfModel(model, { file, size });
      const names = model.outputNames;
      if (output === undefined) return { graph, outputs: names };
      const place = names.indexOf(output);
      if (place < 0) {
        throw new UsageError(`${file} has no output "${output}".`, {
          subject: output,
          expected: names.map((one) => `"${one}"`).join(" or "),
          received: `"${output}"`,
        });
      }
      return { graph: { ...graph, outputs: graph.outputs.slice(place, place + 1) }, outputs: [output] };
    },
  };
}

/** What `graft train` has written: the network between the framing of photos and the probabilities. */
function ownClassifier(onnx: OnnxModel, { file, name }: Pick<Opened, "file" | "name">): NetworkFile {
  return {
    file,
    name,
    format: "a classifier of Graft",
    inputs: onnx.inputs,
    outputs: onnx.outputs,
    metadata: onnx.metadata,
    takesLevels: true,
    fixedSize: undefined,
    onnx,
    graph: (size, output) => {
      if (output !== undefined && output !== "probabilities") {
        throw new UsageError(`${file} is a classifier of Graft, whose output is "probabilities".`, {
          subject: output,
          expected: "no name of an output",
          received: `"${output}"`,
          advice: "Leave it out.",
        });
      }
      const side = size ?? classifierMetadata(onnx)?.imageSize ?? 224;
      const image = input("image", "float32", [batch, 3, side, side]);
      return { graph: { ...networkOfClassifier(onnx, image, file), name }, outputs: ["probabilities"] };
    },
  };
}

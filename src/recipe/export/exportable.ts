import { importOnnxGraph } from "../../formats/onnx/import-model.js";
import { FileError } from "../../errors/errors.js";
import { requireFiniteNumbers } from "../../graph/lost-numbers.js";
import { inputsOf, nodesInOrder } from "../../graph/graph.js";
import { rebuild } from "../../graph/rebuild.js";
import { constantData, input, type Node, producer, type Value } from "../../graph/value.js";
import type { Standardization } from "../../models/sources/batch-source.js";
import type { OnnxModel } from "../../onnx/model.js";
import type { Framing, FramingInterpolation } from "../../photos/framing.js";
import { shapeOp } from "../../ops/layout.js";
import { answersNothing, readClassifier } from "../classifier.js";
import { classifierBytes } from "../open-classifier.js";

/** A finished classifier that is about to be exported. */
export interface ExportableClassifier {
  /** Path of its `model.onnx`. */
  readonly file: string;
  /** That file's bytes. */
  readonly bytes: Uint8Array;
  /** What it holds. */
  readonly model: OnnxModel;
  /** Names of the classes, in the order of the probabilities. */
  readonly labels: readonly string[];
  /** All that the file says of itself. */
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * Its network apart from the framing of photos, made anew at each call.
   *
   * @throws FileError when the file does not begin with the framing that Graft writes
   */
  network(): ClassifierNetwork;
}

/** What a classifier does to pictures that are framed already. */
export interface ClassifierNetwork {
  /** How photos of any size become the pictures. */
  readonly framing: Framing;
  /** The placeholder `pixels`, `[N, 3, size, size]` float32: RGB, whole numbers in [0, 255]. */
  readonly pixels: Value;
  /** What is done to them first. Where the network itself does it, nothing is: its scales are 1 and its offsets 0. */
  readonly standardization: Standardization;
  /** What comes out of that, and goes into the network; `pixels` itself where nothing is done. */
  readonly normalized: Value;
  /** `[N, classes]` float32. */
  readonly probabilities: Value;
  /** `[N, classes]` float32 whose softmax the probabilities are; `undefined` where a sigmoid makes them. */
  readonly logits: Value | undefined;
  /** `[N]` float32: how far photos are from all that was learned from; `undefined` where the file does not say. */
  readonly distance: Value | undefined;
}

/**
 * Reads a finished classifier, to export it.
 *
 * @param path a run folder, or a `model.onnx`
 * @throws FileError when there is none, it cannot be read, or it is not one that Graft has written
 * @throws NumberError when NaN or an infinity is computed with in it
 */
export async function openExportable(path: string): Promise<ExportableClassifier> {
  const { file, bytes } = await classifierBytes(path);
  const { model, labels } = readClassifier(bytes, file);
  const { metadata } = model;
  requireFiniteNumbers(importOnnxGraph(model, { file, own: true }), answersNothing(file));
  return { file, bytes, model, labels, metadata, network: () => networkOf(model, file) };
}

function framingOf({ metadata }: OnnxModel, file: string): Framing {
  const size = Number(metadata["image_size"]);
  if (!Number.isInteger(size) || size <= 0) {
    throw noFraming(file, "a file that does not say how large its pictures are");
  }
  const crop = Number(metadata["crop"] ?? 1);
  const keepProportions = metadata["keep_proportions"] === "true";
  const interpolation: FramingInterpolation = metadata["interpolation"] === "bicubic" ? "bicubic" : "bilinear";
  return { size, crop: crop > 0 && crop <= 1 ? crop : 1, keepProportions, interpolation };
}

function noFraming(file: string, received: string): FileError {
  return new FileError(`${file} does not begin as classifiers of Graft do.`, {
    subject: file,
    expected: "photos that are resized, rounded and cut off at 0 and 255 before the network",
    received,
    advice: "Export the model.onnx that `graft train` has written.",
  });
}

function networkOf(model: OnnxModel, file: string): ClassifierNetwork {
  const framing = framingOf(model, file);
  const graph = importOnnxGraph(model, { file, own: true });
  const outputs = new Map(graph.outputs.map((value, index) => [model.outputs[index]?.name ?? "", value]));
  const framed = nodesInOrder(graph.outputs).find(isFramed)?.outputs[0];
  if (framed === undefined) throw noFraming(file, "a network without them");
  const sides = framed.shape.slice(-2);
  if (sides.some((side) => typeof side === "number" && side !== framing.size))
    throw noFraming(file, `pictures of ${sides.join(" × ")} pixels, and ${framing.size} in the metadata "image_size"`);
  const pixels = input("pixels", "float32", ["N", 3, framing.size, framing.size]);
  const apart = rebuild(graph.outputs, new Map([[framed, pixels]]));
  const { normalized, standardization } = standardized(pixels, graph.outputs.map(apart));
  const counted = countedByPictures(graph.outputs.map(apart), normalized);
  const output = (name: string): Value | undefined => {
    const value = outputs.get(name);
    return value === undefined ? undefined : counted(apart(value));
  };
  const probabilities = output("probabilities");
  if (probabilities === undefined) throw new TypeError("A classifier has probabilities.");
  const others = inputsOf(graph.outputs.map((value) => counted(apart(value)))).filter((value) => value !== pixels);
  if (others.length > 0) throw noFraming(file, "a network that looks at photos beside the pictures, too");
  const last = producer(probabilities);
  const logits = last?.op === "Softmax" ? last.inputs[0] : undefined;
  return { framing, pixels, normalized, standardization, probabilities, logits, distance: output("distance") };
}

/**
 * A network that asks how many samples there are, as transformers do for the tokens that stand for the whole picture, asks the photos when it
 * has been read from a file. Without them, it asks what goes into it.
 */
function countedByPictures(outputs: readonly Value[], pictures: Value): (value: Value) => Value {
  return rebuild(outputs, new Map(), ({ op, inputs: [x], attributes: { start, end } }) => {
    const counts = op === "Shape" && x?.source.kind === "input" && Number(start?.value ?? 0) === 0 && end?.value === 1;
    return counts ? [shapeOp(pictures, { start: 0, end: 1 })] : undefined;
  });
}

/** Whether a node ends the framing of photos: see `framedPixels`. */
function isFramed({ op, inputs: [x] }: Node): boolean {
  const round = x && producer(x);
  const [resized] = round?.inputs ?? [];
  return op === "Clip" && round?.op === "Round" && resized !== undefined && producer(resized)?.op === "Resize";
}

/** What is done to pixels before the network: see `preprocessGraph`. */
function standardized(
  pixels: Value,
  outputs: readonly Value[],
): { readonly normalized: Value; readonly standardization: Standardization } {
  const users = (value: Value): Node[] => nodesInOrder(outputs).filter(({ inputs }) => inputs.includes(value));
  let [normalized, scale, offset]: [Value, readonly number[], readonly number[]] = [pixels, [1, 1, 1], [0, 0, 0]];
  const swapped = swappedChannels(users(pixels), users);
  if (swapped !== undefined) normalized = swapped;
  for (const op of ["Mul", "Add"] as const) {
    const [node, ...others] = users(normalized);
    const numbers = perChannel(node?.op === op && others.length === 0 ? node.inputs[1] : undefined);
    const [result] = node?.outputs ?? [];
    if (numbers === undefined || result === undefined) continue;
    normalized = result;
    if (op === "Mul") scale = numbers;
    else offset = numbers;
  }
  return { normalized, standardization: { bgr: swapped !== undefined, scale, offset } };
}

/** What users of pixels that cut them into three colours join as blue, green, red; `undefined` where they do something else. */
function swappedChannels(users: readonly Node[], usersOf: (value: Value) => readonly Node[]): Value | undefined {
  const parts = users.flatMap(({ op, outputs }) => (op === "Slice" ? outputs : []));
  const [part] = parts;
  const join = part === undefined ? undefined : usersOf(part)[0];
  if (users.length !== 3 || parts.length !== 3 || join?.op !== "Concat") return undefined;
  const starts = join.inputs.map((value) => {
    const cut = value && producer(value);
    return cut === undefined || !users.includes(cut) ? undefined : Number(constantData(cut.inputs[1])?.data[0]);
  });
  return starts.join() === "2,1,0" ? join.outputs[0] : undefined;
}

/** Three numbers that are the same for all pixels. */
function perChannel(value: Value | undefined): readonly number[] | undefined {
  const tensor = constantData(value);
  return tensor?.type === "float32" && tensor.dims.join() === "3,1,1"
    ? Array.from(tensor.data as Float32Array)
    : undefined;
}

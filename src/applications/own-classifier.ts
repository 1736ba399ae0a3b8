import { FileError } from "../errors/errors.js";
import { importOnnxGraph } from "../formats/onnx/import-model.js";
import { nodesInOrder } from "../graph/graph.js";
import type { NamedGraph } from "../graph/named-graph.js";
import { rebuild } from "../graph/rebuild.js";
import { constantData, type Node, producer, type Value } from "../graph/value.js";
import type { OnnxModel } from "../onnx/model.js";
import type { PhotoFacts } from "./photo-facts.js";
import { splitFingerprints } from "../photos/photo-fingerprints.js";
import { interpolationOf } from "./preprocessor-config.js";

/* A classifier that Graft has written is a network, too: framing of photos, the network, and its head, in one file. */

/**
 * What a classifier of Graft says of itself.
 *
 * @returns `undefined` for other files
 */
export function classifierMetadata({ inputs, outputs, metadata }: OnnxModel): PhotoFacts | undefined {
  const [image] = inputs;
  const isOne =
    metadata["labels"] !== undefined &&
    image?.name === "image" &&
    image.type === "uint8" &&
    outputs.some(({ name }) => name === "probabilities");
  if (!isOne) return undefined;
  const size = Number(metadata["image_size"] ?? NaN);
  const crop = Number(metadata["crop"] ?? NaN);
  return {
    preprocess: "0-255",
    imageSize: Number.isInteger(size) && size > 0 ? size : undefined,
    crop: crop > 0 && crop <= 1 ? crop : 1,
    keepProportions: metadata["keep_proportions"] === "true",
    interpolation: interpolationOf(metadata["interpolation"] ?? "bilinear"),
    licence: metadata["licence"],
  };
}

/**
 * Fingerprints of the photos that a classifier of Graft says it has learned from.
 *
 * @returns `undefined` where it does not say it: files of earlier versions, and of others
 */
export function learnedPhotos({ metadata }: Pick<OnnxModel, "metadata">): ReadonlySet<string> | undefined {
  const text = metadata["learned_photos"];
  return text === undefined ? undefined : splitFingerprints(text);
}

/** Operators with which photos are framed; the last is a `Clip`. */
export const framingOperators: ReadonlySet<string> = new Set([
  "Cast",
  "CenterCropPad",
  "Clip",
  "Identity",
  "Resize",
  "Round",
  "Transpose",
]);

/**
 * The network of a classifier, between the framing of photos and its probabilities.
 *
 * @param image `[N, 3, size, size]` float32, levels from 0 to 255: what takes the place of framed photos
 * @param file for messages
 * @throws FileError when it is not made as those of Graft are
 */
export function networkOfClassifier(onnx: OnnxModel, image: Value, file: string): NamedGraph {
  const shape = [...image.shape.slice(0, 1), ...image.shape.slice(2), 3];
  const channelsFirst = [shape[0] ?? "N", 3, ...shape.slice(1, 3)];
  const whole = importOnnxGraph(onnx, { file, own: true, output: "probabilities", shapes: [channelsFirst] });
  const framed = endOfFraming(whole);
  if (framed === undefined) {
    throw new FileError(`${file} is not made as classifiers of Graft are.`, {
      subject: file,
      expected: "photos that are resized before the network",
      received: "a network that begins otherwise",
      advice: "Use the file that `graft train` has written.",
    });
  }
  const outputs = whole.outputs.map((probabilities) => endOfNetwork(probabilities) ?? probabilities);
  const renew = rebuild(outputs, new Map([[framed, image]]));
  const names = new Map<Node, string>();
  for (const node of nodesInOrder(outputs)) {
    const name = whole.names.get(node);
    const [output] = node.outputs;
    const renewed = output && producer(renew(output));
    if (name !== undefined && renewed !== undefined) names.set(renewed, name);
  }
  return { ...whole, inputs: [image], outputs: outputs.map(renew), names };
}

/** Operators of two inputs with which a head scales what it is given. */
const scaling: ReadonlySet<string> = new Set(["Add", "Sub", "Mul", "Div"]);

/**
 * What the network gives to the head: before the product with weights, features are scaled, and those of the map before the last
 * one stand behind those of the last.
 *
 * @returns `undefined` where the head is made otherwise
 */
function endOfNetwork(probabilities: Value): Value | undefined {
  let value: Value | undefined = probabilities;
  let product = false;
  for (;;) {
    const node: Node | undefined = producer(value);
    const [x]: readonly (Value | undefined)[] = node?.inputs.filter((one) => one?.source.kind === "node") ?? [];
    if (node === undefined || x === undefined) return undefined;
    const others = node.inputs.filter((one) => one !== x);
    const isScaling = scaling.has(node.op) && others.every((one) => constantData(one) !== undefined);
    if (node.op === "Concat") return product ? x : undefined;
    if (node.op === "MatMul" || node.op === "Gemm") product = true;
    else if (!isScaling && !(node.op === "Softmax" && !product)) return product ? value : undefined;
    value = x;
  }
}

/** The last value of the framing, channels first. */
function endOfFraming({ inputs, outputs }: NamedGraph): Value | undefined {
  let framed = new Set<Value>(inputs);
  let last: Value | undefined;
  for (const node of nodesInOrder(outputs)) {
    const [x] = node.inputs;
    const [y] = node.outputs;
    if (!framingOperators.has(node.op) || x === undefined || y === undefined || !framed.has(x)) continue;
    framed = framed.add(y);
    if (node.op === "Clip") return y;
    if (y.shape[1] === 3 && y.rank === 4) last = y;
  }
  return last;
}

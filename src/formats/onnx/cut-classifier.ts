import { FileError } from "../../errors/errors.js";
import { nodesInOrder } from "../../graph/graph.js";
import { dimProduct, formatShape } from "../../graph/shape.js";
import { constantData, type Node, producer, type Value } from "../../graph/value.js";
import { elementCount } from "../../onnx/tensor-data.js";
import { scalarLike } from "../../ops/constants.js";
import { add, mul } from "../../ops/elementwise.js";
import { concat } from "../../ops/joining.js";
import { slice } from "../../ops/slicing.js";
import { reduceMean } from "../../ops/reduction.js";
import { reshapeTo } from "../../ops/reshape.js";
import { batch } from "./batch-axis.js";

/** Operators that only give numbers other places. */
const layout: ReadonlySet<string> = new Set(["Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Transpose"]);

/** Operators with one computed input that a classifier may hold beside its products with weights. */
const plain: ReadonlySet<string> = new Set([
  ...layout,
  ...[
    "Softmax",
    "LogSoftmax",
    "Sigmoid",
    "HardSigmoid",
    "Tanh",
    "Erf",
    "Exp",
    "Sqrt",
    "Clip",
    "Cast",
    "Gather",
    "Slice",
  ],
  ...[
    "Relu",
    "LeakyRelu",
    "PRelu",
    "Elu",
    "Selu",
    "Celu",
    "Softplus",
    "Softsign",
    "HardSwish",
    "Swish",
    "Mish",
    "Gelu",
  ],
  ...[
    "BatchNormalization",
    "LayerNormalization",
    "RMSNormalization",
    "SimplifiedLayerNormalization",
    "LpNormalization",
  ],
]);

/** Operators of two inputs, of which one may be constant. */
const arithmetic: ReadonlySet<string> = new Set(["Add", "Sub", "Mul", "Div", "Pow", "Min", "Max", "Sum", "Mean"]);

/** How many classes ImageNet has: of 2012, with one for the background, and of its whole tree in three editions. */
const classesOfImageNet: ReadonlySet<number> = new Set([1000, 1001, 11221, 21841, 21843]);

/** What outputs are called that are features, however many there are. */
const ofFeatures = /feature|embed|pool/i;

const pooling: ReadonlySet<string> = new Set(["GlobalAveragePool", "AveragePool", "ReduceMean"]);

/** What may put the outputs of several classifiers together. */
const summing: ReadonlySet<string> = new Set([...pooling, "ReduceSum"]);

/** Where a network was cut. */
export interface Cut {
  /** What remains: a feature map `[N, C, H, W]` or features `[N, C]`. */
  readonly features: Value;
  /** Number of classes of the classifier that was cut off; `undefined` where there was none. */
  readonly classes: number | undefined;
}

function computedInputs(node: Node): Value[] {
  return node.inputs.filter((value): value is Value => value?.source.kind === "node" && !isFixed(value));
}

/** How many numbers a value has for one picture. */
function numbersOf({ shape }: Value): number {
  return elementCount(shape.map((dim) => (typeof dim === "number" ? dim : Number(/^\d+(?=\*)/.exec(dim)?.[0] ?? 1))));
}

/** Whether a value is one vector for each picture: it has no places any more. */
function isVector(value: Value): boolean {
  return value.shape.slice(1).filter((dim) => dim !== 1).length <= 1 && !value.shape.slice(1).includes(batch);
}

/** Whether a node is a product of something computed with weights. */
function isProduct({ op, inputs }: Node): boolean {
  if (op === "Conv" || op === "Gemm") return inputs[1] !== undefined && isFixed(inputs[1]);
  return (op === "MatMul" || op === "Einsum") && inputs.some((value) => value !== undefined && isFixed(value));
}

/** Whether a convolution sees all places of a map at once: it is a dense layer, as old networks have them. */
function seesAll({ inputs, outputs, attributes }: Node, x: Value): boolean {
  const [extents, kernel] = [x.shape.slice(2), inputs[1]?.shape.slice(2) ?? []];
  const [y] = outputs;
  const groups = attributes["group"]?.value ?? 1;
  return y !== undefined && isVector(y) && groups === 1 && kernel.every((extent, axis) => extent === extents[axis]);
}

/** Whether a value is a constant, or computed of constants in a few steps, as weights of 8 bits are. */
function isFixed(value: Value, steps = 8): boolean {
  const node = producer(value);
  if (node === undefined) return constantData(value) !== undefined;
  return steps > 0 && node.inputs.every((one) => one === undefined || isFixed(one, steps - 1));
}

/** The value, of vectors only, that leads to another one; whether a product with weights lies between. */
function leadsTo(from: Value, to: Value): "no" | "elementwise" | "by weights" {
  const seen = new Map<Value, "no" | "elementwise" | "by weights">();
  const look = (value: Value): "no" | "elementwise" | "by weights" => {
    if (value === from) return "elementwise";
    const known = seen.get(value);
    if (known !== undefined) return known;
    seen.set(value, "no");
    const node = producer(value);
    const found = node === undefined || !isVector(value) ? [] : computedInputs(node).map(look);
    const reached = found.filter((one) => one !== "no");
    const weighted = node !== undefined && isProduct(node) ? reached.length > 0 : reached.includes("by weights");
    const result = weighted ? "by weights" : reached.length > 0 ? "elementwise" : "no";
    seen.set(value, result);
    return result;
  };
  return look(to);
}

/** What a search for the classifier has come to. */
interface Found {
  /** What the first product of the classifier is made of. */
  readonly features: Value;
}

/**
 * Goes back from an output over vectors, to what the first product with weights behind the last pooling is made of.
 *
 * @param soft whether a softmax follows
 * @param name the output's
 */
function searchBack(output: Value, soft: boolean, name = ""): Found | undefined {
  let value = output;
  let passed = soft;
  const ofImageNet = classesOfImageNet.has(numbersOf(output)) && !ofFeatures.test(name);
  let found: Found | undefined;
  for (;;) {
    const node = producer(value);
    if (node === undefined) return found;
    const inputs = computedInputs(node);
    const [x] = inputs;
    passed ||= node.op === "Softmax" || node.op === "LogSoftmax";
    if (isProduct(node)) {
      if (x === undefined) return found;
      if (node.op === "Conv" && !isVector(x) && !seesAll(node, x)) return found ?? classesInMap(node, x, passed);
      found = { features: x };
      if (!isVector(x)) return found;
      value = x;
    } else if (arithmetic.has(node.op) && inputs.length > 1) {
      const next = behindJoint(node, inputs, passed);
      if (next === undefined) return found;
      if ("features" in next) return next;
      value = next.value;
    } else if (plain.has(node.op) || arithmetic.has(node.op)) {
      if (x === undefined || (!isVector(x) && !layout.has(node.op))) return found;
      // A map that is laid out as a row is no vector yet: that is where the network ends.
      if (!isVector(x) && found !== undefined) return found;
      value = x;
    } else if (pooling.has(node.op) && x !== undefined && isVector(x) && numbersOf(x) === numbersOf(value)) {
      // One place is its own mean.
      value = x;
    } else if (summing.has(node.op) && found === undefined && x !== undefined && isMeanOfClassifiers(x)) {
      return meanOfClassifiers(x);
    } else if (pooling.has(node.op) && found === undefined && x !== undefined && (passed || ofImageNet)) {
      return searchMap(x);
    } else {
      return found;
    }
  }
  return found;
}

/** What a value puts together along an axis of its own. */
function stackedIn(stack: Value): readonly Value[] {
  const node = producer(stack);
  if (node?.op !== "Concat") return [];
  return computedInputs(node).map((value) => {
    const made = producer(value);
    return made?.op === "Unsqueeze" || made?.op === "Reshape" ? (made.inputs[0] ?? value) : value;
  });
}

/** Whether a value puts together what has no places any more, as the outputs of several classifiers. */
function isMeanOfClassifiers(stack: Value): boolean {
  return stackedIn(stack).length > 1 && stackedIn(stack).every(isVector);
}

/** What several classifiers whose mean is taken see. */
function meanOfClassifiers(stack: Value): Found | undefined {
  const all = stackedIn(stack).map((value) => searchBack(value, false)?.features);
  const seen = all.flatMap((value) => value ?? []);
  const features = seen.length === all.length ? sideBySide(seen) : undefined;
  return features && { features };
}

/** Vectors of several classifiers as one: their mean where they have as many numbers, as a distilled transformer's tokens have. */
function sideBySide(given: readonly Value[]): Value | undefined {
  const vectors = [...new Set(given)].map((value) => {
    const features = asFeatures(value);
    return isVector(features) ? reshapeTo(features, [batch, numbersOf(features)]) : features;
  });
  const [first] = vectors;
  if (first === undefined || vectors.some(({ rank }) => rank !== 2)) return undefined;
  if (vectors.length === 1) return first;
  if (vectors.some(({ shape }) => shape[1] !== first.shape[1])) return concat(vectors, { axis: 1 });
  const sum = vectors.reduce((total, value) => add(total, value));
  return mul(sum, scalarLike(sum, 1 / vectors.length));
}

/** Before the pooling: a 1×1 convolution, perhaps with an activation behind it, whose channels are the classes. */
function searchMap(map: Value): Found | undefined {
  const node = producer(map);
  const [x] = node === undefined ? [] : computedInputs(node);
  if (node === undefined || x === undefined) return undefined;
  if (node.op === "Relu" || layout.has(node.op) || (node.op === "Add" && computedInputs(node).length === 1))
    return searchMap(x);
  return node.op === "Conv" ? classesInMap(node, x, true) : undefined;
}

/** A network that ends in "Conv, Relu" ends in a feature map; a convolution gives classes only where a softmax follows. */
function classesInMap(node: Node, x: Value, soft: boolean): Found | undefined {
  const [, , height, width] = node.inputs[1]?.shape ?? [];
  return soft && height === 1 && width === 1 ? { features: x } : undefined;
}

/** Where two computed values come together: an activation of itself, the end of a residual branch, or two classifiers. */
function behindJoint(
  node: Node,
  inputs: readonly Value[],
  soft: boolean,
): { readonly value: Value } | Found | undefined {
  const [first, second] = inputs;
  if (first === undefined || second === undefined) return undefined;
  for (const [early, late] of [
    [first, second],
    [second, first],
  ] as const) {
    const way = leadsTo(early, late);
    if (way === "elementwise") return { value: early };
    // A residual branch is a part of the network, such as the last block of an attention pooling.
    if (way === "by weights") return undefined;
  }
  const common = commonSource(first, second);
  const all = inputs.map((value) => searchBack(value, soft));
  const [one] = all;
  // Two classifiers, of which the mean is taken; their normalizations, if any, are their own.
  if (one !== undefined && all.every((each) => each !== undefined)) {
    return { features: common ?? sideBySide(all.map(({ features }) => features)) ?? one.features };
  }
  return common === undefined ? undefined : { value: common };
}

/** The last vector that two vectors are made of. */
function commonSource(a: Value, b: Value): Value | undefined {
  let value: Value | undefined = a;
  while (value !== undefined && isVector(value)) {
    if (leadsTo(value, b) !== "no") return value;
    const node = producer(value);
    value = node && computedInputs(node)[0];
  }
  return undefined;
}

/**
 * Cuts a network's classifier off, whatever it is made of: everything from the first product with weights on behind the last pooling, the
 * choice of the class token, an attention pooling, and a normalization that follows these; or a 1×1 Conv before the global
 * pooling, where a softmax follows or its channels are as many as ImageNet has classes and its name does not say that it gives features.
 *
 * A network that ends in a feature map or in pooled features is left whole; of tokens the class token is taken, or their mean
 * where there is none.
 *
 * @param output the network's only output
 * @param file for messages
 * @param name the output's; default unknown
 * @throws FileError when what remains is neither a feature map nor features
 */
export function cutClassifier(output: Value, file: string, name = ""): Cut {
  const found = searchBack(output, false, name);
  if (found === undefined) {
    return { features: checked(output.rank === 3 ? asFeatures(output) : output, file), classes: undefined };
  }
  return { features: checked(asFeatures(found.features), file), classes: numbersOf(output) };
}

/** What was made of features that are laid out otherwise: the same value for outputs that share them. */
const laidOut = new WeakMap<Value, Value>();

/** Features before they were flattened: `[N, C, 1, 1]` and `[N, C]` hold the same, and a map can still be pooled. */
function asFeatures(features: Value): Value {
  const node = producer(features);
  const [before] = node === undefined ? [] : computedInputs(node);
  if (node !== undefined && before?.rank === 4 && (node.op === "Reshape" || node.op === "Flatten")) {
    return channelsSecond(before);
  }
  if (features.rank !== 3) return features;
  const made = laidOut.get(features) ?? ofTokens(features);
  laidOut.set(features, made);
  return made;
}

/** One vector for each picture, of one or more tokens `[N, tokens, channels]`. */
function ofTokens(features: Value): Value {
  if (isVector(features)) return reshapeTo(features, [batch, numbersOf(features)]);
  const [, tokens, channels] = features.shape;
  const grid = placesOf(features);
  if (typeof tokens !== "number" || typeof channels !== "number" || grid === undefined) return features;
  // As many tokens as channels of a map: it was laid out as rows of channels.
  if (channels === grid && tokens !== grid) return reduceMean(features, [2], { keepdims: 0 });
  if (tokens <= grid) return reduceMean(features, [1], { keepdims: 0 });
  return reshapeTo(slice(features, { starts: [0], ends: [1], axes: [1] }), [batch, channels]);
}

/** A map whose channels were put last, as files from TensorFlow do before they flatten it. */
function channelsSecond(map: Value): Value {
  const node = producer(map);
  const perm = node?.op === "Transpose" ? node.attributes["perm"]?.value : undefined;
  const [before] = node?.inputs ?? [];
  const isLast = Array.isArray(perm) && perm.join() === "0,2,3,1";
  return isLast && before !== undefined ? before : map;
}

/** How many places the picture has behind its patches: those of the last convolution that leads to a value. */
function placesOf(value: Value): number | undefined {
  const convolutions = nodesInOrder([value]).filter(({ op }) => op === "Conv");
  const [, , ...extents] = convolutions.at(-1)?.outputs[0]?.shape ?? [];
  const places = dimProduct(extents);
  return extents.length === 2 && typeof places === "number" ? places : undefined;
}

function checked(features: Value, file: string): Value {
  const [, ...extents] = features.shape;
  const known = extents.filter((dim): dim is number => typeof dim === "number");
  if ((features.rank === 4 || features.rank === 2) && known.length === extents.length && elementCount(known) > 0) {
    return features;
  }
  throw new FileError(`${file} ends in something that no classifier can be grafted onto.`, {
    subject: file,
    expected:
      "a feature map [batch, channels, height, width], features [batch, channels], or tokens [batch, tokens, channels]",
    received: formatShape(features.shape),
    advice: "Export the network up to its last feature map.",
  });
}

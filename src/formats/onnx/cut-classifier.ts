import { FileError } from "../../errors/errors.js";
import { formatShape } from "../../graph/shape.js";
import { constantData, producer, type Value } from "../../graph/value.js";
import { elementCount } from "../../onnx/tensor-data.js";

/** Operators that a classifier may end with, behind its last product with weights. */
const endings: ReadonlySet<string> = new Set([
  "Softmax",
  "LogSoftmax",
  "Sigmoid",
  "Reshape",
  "Flatten",
  "Squeeze",
  "Identity",
  "Add",
  "Relu",
  "GlobalAveragePool",
  "AveragePool",
  "ReduceMean",
]);

/** Where a network was cut. */
export interface Cut {
  /** What remains: a feature map `[N, C, H, W]` or features `[N, C]`. */
  readonly features: Value;
  /** Number of classes of the classifier that was cut off; `undefined` where there was none. */
  readonly classes: number | undefined;
}

function dataInput(value: Value): Value | undefined {
  const node = producer(value);
  return node?.inputs.find((candidate) => candidate?.source.kind === "node");
}

/**
 * Cuts a network's classifier off: its last product with weights (Gemm, MatMul, or a 1×1 Conv before the global pooling)
 * and all behind it, when it ends in one.
 *
 * A network that ends in a feature map or in pooled features is left whole.
 *
 * @param output the network's only output
 * @param file for messages
 * @throws FileError when what remains is neither a feature map nor features
 */
export function cutClassifier(output: Value, file: string): Cut {
  let value: Value | undefined = output;
  let passed: string[] = [];
  while (value !== undefined) {
    const node = producer(value);
    if (node === undefined) break;
    if (isProduct(node.op) && isClassifier(node.op, node.inputs, passed)) {
      const features = withoutReshape(dataInput(value) ?? output);
      return { features: checked(features, file), classes: Number(output.shape[1]) };
    }
    if (!endings.has(node.op)) break;
    passed = [...passed, node.op];
    value = dataInput(value);
  }
  return { features: checked(output, file), classes: undefined };
}

function isProduct(op: string): boolean {
  return op === "Gemm" || op === "MatMul" || op === "Conv";
}

function isClassifier(op: string, inputs: readonly (Value | undefined)[], passed: readonly string[]): boolean {
  if (op !== "Conv") return true;
  // A network that ends in "Conv, Relu" ends in a feature map; a convolution gives classes only where softmax follows,
  // or where it works on a map of one pixel.
  const [x, kernel] = inputs;
  const [, , height, width] = kernel === undefined ? [] : kernel.shape;
  const pointwise = height === 1 && width === 1;
  return pointwise && (passed.includes("Softmax") || (x?.shape[2] === 1 && x.shape[3] === 1));
}

/** Features before they were flattened: `[N, C, 1, 1]` and `[N, C]` hold the same, and a map can still be pooled. */
function withoutReshape(features: Value): Value {
  const node = producer(features);
  const before = node !== undefined && (node.op === "Reshape" || node.op === "Flatten") ? node.inputs[0] : undefined;
  return before?.rank === 4 && constantData(before) === undefined ? before : features;
}

function checked(features: Value, file: string): Value {
  const [, ...extents] = features.shape;
  const known = extents.filter((dim): dim is number => typeof dim === "number");
  if ((features.rank === 4 || features.rank === 2) && known.length === extents.length && elementCount(known) > 0) {
    return features;
  }
  throw new FileError(`${file} ends in something that no classifier can be grafted onto.`, {
    subject: file,
    expected: "a feature map [batch, channels, height, width] or features [batch, channels]",
    received: formatShape(features.shape),
    advice: "Export the network up to its last feature map.",
  });
}

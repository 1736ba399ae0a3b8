import { FileError, UsageError } from "../errors/errors.js";
import { batch } from "../formats/onnx/batch-axis.js";
import { movesOnly } from "../formats/onnx/known-numbers.js";
import { ShapeArithmetic } from "../formats/onnx/shape-arithmetic.js";
import { nodesInOrder } from "../graph/graph.js";
import type { NamedGraph } from "../graph/named-graph.js";
import { rebuild } from "../graph/rebuild.js";
import { formatShape } from "../graph/shape.js";
import { constantData, input, type Node, type Value } from "../graph/value.js";
import type { BaseModel } from "../models/base-model.js";
import { inferenceGraph } from "../training/programs/inference-graph.js";

/** Where the file leaves the size of its images open. */
const usualSize = 224;

/**
 * A model that takes images, as a graph of them: nodes are named after the layers whose weights they take.
 *
 * @param file for messages
 * @param size in pixels; default the model's, or 224 where it takes any
 * @throws FileError when it does not take one image with three channels
 * @throws UsageError when it takes another size only
 */
export function graphOfModel(
  model: BaseModel,
  { file, size }: { readonly file: string; readonly size: number | undefined },
): NamedGraph {
  const [image, ...others] = model.inputs;
  if (image === undefined || others.length > 0 || image.shape.length !== 4 || image.shape[3] !== 3) {
    throw new FileError(`${file} does not take images.`, {
      subject: file,
      expected: "one input of shape [batch, height, width, 3]",
      received: model.inputs.map(({ shape }) => formatShape(shape)).join(" and ") || "none",
      advice: "Save the part of the network that takes images.",
    });
  }
  const [height, width] = image.shape.slice(1, 3).map((extent) => (typeof extent === "number" ? extent : undefined));
  const wanted = size ?? height ?? width ?? usualSize;
  if ((height ?? wanted) !== wanted || (width ?? wanted) !== wanted) {
    throw new UsageError(`${file} takes images of one size only.`, {
      subject: file,
      expected: `${height ?? wanted} × ${width ?? wanted} pixels`,
      received: `${wanted} × ${wanted} pixels`,
      advice: height === width ? "Leave the image size out." : "Graft feeds networks with square images.",
    });
  }
  const fed = input("image", "float32", [batch, 3, wanted, wanted]);
  const { outputs, names } = inferenceGraph(model, [fed]);
  return { name: model.name, inputs: [fed], ...withWeightsLaidOut(outputs, names) };
}

/**
 * The same graph, whose weights lie as its operators want them: Keras's kernels have their channels last. Other constants, such as the matrices
 * by which a layer resizes, are none.
 *
 * @param weights names of weights, such as `conv1/kernel`
 */
function withWeightsLaidOut(
  values: readonly Value[],
  weights: ReadonlyMap<Value, string>,
): Pick<NamedGraph, "outputs" | "names" | "weights"> {
  const known = new ShapeArithmetic([]);
  const named = new Map(weights);
  const renew = rebuild(values, new Map(), ({ op, attributes }, inputs) => {
    const [x] = inputs;
    if (x === undefined || !movesOnly.has(op) || constantData(x) === undefined) return undefined;
    const moved = known.compute({ name: "", op, domain: "", inputs: [""], outputs: ["y"], attributes }, inputs);
    const name = named.get(x);
    for (const value of moved ?? []) if (name !== undefined) named.set(value, name);
    return moved;
  });
  const outputs = values.map(renew);
  const names = new Map<Node, string>();
  for (const node of nodesInOrder(outputs)) {
    const weight = node.inputs.map((value) => value && named.get(value)).find((name) => name !== undefined);
    if (weight !== undefined) names.set(node, weight.replace(/\/[^/]*$/, ""));
  }
  return { outputs, names, weights: new Set(named.keys()) };
}

import { FileError, UsageError } from "../../errors/errors.js";
import { didYouMean } from "../../errors/nearest.js";
import { constant, input, type Node, producer, type Value } from "../../graph/value.js";
import type { NamedGraph } from "../../graph/named-graph.js";
import type { Shape } from "../../graph/shape.js";
import type { GraphModel } from "../../models/graph-model.js";
import type { OnnxModel, OnnxNode } from "../../onnx/model.js";
import type { TensorData } from "../../onnx/tensor-data.js";
import { halfToFloat32 } from "../../onnx/half.js";
import { modelOfGraph } from "./model-of-graph.js";
import { NodeImporter } from "./import-nodes.js";

/** How an ONNX file becomes a model. */
export interface OnnxImportOptions {
  /** The file's name, for messages and as the model's name. */
  readonly file: string;
  /** Side of the square image in pixels, for a file that leaves height and width open. */
  readonly imageSize?: number | undefined;
}

/** A tensor with float16 values made float32, which all graphs of Graft compute in. */
function computable(tensor: TensorData): TensorData {
  if (tensor.type !== "float16") return tensor;
  return { type: "float32", dims: tensor.dims, data: halfToFloat32(tensor.data as Uint16Array) };
}

function imageShape(model: OnnxModel, name: string, shape: Shape | undefined, options: OnnxImportOptions): Shape {
  const [, channels] = shape ?? [];
  if (shape?.length !== 4 || channels !== 3) {
    throw new FileError(`${options.file} does not take images.`, {
      subject: name,
      expected: "an input of shape [batch, 3, height, width]",
      received: shape === undefined ? "an input of unknown shape" : `[${shape.join(", ")}]`,
      advice:
        shape?.[3] === 3
          ? "The file wants channels last: export it with channels first."
          : "Export the part of the network that takes images.",
    });
  }
  const [height, width] = [shape[2], shape[3]].map((extent) => (typeof extent === "number" ? extent : undefined));
  if (height !== undefined && options.imageSize !== undefined && (height !== options.imageSize || width !== height)) {
    throw new UsageError(`${options.file} takes images of one size only.`, {
      subject: name,
      expected: `${height} × ${width ?? height} pixels`,
      received: `${options.imageSize} × ${options.imageSize} pixels`,
      advice: "Leave the image size out, or export the network with free height and width.",
    });
  }
  const size = options.imageSize ?? Number(model.metadata["input_size"] ?? 224);
  return ["N", 3, height ?? size, width ?? size];
}

/** The nodes that the outputs need, in the file's order, which ONNX requires to be a possible one. */
function neededNodes(model: OnnxModel): OnnxNode[] {
  const wanted = new Set(model.outputs.map(({ name }) => name));
  const needed: OnnxNode[] = [];
  for (const node of [...model.nodes].reverse()) {
    if (!node.outputs.some((name) => wanted.has(name))) continue;
    needed.push(node);
    for (const name of node.inputs) wanted.add(name);
  }
  return needed.reverse();
}

/** The file's only input, and its name. */
function imageInput(model: OnnxModel, options: OnnxImportOptions): readonly [name: string, image: Value] {
  const [image, ...others] = model.inputs.map(
    ({ name, shape }) => [name, input(name, "float32", imageShape(model, name, shape, options))] as const,
  );
  if (image !== undefined && others.length === 0) return image;
  throw new FileError(`${options.file} does not take one image.`, {
    subject: options.file,
    expected: "one input",
    received: `${model.inputs.length} inputs`,
  });
}

/**
 * Makes a graph of an ONNX file that takes images: float16 becomes float32, fixed batch sizes are opened, and older
 * operators become those that Graft has.
 *
 * @param model the file as {@link readModel} gives it
 * @returns the graph, named after the file
 * @throws FileError for a file that takes no images, is inconsistent, or holds an operator that Graft does not have
 */
export function importOnnxGraph(model: OnnxModel, options: OnnxImportOptions): NamedGraph {
  const { file } = options;
  const [imageName, image] = imageInput(model, options);
  const values = new Map<string, Value>();
  for (const [name, tensor] of model.constants) values.set(name, constant(computable(tensor)));
  values.set(imageName, image);
  const names = new Map<Node, string>();
  const importer = new NodeImporter(file, model.opsets[""] ?? 1);
  for (const node of neededNodes(model)) {
    const from = node.inputs.map((name) => (name === "" ? undefined : required(values, name, node, file)));
    const results = importer.import(node, from);
    node.outputs.forEach((name, index) => {
      const value = results[index];
      if (name === "" || value === undefined) return;
      values.set(name, value);
      const made = producer(value);
      if (made !== undefined && !names.has(made)) names.set(made, node.name);
    });
  }
  const outputs = model.outputs.map(({ name }) => computed(values, name, file));
  return { name: file, inputs: [image], outputs, names };
}

function computed(values: ReadonlyMap<string, Value>, name: string, file: string): Value {
  const value = values.get(name);
  if (value !== undefined) return value;
  throw new FileError(`${file} never computes its output "${name}".`, {
    subject: name,
    expected: "a node that makes it",
    received: "none",
  });
}

function required(values: ReadonlyMap<string, Value>, name: string, node: OnnxNode, file: string): Value {
  const value = values.get(name);
  if (value !== undefined) return value;
  throw new FileError(`The node "${node.name}" (${node.op}) of ${file} needs "${name}", which nothing makes.`, {
    subject: node.name,
    expected: "an input, a constant or the output of an earlier node",
    received: name,
    advice: didYouMean(name, values.keys()),
  });
}

/**
 * Makes a model of an ONNX file that takes images. Its layers are the file's nodes with weights, under the file's names.
 *
 * @param model the file as `readModel` gives it
 * @throws FileError as {@link importOnnxGraph} does
 */
export function importOnnx(model: OnnxModel, options: OnnxImportOptions): GraphModel {
  return modelOfGraph(importOnnxGraph(model, options));
}

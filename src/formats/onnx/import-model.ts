import { FileError, UsageError } from "../../errors/errors.js";
import { didYouMean } from "../../errors/nearest.js";
import { constant, input, type Node, producer, type Value } from "../../graph/value.js";
import type { NamedGraph } from "../../graph/named-graph.js";
import type { Shape } from "../../graph/shape.js";
import type { GraphModel } from "../../models/graph-model.js";
import { channelsFirst, toChannelsFirst, toChannelsLast } from "../../nn/channels.js";
import type { OnnxBranch, OnnxModel, OnnxNode, OnnxValueInfo } from "../../onnx/model.js";
import { batch, requireBatchFirst } from "./batch-axis.js";
import { computable } from "./computable.js";
import { modelOfGraph } from "./model-of-graph.js";
import { NodeImporter } from "./import-nodes.js";
import { Sequences } from "./sequences.js";
import { refuseLargeRuns, SizeGuard } from "./size-guard.js";

/** How an ONNX file becomes a model. */
export interface OnnxImportOptions {
  /** The file's name, for messages and as the model's name. */
  readonly file: string;
  /** Side of the square image in pixels, for a file that leaves height and width open; default any, or 224 where it takes one only. */
  readonly imageSize?: number | undefined;
  /** Shapes of the inputs in the graph's order of axes, in the place of those that the file leaves open. */
  readonly shapes?: readonly Shape[] | undefined;
  /** Name of the only output to take; default all that are of floating-point numbers. */
  readonly output?: string | undefined;
  /** Whether it is a model that Graft exported; default what the file says. */
  readonly own?: boolean | undefined;
}

/** Whether a file takes pictures `[batch, height, width, 3]`, as converters from TensorFlow write them. */
function isChannelsLast(shape: Shape | undefined): boolean {
  return shape?.length === 4 && shape[3] === 3 && shape[1] !== 3;
}

/** `[batch, channels, height, width]` of what a file says of its picture. */
function inGraphOrder(shape: Shape | undefined): Shape | undefined {
  return isChannelsLast(shape) && shape !== undefined ? channelsFirst(shape) : shape;
}

/** Side of the picture that Graft wrote into a file of its own cache. */
function statedSize({ metadata }: OnnxModel): number | undefined {
  const size = Number(metadata["input_size"] ?? NaN);
  return Number.isInteger(size) && size > 0 ? size : undefined;
}

function imageShape(model: OnnxModel, name: string, said: Shape | undefined, options: OnnxImportOptions): Shape {
  const shape = inGraphOrder(said);
  const [, channels] = shape ?? [];
  if (shape?.length !== 4 || channels !== 3) {
    throw new FileError(`${options.file} does not take images.`, {
      subject: name,
      expected: "an input of shape [batch, 3, height, width] or [batch, height, width, 3]",
      received: said === undefined ? "an input of unknown shape" : `[${said.join(", ")}]`,
      advice: "Export the part of the network that takes images.",
    });
  }
  const [height, width] = [shape[2], shape[3]].map((extent) => (typeof extent === "number" ? extent : undefined));
  const size = options.imageSize ?? height ?? width ?? statedSize(model) ?? 224;
  if ((height ?? size) !== size || (width ?? size) !== size) {
    throw new UsageError(`${options.file} takes images of one size only.`, {
      subject: name,
      expected: `${height ?? size} × ${width ?? size} pixels`,
      received: `${size} × ${size} pixels`,
      advice:
        height === width
          ? "Leave the image size out, or export the network with free height and width."
          : "Graft feeds networks with square images: export the network with free height and width.",
    });
  }
  return [batch, 3, size, size];
}

/** The outputs that are taken of a file. */
export function chosenOutputs(model: OnnxModel, { file, output }: OnnxImportOptions): readonly OnnxValueInfo[] {
  if (output === undefined) {
    // Others, such as the number of the class, say what follows from these.
    const floating = model.outputs.filter(({ type }) => type.startsWith("float"));
    return floating.length > 0 ? floating : model.outputs;
  }
  const chosen = model.outputs.find(({ name }) => name === output);
  if (chosen !== undefined) return [chosen];
  const names = model.outputs.map(({ name }) => name);
  throw new UsageError(`${file} has no output "${output}".`, {
    subject: output,
    expected: names.map((name) => `"${name}"`).join(" or "),
    received: `"${output}"`,
    advice: didYouMean(output, names),
  });
}

/** Names that a node uses, those of values around its branches among them. */
function usedBy({ inputs, branches }: OnnxNode): readonly string[] {
  if (branches === undefined) return inputs;
  const inside = [branches.then, branches.else].flatMap(({ nodes, outputs }) => [...nodes.flatMap(usedBy), ...outputs]);
  return [...inputs, ...inside];
}

/** The nodes that some values need, in the file's order, which ONNX requires to be a possible one. */
function neededNodes(nodes: readonly OnnxNode[], outputs: readonly string[]): OnnxNode[] {
  const wanted = new Set(outputs);
  const needed: OnnxNode[] = [];
  for (const node of [...nodes].reverse()) {
    if (!node.outputs.some((name) => wanted.has(name))) continue;
    needed.push(node);
    for (const name of usedBy(node)) wanted.add(name);
  }
  return needed.reverse();
}

/**
 * Whether a file is a model that Graft exported: its inputs and outputs are in Keras's order, and its batch is open. Only
 * those say the version; a network that was converted for the cache is like those of others.
 */
export function isOwn({ producer: name, metadata }: OnnxModel): boolean {
  return name === "graft-ml" && metadata["version"] !== undefined;
}

/** What is fed, in the graph's order of axes. */
function modelInputs(model: OnnxModel, options: OnnxImportOptions): Value[] {
  if (options.own ?? isOwn(model)) {
    return model.inputs.map(({ name, shape = [] }, index) => {
      // Photos of 8 bits are fed as any numbers are.
      return input(name, "float32", options.shapes?.[index] ?? channelsFirst([batch, ...shape.slice(1)]));
    });
  }
  const [image, ...others] = model.inputs.map(({ name, shape }, index) =>
    input(name, "float32", options.shapes?.[index] ?? imageShape(model, name, shape, options)),
  );
  if (image !== undefined && others.length === 0) return [image];
  throw new FileError(`${options.file} does not take one image.`, {
    subject: options.file,
    expected: "one input",
    received: `${model.inputs.length} inputs`,
  });
}

/**
 * Makes a graph of an ONNX file that takes images, or that Graft wrote: float16 becomes float32, fixed batch sizes are
 * opened, and older operators become those that Graft has.
 *
 * @param model the file as {@link readModel} gives it
 * @returns the graph, named after the file
 * @throws FileError for a file that takes no images, is inconsistent, too large, or holds an operator that Graft does not
 * have; and for one that would mix the pictures of a batch
 * @throws UsageError when it has no output of the name that was asked for
 */
export function importOnnxGraph(model: OnnxModel, options: OnnxImportOptions): NamedGraph {
  const { file } = options;
  const own = options.own ?? isOwn(model);
  const inputs = modelInputs(model, options);
  const sizes = new SizeGuard(file);
  const values = new Map<string, Value>();
  for (const [name, tensor] of model.constants) values.set(name, constant(computable(tensor)));
  inputs.forEach((value, index) => {
    const name = model.inputs[index]?.name ?? "";
    sizes.check(value.shape, name);
    values.set(name, own || isChannelsLast(model.inputs[index]?.shape) ? toChannelsLast(value) : value);
  });
  const names = new Map<Node, string>();
  const [first] = model.inputs[0]?.shape ?? [];
  const importer = new NodeImporter({
    file,
    opset: model.opsets[""] ?? 1,
    batch: typeof first === "number" ? first : undefined,
    inputs,
    own,
  });
  const outputs = chosenOutputs(model, options);
  const sequences = new Sequences();
  const importAll = (nodes: readonly OnnxNode[], wanted: readonly string[]): void => {
    for (const node of neededNodes(nodes, wanted)) {
      const isTensor = (name: string): boolean => name !== "" && !sequences.isSequence(name);
      const from = node.inputs.map((name) => (isTensor(name) ? required(values, name, node, file) : undefined));
      const results = sequences.handles(node)
        ? (sequences.import(node, from) ?? unknownParts(node, file))
        : node.branches === undefined
          ? importer.import(node, from)
          : branch(node, node.branches[importer.holds(node, from[0]) ? "then" : "else"]);
      node.outputs.forEach((name, index) => {
        const value = results[index];
        if (name === "" || value === undefined) return;
        values.set(name, value);
        nameMade(value, layerName(node), new Set(from), names);
      });
    }
  };
  const branch = (node: OnnxNode, { nodes, outputs: given, constants }: OnnxBranch): readonly Value[] => {
    for (const [name, tensor] of constants) values.set(name, constant(computable(tensor)));
    importAll(nodes, given);
    return given.map((name) => required(values, name, node, file));
  };
  importAll(
    model.nodes,
    outputs.map(({ name }) => name),
  );
  const made = outputs.map(({ name }) => computed(values, name, file));
  refuseLargeRuns(made, { file, names, pictures: 1 });
  return { name: file, inputs, outputs: own ? made.map(toChannelsFirst) : made, names };
}

/** Gives what was made for a node of a file its name: one operator, or several that it is written with. */
function nameMade(value: Value, name: string, given: ReadonlySet<Value | undefined>, names: Map<Node, string>): void {
  const waiting = [value];
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    const made = given.has(one) ? undefined : producer(one);
    if (made === undefined || names.has(made)) continue;
    names.set(made, name);
    for (const from of made.inputs) if (from !== undefined) waiting.push(from);
  }
}

/** A name that says nothing of modules: `node_linear_12`, `Conv_3`, `n140`, `17`. */
const counted = /^\w*$/;

/** The node's name; where that says no more than its operator, the module whose weight it takes, or its own: `layer4.1.conv1`. */
function layerName({ name, inputs, module }: OnnxNode): string {
  if (!counted.test(name)) return name;
  const weight = inputs
    .slice(1)
    .concat(inputs)
    .find((one) => /.[./](weight|bias|gamma|beta|kernel)$/.test(one));
  return weight?.replace(/[./][a-z]+$/, "") ?? module ?? name;
}

function unknownParts({ name, op }: OnnxNode, file: string): never {
  throw new FileError(`The tensors that "${name}" (${op}) of ${file} holds are not known when the graph is built.`, {
    subject: name,
    expected: "parts of known extents, and a constant place among them",
    received: op,
    advice: "Export the network for inference with PyTorch's newer exporter (dynamo=True).",
  });
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
 * Makes a model of an ONNX file that takes images, or that Graft wrote. Its layers are the file's nodes with weights, under
 * the file's names.
 *
 * @param model the file as `readModel` gives it
 * @throws FileError as {@link importOnnxGraph} does, and when an output does not begin with the batch
 */
export function importOnnx(model: OnnxModel, options: OnnxImportOptions): GraphModel {
  const names = chosenOutputs(model, options).map(({ name }) => name);
  const at = (shapes: readonly Shape[] | undefined): NamedGraph => {
    const graph = importOnnxGraph(model, { ...options, shapes });
    graph.outputs.forEach((value, index) => requireBatchFirst(value, names[index] ?? "", options.file));
    return graph;
  };
  const open = openShapes(model, options);
  if (open === undefined) return modelOfGraph(at(undefined));
  const own = options.own ?? isOwn(model);
  return modelOfGraph(at(own ? open.map(atOwnSize) : undefined), { shapes: open, at });
}

/** Any size at which models that Graft exports with open sizes compute the same as at others. */
const ownSize = 384;

function atOwnSize(shape: Shape): Shape {
  return shape.map((dim, axis) => (axis > 0 && typeof dim === "string" ? ownSize : dim));
}

/** The shapes of the inputs where a file leaves sizes open and none was asked for, in the graph's order of axes. */
function openShapes(model: OnnxModel, options: OnnxImportOptions): readonly Shape[] | undefined {
  if (options.imageSize !== undefined) return undefined;
  const own = options.own ?? isOwn(model);
  const shapes = model.inputs.map(({ shape = [] }) =>
    own
      ? channelsFirst([batch, ...shape.slice(1)])
      : // What the file calls them may be the same for both, or the batch's.
        (inGraphOrder(shape) ?? []).map((dim, axis) =>
          typeof dim === "number" && axis > 0 ? dim : ([batch, "C", "H", "W"][axis] ?? dim),
        ),
  );
  return shapes.some((shape) => shape.slice(1).some((dim) => typeof dim === "string")) ? shapes : undefined;
}

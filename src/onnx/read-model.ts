import onnxProto, { type onnx } from "onnx-proto";
import { FileError } from "../errors/errors.js";
import { checkWire } from "./check-wire.js";
import { elementTypeOf } from "./element-types.js";
import type { Attribute, Dim, OnnxBranch, OnnxModel, OnnxNode, OnnxValueInfo } from "./model.js";
import { nodeModules } from "./node-modules.js";
import { allocate, elementCount, type ElementType, fromBytes, type TensorData } from "./tensor-data.js";

const { AttributeProto, ModelProto, TensorProto } = onnxProto.onnx;
const { AttributeType } = AttributeProto;
const utf8 = new TextDecoder();

/** Where a tensor lies that is not inside its file. */
export interface ExternalPlace {
  /** The tensor's name, for messages. */
  readonly tensor: string;
  /** Name of the file, relative to the folder of the ONNX file. */
  readonly location: string;
  /** First byte. */
  readonly offset: number;
  /** Number of bytes. */
  readonly length: number;
}

/** Gives the bytes of tensors that lie in other files. */
export type ExternalData = (place: ExternalPlace) => Uint8Array;

/** What is being read, for messages, and what gives weights that lie beside it. */
interface Reading {
  readonly file: string;
  readonly external: ExternalData | undefined;
}

/** protobufjs gives 64-bit integers as Long objects where the `long` package is installed, as numbers elsewhere. */
function integer(value: unknown): number {
  return Number(String(value));
}

function tensorOf(proto: onnx.ITensorProto, reading: Reading): TensorData {
  const { file } = reading;
  const name = proto.name ?? "";
  const type = elementTypeOf(proto.dataType ?? 0);
  if (type === undefined) {
    throw new FileError(`The tensor "${name}" of ${file} has an element type that Graft does not read.`, {
      subject: name || file,
      expected: "float32, float64, float16, int64, int32, int8, uint8 or bool",
      received: `element type number ${proto.dataType ?? 0} of the ONNX definition`,
    });
  }
  const dims = (proto.dims ?? []).map(integer);
  const count = elementCount(dims);
  if (!dims.every((dim) => dim >= 0) || !Number.isSafeInteger(count)) {
    throw new FileError(`The tensor "${name}" of ${file} has an impossible shape.`, {
      subject: name || file,
      expected: "extents of 0 or more, and a number of elements that fits into memory",
      received: `[${dims.join(", ")}]`,
      advice: "The file is damaged: fetch it again.",
    });
  }
  const external = proto.dataLocation === TensorProto.DataLocation.EXTERNAL;
  const data = external ? externalElements(proto, type, count, reading) : tensorElements(proto, type);
  // Bytes that are no whole element.
  const left = external ? 0 : (proto.rawData?.length ?? 0) % allocate(type, 1).BYTES_PER_ELEMENT;
  if (data.length !== count || left > 0) {
    throw new FileError(`The tensor "${name}" of ${file} is damaged.`, {
      subject: name || file,
      expected: `${count} elements for the shape [${dims.join(", ")}]`,
      received: `${data.length} elements${left > 0 ? ` and ${left} bytes` : ""}`,
      advice: "The file is probably truncated: fetch it again.",
    });
  }
  return { type, dims, data };
}

function externalElements(
  proto: onnx.ITensorProto,
  type: ElementType,
  count: number,
  { file, external }: Reading,
): TensorData["data"] {
  const name = proto.name ?? "";
  if (external === undefined) {
    throw new FileError(`The tensor "${name}" of ${file} lies in another file.`, {
      subject: name || file,
      expected: "one file with its weights inside",
      received: "external data",
      advice: 'Save the model in one file first: onnx.save(onnx.load("model.onnx"), "one-file.onnx") in Python.',
    });
  }
  const entries = new Map((proto.externalData ?? []).map(({ key, value }) => [key ?? "", value ?? ""]));
  const size = allocate(type, 1).BYTES_PER_ELEMENT;
  const [location, offset, length] = [
    entries.get("location") ?? "",
    Number(entries.get("offset") ?? 0),
    Number(entries.get("length") ?? count * size),
  ];
  if (location === "" || !Number.isSafeInteger(offset) || offset < 0 || length !== count * size) {
    throw new FileError(`The tensor "${name}" of ${file} does not say where its numbers lie.`, {
      subject: name || file,
      expected: `a location, an offset from 0 on, and a length of ${count * size} bytes`,
      received: [...entries].map(([key, value]) => `${key} ${value}`).join(", ") || "nothing",
      advice: "The file is damaged: export it again.",
    });
  }
  return fromBytes(type, external({ tensor: name, location, offset, length }));
}

function tensorElements(proto: onnx.ITensorProto, type: ElementType): TensorData["data"] {
  if (proto.rawData && proto.rawData.length > 0) {
    // A whole number of elements, or else the comparison with the shape reports the difference.
    const size = allocate(type, 1).BYTES_PER_ELEMENT;
    return fromBytes(type, proto.rawData.subarray(0, Math.floor(proto.rawData.length / size) * size));
  }
  const values: readonly unknown[] =
    [proto.floatData, proto.doubleData, proto.int64Data, proto.int32Data].find((list) => list && list.length > 0) ?? [];
  const data = allocate(type, values.length);
  values.forEach((value, index) => {
    data[index] = data instanceof BigInt64Array ? BigInt(String(value)) : Number(String(value));
  });
  return data;
}

function attributeOf(proto: onnx.IAttributeProto, node: string, reading: Reading): Attribute {
  switch (proto.type) {
    case AttributeType.INT:
      return { type: "int", value: integer(proto.i) };
    case AttributeType.FLOAT:
      return { type: "float", value: proto.f ?? 0 };
    case AttributeType.STRING:
      return { type: "string", value: utf8.decode(proto.s ?? new Uint8Array()) };
    case AttributeType.INTS:
      return { type: "ints", value: (proto.ints ?? []).map(integer) };
    case AttributeType.FLOATS:
      return { type: "floats", value: proto.floats ?? [] };
    case AttributeType.STRINGS:
      return { type: "strings", value: (proto.strings ?? []).map((text) => utf8.decode(text)) };
    case AttributeType.TENSOR:
      return { type: "tensor", value: tensorOf(proto.t ?? {}, reading) };
    default:
      throw new FileError(
        `The attribute "${proto.name ?? ""}" of node "${node}" in ${reading.file} is of a kind that Graft does not read.`,
        {
          subject: node || reading.file,
          expected: "an attribute of numbers, text or a tensor",
          received: `attribute kind ${String(proto.type)} (a sub-graph, as in Loop or Scan, or a sparse tensor)`,
          advice: "Export the network for inference, without control flow.",
        },
      );
  }
}

function branchOf(proto: onnx.INodeProto, name: string, reading: Reading): OnnxBranch {
  const graph = proto.attribute?.find((attribute) => attribute.name === name)?.g;
  return {
    nodes: (graph?.node ?? []).map((node) => nodeOf(node, undefined, reading)),
    outputs: (graph?.output ?? []).map((output) => output.name ?? ""),
    constants: constantsOf(graph?.initializer ?? [], reading),
  };
}

function constantsOf(initializers: readonly onnx.ITensorProto[], reading: Reading): ReadonlyMap<string, TensorData> {
  return new Map(initializers.map((tensor) => [tensor.name ?? "", tensorOf(tensor, reading)]));
}

function nodeOf(proto: onnx.INodeProto, module: string | undefined, reading: Reading): OnnxNode {
  const op = proto.opType ?? "";
  const name = proto.name && proto.name !== "" ? proto.name : (proto.output?.[0] ?? op);
  const isIf = op === "If";
  const plain = isIf ? [] : (proto.attribute ?? []);
  return {
    name,
    op,
    module,
    // "ai.onnx" is the standard domain's long name.
    domain: proto.domain === "ai.onnx" ? "" : (proto.domain ?? ""),
    inputs: proto.input ?? [],
    outputs: proto.output ?? [],
    attributes: Object.fromEntries(plain.map((a) => [a.name ?? "", attributeOf(a, name, reading)])),
    branches: isIf
      ? { then: branchOf(proto, "then_branch", reading), else: branchOf(proto, "else_branch", reading) }
      : undefined,
  };
}

function valueInfoOf(proto: onnx.IValueInfoProto, file: string): OnnxValueInfo {
  const name = proto.name ?? "";
  const tensorType = proto.type?.tensorType;
  const type = elementTypeOf(tensorType?.elemType ?? 0);
  if (type === undefined) {
    throw new FileError(`The input or output "${name}" of ${file} is not a tensor that Graft reads.`, {
      subject: name || file,
      expected: "a tensor of numbers",
      received: `element type number ${tensorType?.elemType ?? 0} of the ONNX definition`,
    });
  }
  const shape = tensorType?.shape?.dim?.map((dim, axis): Dim => {
    if (dim.dimParam) return dim.dimParam;
    const extent = integer(dim.dimValue ?? 0);
    return extent > 0 ? extent : `${name}_${axis}`;
  });
  return { name, type, shape };
}

/** The outputs that are tensors of numbers; labels as texts and maps, as classifiers of others have beside them, are left out. */
function readableOutputs(outputs: readonly onnx.IValueInfoProto[], file: string): OnnxValueInfo[] {
  const readable = outputs.filter(({ type }) => elementTypeOf(type?.tensorType?.elemType ?? 0) !== undefined);
  return (readable.length > 0 ? readable : outputs).map((info) => valueInfoOf(info, file));
}

/** What the engine would read of such tensors, files beside the model among them, would be read without a look. */
function refuseSparse({ sparseInitializer }: onnx.IGraphProto, file: string): void {
  const [sparse] = sparseInitializer ?? [];
  if (sparse === undefined) return;
  const name = sparse.values?.name ?? "";
  throw new FileError(`${file} holds weights as a sparse tensor.`, {
    subject: file,
    expected: "weights with all of their elements",
    received: `the sparse initializer "${name}"`,
    advice: "Export the network with dense weights.",
  });
}

/** @throws FileError where the same is said twice: nobody knows which of them counts */
function metadataOf(entries: readonly onnx.IStringStringEntryProto[], file: string): Readonly<Record<string, string>> {
  const metadata = new Map(entries.map(({ key, value }) => [key ?? "", value ?? ""]));
  if (metadata.size === entries.length) return Object.fromEntries(metadata);
  const seen = new Set<string>();
  const twice = entries.find(({ key }) => seen.size === seen.add(key ?? "").size);
  throw new FileError(`${file} says the same twice in its metadata.`, {
    subject: file,
    expected: "each key once",
    received: `"${(twice?.key ?? "").slice(0, 200)}" twice`,
    advice: "The file is damaged: fetch or export it again.",
  });
}

/**
 * Reads the bytes of an `.onnx` file.
 *
 * Large tensors are views of `bytes` where alignment allows it, so do not change `bytes` afterwards.
 *
 * @param bytes the whole file
 * @param file its name, for messages
 * @param external gives weights that lie in files beside it; without it, a file with such weights is refused
 * @throws FileError when the bytes are no ONNX model, are truncated, or hold something that Graft does not read
 */
export function readModel(bytes: Uint8Array, file: string, external?: ExternalData): OnnxModel {
  const reading: Reading = { file, external };
  let proto: onnx.ModelProto;
  try {
    proto = ModelProto.decode(bytes);
  } catch (cause) {
    throw new FileError(`${file} cannot be read as an ONNX model.`, {
      subject: file,
      expected: "a whole ONNX protobuf file",
      received: `${bytes.length} bytes that are no protobuf message, or the beginning of one`,
      advice: "Fetch or export the file again.",
      cause,
    });
  }
  checkWire(bytes, file);
  const graph = proto.graph;
  if (!graph || (graph.node ?? []).length === 0) {
    throw new FileError(`${file} holds no ONNX graph.`, {
      subject: file,
      expected: "an ONNX model with at least one operator",
      received: `${bytes.length} bytes without one`,
    });
  }
  refuseSparse(graph, file);
  const modules = nodeModules(bytes);
  const constants = constantsOf(graph.initializer ?? [], reading);
  return {
    irVersion: integer(proto.irVersion),
    opsets: Object.fromEntries(
      proto.opsetImport.map(({ domain, version }) => [domain === "ai.onnx" ? "" : (domain ?? ""), integer(version)]),
    ),
    producer: proto.producerName,
    graphName: graph.name ?? "",
    nodes: (graph.node ?? []).map((node, index) => nodeOf(node, modules[index], reading)),
    // Before IR version 4 every constant had to be listed as an input too.
    inputs: (graph.input ?? []).filter(({ name }) => !constants.has(name ?? "")).map((info) => valueInfoOf(info, file)),
    outputs: readableOutputs(graph.output ?? [], file),
    constants,
    metadata: metadataOf(proto.metadataProps, file),
  };
}

import onnxProto, { type onnx } from "onnx-proto";
import { elementTypeCode } from "./element-types.js";
import type { Attribute, OnnxModel, OnnxValueInfo } from "./model.js";
import { bytesOf, type TensorData } from "./tensor-data.js";

const { AttributeProto, ModelProto } = onnxProto.onnx;
const { AttributeType } = AttributeProto;
const utf8 = new TextEncoder();

function tensorProto(name: string, tensor: TensorData): onnx.ITensorProto {
  return { name, dims: [...tensor.dims], dataType: elementTypeCode(tensor.type), rawData: bytesOf(tensor) };
}

function attributeProto(name: string, attribute: Attribute): onnx.IAttributeProto {
  switch (attribute.type) {
    case "int":
      return { name, type: AttributeType.INT, i: attribute.value };
    case "float":
      return { name, type: AttributeType.FLOAT, f: attribute.value };
    case "string":
      return { name, type: AttributeType.STRING, s: utf8.encode(attribute.value) };
    case "ints":
      return { name, type: AttributeType.INTS, ints: [...attribute.value] };
    case "floats":
      return { name, type: AttributeType.FLOATS, floats: [...attribute.value] };
    case "strings":
      return { name, type: AttributeType.STRINGS, strings: attribute.value.map((text) => utf8.encode(text)) };
    case "tensor":
      return { name, type: AttributeType.TENSOR, t: tensorProto("", attribute.value) };
  }
}

function valueInfoProto({ name, type, shape }: OnnxValueInfo): onnx.IValueInfoProto {
  const dims = shape?.map((dim) => (typeof dim === "number" ? { dimValue: dim } : { dimParam: dim }));
  const tensorType = { elemType: elementTypeCode(type), shape: dims === undefined ? null : { dim: dims } };
  return { name, type: { tensorType } };
}

/**
 * The bytes of an `.onnx` file.
 *
 * @see https://onnx.ai/onnx/repo-docs/IR.html
 */
export function writeModel(model: OnnxModel): Uint8Array {
  return ModelProto.encode({
    irVersion: model.irVersion,
    opsetImport: Object.entries(model.opsets).map(([domain, version]) => ({ domain, version })),
    producerName: model.producer,
    metadataProps: Object.entries(model.metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name: model.graphName,
      node: model.nodes.map((node) => ({
        name: node.name,
        opType: node.op,
        domain: node.domain,
        input: [...node.inputs],
        output: [...node.outputs],
        attribute: Object.entries(node.attributes).map(([name, attribute]) => attributeProto(name, attribute)),
      })),
      input: model.inputs.map(valueInfoProto),
      output: model.outputs.map(valueInfoProto),
      initializer: [...model.constants].map(([name, tensor]) => tensorProto(name, tensor)),
    },
  }).finish();
}

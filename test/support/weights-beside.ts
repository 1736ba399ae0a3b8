import onnxProto from "onnx-proto";

const { onnx } = onnxProto;

/**
 * An ONNX file whose weights lie in a file beside it, as PyTorch writes them.
 *
 * @param file an ONNX file
 * @param location the name of the file of weights
 */
export function withWeightsBeside(
  file: Uint8Array,
  location: string,
): { readonly model: Uint8Array; readonly weights: Uint8Array } {
  const model = onnx.ModelProto.decode(file);
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const tensor of model.graph?.initializer ?? []) {
    const bytes = tensor.rawData ?? new Uint8Array();
    const place = { location, offset, length: bytes.length };
    tensor.externalData = Object.entries(place).map(([key, value]) =>
      onnx.StringStringEntryProto.create({ key, value: String(value) }),
    );
    tensor.dataLocation = onnx.TensorProto.DataLocation.EXTERNAL;
    tensor.rawData = new Uint8Array();
    parts.push(bytes);
    offset += bytes.length;
  }
  return { model: onnx.ModelProto.encode(model).finish(), weights: new Uint8Array(Buffer.concat(parts)) };
}

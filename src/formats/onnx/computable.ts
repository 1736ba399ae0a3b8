import { halfToFloat32 } from "../../onnx/half.js";
import type { TensorData } from "../../onnx/tensor-data.js";

/** A tensor with float16 values made float32, which all graphs of Graft compute in. */
export function computable(tensor: TensorData): TensorData {
  if (tensor.type !== "float16") return tensor;
  return { type: "float32", dims: tensor.dims, data: halfToFloat32(tensor.data as Uint16Array) };
}

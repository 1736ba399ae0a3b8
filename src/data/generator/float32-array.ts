import { toFloat32 } from "../../onnx/tensor-data.js";
import { fromTensor, type Tensor } from "../../runtime/runtime.js";

/** A tensor's values as float32; its own array where they are that already. */
export function toFloat32Array(tensor: Tensor): Float32Array {
  return toFloat32(fromTensor(tensor).data);
}

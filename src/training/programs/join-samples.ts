import { float32, type TensorData } from "../../onnx/tensor-data.js";

type Float32 = TensorData<"float32">;

/** Tensors of samples one behind the other, `[samples, …]`. */
export function joinSamples(parts: readonly Float32[]): Float32 {
  const [first] = parts;
  const count = parts.reduce((sum, { dims }) => sum + (dims[0] ?? 0), 0);
  const data = new Float32Array(parts.reduce((sum, part) => sum + part.data.length, 0));
  let offset = 0;
  for (const part of parts) {
    data.set(part.data, offset);
    offset += part.data.length;
  }
  return float32(data, [count, ...(first?.dims.slice(1) ?? [])]);
}

import type { Tensor } from "../../runtime/runtime.js";

/** A tensor's values as float32; its own array where they are that already. */
export function toFloat32Array({ data }: Tensor): Float32Array {
  if (data instanceof Float32Array) return data;
  return Float32Array.from(data as ArrayLike<number | bigint>, Number);
}

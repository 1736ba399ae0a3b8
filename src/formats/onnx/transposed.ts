import { allocate, elementCount, type TensorData } from "../../onnx/tensor-data.js";

/** A tensor with its axes in another order: axis `perm[i]` becomes axis `i`. */
export function transposed(tensor: TensorData, perm: readonly number[]): TensorData {
  const dims = perm.map((axis) => tensor.dims[axis] ?? 1);
  const strides = perm.map((axis) => elementCount(tensor.dims.slice(axis + 1)));
  const data = allocate(tensor.type, tensor.data.length);
  const index = dims.map(() => 0);
  let from = 0;
  for (let place = 0; place < data.length; place++) {
    data[place] = tensor.data[from] as never;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      const next = (index[axis] ?? 0) + 1;
      from += strides[axis] ?? 0;
      if (next < (dims[axis] ?? 1)) {
        index[axis] = next;
        break;
      }
      index[axis] = 0;
      from -= next * (strides[axis] ?? 0);
    }
  }
  return { type: tensor.type, dims, data };
}

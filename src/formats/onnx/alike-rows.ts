import { constant, constantData, type Value } from "../../graph/value.js";
import { allocate, elementCount } from "../../onnx/tensor-data.js";

/** A constant of extent 1 along an axis along which all of its numbers are the same; `undefined` for any other value. */
export function withoutAlikeRows(value: Value, axis: number): Value | undefined {
  const tensor = constantData(value);
  const extent = tensor?.dims[axis] ?? 0;
  if (tensor === undefined || extent < 1) return undefined;
  const inner = elementCount(tensor.dims.slice(axis + 1));
  const outer = elementCount(tensor.dims.slice(0, axis));
  const data = allocate(tensor.type, outer * inner);
  for (let block = 0; block < outer; block++) {
    for (let place = 0; place < inner; place++) {
      const first = tensor.data[block * extent * inner + place];
      for (let row = 1; row < extent; row++) {
        if (tensor.data[(block * extent + row) * inner + place] !== first) return undefined;
      }
      data[block * inner + place] = first as never;
    }
  }
  return constant({ type: tensor.type, dims: tensor.dims.map((dim, at) => (at === axis ? 1 : dim)), data });
}

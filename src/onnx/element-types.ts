import type { ElementType } from "./tensor-data.js";

/** Numbers of `TensorProto.DataType` in the ONNX protobuf definition. */
const codes: Readonly<Record<ElementType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
};

const names = new Map<number, ElementType>(
  Object.entries(codes).map(([name, code]) => [code, name as ElementType] as const),
);

/** The protobuf number of an element type. */
export function elementTypeCode(type: ElementType): number {
  return codes[type];
}

/** The element type behind a protobuf number, or `undefined` for one that Graft does not use (strings, complex numbers, …). */
export function elementTypeOf(code: number): ElementType | undefined {
  return names.get(code);
}

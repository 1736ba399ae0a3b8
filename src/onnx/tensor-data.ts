/** Element types that graphs of Graft use, under onnxruntime's names. */
export type ElementType = "float32" | "float64" | "float16" | "int64" | "int32" | "int8" | "uint8" | "bool";

/** The typed array that holds each element type; float16 lies as raw bits, bool as one byte an element. */
export interface ElementArrays {
  float32: Float32Array;
  float64: Float64Array;
  float16: Uint16Array;
  int64: BigInt64Array;
  int32: Int32Array;
  int8: Int8Array;
  uint8: Uint8Array;
  bool: Uint8Array;
}

/** A tensor's values: what a `Tensor` of onnxruntime is, without its methods. */
export interface TensorData<T extends ElementType = ElementType> {
  readonly type: T;
  /** Extent of each axis; `[]` for a scalar. */
  readonly dims: readonly number[];
  /** All elements in row-major order. */
  readonly data: ElementArrays[T];
}

const constructors = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} satisfies { [T in ElementType]: new (length: number) => ElementArrays[T] };

/** Number of elements of a tensor of the given extents; 1 for `[]`. */
export function elementCount(dims: readonly number[]): number {
  return dims.reduce((product, extent) => product * extent, 1);
}

/** Bytes that one element takes. */
function bytesPerElement(type: ElementType): number {
  return constructors[type].BYTES_PER_ELEMENT;
}

/** A zero-filled array for `count` elements. */
export function allocate<T extends ElementType>(type: T, count: number): ElementArrays[T] {
  return new constructors[type](count) as ElementArrays[T];
}

/** A `float32` tensor of the given extents. */
export function float32(data: Float32Array | readonly number[], dims: readonly number[]): TensorData<"float32"> {
  return { type: "float32", dims, data: data instanceof Float32Array ? data : Float32Array.from(data) };
}

/** Numbers of any type as float32; the same array where they are that already. */
export function toFloat32(data: TensorData["data"]): Float32Array {
  if (data instanceof Float32Array) return data;
  // With a function it would first make a list of all numbers: that of the photos of CIFAR-10 does not fit into memory.
  return typeof data[0] === "bigint"
    ? Float32Array.from(data as BigInt64Array, Number)
    : new Float32Array(data as ArrayLike<number>);
}

/** An `int64` tensor; one-dimensional unless `dims` says otherwise. */
export function int64(values: readonly number[], dims: readonly number[] = [values.length]): TensorData<"int64"> {
  return { type: "int64", dims, data: BigInt64Array.from(values, (value) => BigInt(value)) };
}

/** The bytes of a tensor, without copying; little-endian on every platform that Node and browsers run on. */
export function bytesOf(tensor: TensorData): Uint8Array {
  const { buffer, byteOffset, byteLength } = tensor.data;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/**
 * A typed array over the given bytes: a view where alignment allows it, a copy otherwise.
 *
 * @throws RangeError when the bytes are not a whole number of elements
 */
export function fromBytes<T extends ElementType>(type: T, bytes: Uint8Array): ElementArrays[T] {
  const size = bytesPerElement(type);
  if (bytes.byteLength % size !== 0) {
    throw new RangeError(`${bytes.byteLength} bytes are not a whole number of ${type} elements of ${size} bytes`);
  }
  // Not bytes.slice(): a Buffer gives a view of the same place.
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  const Constructor = constructors[type] as unknown as new (
    b: ArrayBufferLike,
    o: number,
    n: number,
  ) => ElementArrays[T];
  return new Constructor(aligned.buffer, aligned.byteOffset, aligned.byteLength / size);
}

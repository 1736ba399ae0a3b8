import { float32, type TensorData } from "../onnx/tensor-data.js";

/**
 * Each row divided by its length, as `UnitNormalization` does.
 *
 * @param rows `[rows, width]`
 */
export function unitLength({ data, dims }: TensorData<"float32">): TensorData<"float32"> {
  const [rows = 0, width = 0] = dims;
  const scaled = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    let squares = 0;
    for (let index = row * width; index < (row + 1) * width; index++) squares += (data[index] ?? 0) ** 2;
    const factor = 1 / Math.sqrt(Math.max(squares, 1e-12));
    for (let index = row * width; index < (row + 1) * width; index++) scaled[index] = (data[index] ?? 0) * factor;
  }
  return float32(scaled, dims);
}

/** Rows of a matrix `[rows, width]`, without copying. */
export function rowsOf({ data, dims }: TensorData<"float32">): Float32Array[] {
  const [rows = 0, width = 0] = dims;
  return Array.from({ length: rows }, (_, row) => data.subarray(row * width, (row + 1) * width));
}

/** Rows of matrices of one width, one behind the other. */
export function rowsTogether(parts: readonly TensorData<"float32">[]): TensorData<"float32"> {
  const [first, ...others] = parts;
  if (first !== undefined && others.length === 0) return first;
  const rows = parts.reduce((sum, { dims }) => sum + (dims[0] ?? 0), 0);
  const width = first?.dims[1] ?? 0;
  const joined = new Float32Array(rows * width);
  let offset = 0;
  for (const { data } of parts) {
    joined.set(data, offset);
    offset += data.length;
  }
  return float32(joined, [rows, width]);
}

/** Some rows of a matrix. */
export function rowsAt({ data, dims }: TensorData<"float32">, rows: readonly number[]): TensorData<"float32"> {
  const [, width = 0] = dims;
  const picked = new Float32Array(rows.length * width);
  for (const [place, row] of rows.entries()) picked.set(data.subarray(row * width, (row + 1) * width), place * width);
  return float32(picked, [rows.length, width]);
}

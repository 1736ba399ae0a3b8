import { float32, type TensorData } from "../../onnx/tensor-data.js";

/**
 * What labels look like: `binary` and `sparse` numbers, `categorical` one-hot rows, `input` the photos themselves, `null`
 * none.
 */
export type ClassMode = "categorical" | "binary" | "sparse" | "input" | null;

/** The class of a sample; several where a sample belongs to several. */
export type ClassNumber = number | readonly number[];

/** `[count, classes]`: 1 in the columns of each sample's classes. */
export function oneHot(labels: readonly ClassNumber[], classes: number): TensorData<"float32"> {
  const rows = new Float32Array(labels.length * classes);
  labels.forEach((label, row) => {
    for (const classIndex of typeof label === "number" ? [label] : label) rows[row * classes + classIndex] = 1;
  });
  return float32(rows, [labels.length, classes]);
}

/** `[count]`: the number of each sample's class. */
export function classNumbers(labels: readonly ClassNumber[]): TensorData<"float32"> {
  return float32(
    labels.map((label) => (typeof label === "number" ? label : (label[0] ?? 0))),
    [labels.length],
  );
}

import type { BaseModel } from "../../src/models/base-model.js";
import { elementCount, float32, type TensorData } from "../../src/onnx/tensor-data.js";

/**
 * Numbers between `offset - scale` and `offset + scale` that scripts/golden/models.py computes alike, so that golden files
 * need not hold inputs.
 */
export function wave(shape: readonly number[], key: number, scale = 1, offset = 0): TensorData<"float32"> {
  const data = new Float32Array(elementCount(shape));
  for (let index = 0; index < data.length; index++) {
    data[index] = offset + scale * Math.sin(12.9898 * index + 78.233 * key);
  }
  return float32(data, shape);
}

/** Fills a model as scripts/golden/models.py does. */
export function waveWeights(model: BaseModel): void {
  model.setWeights(
    model.weights.map(({ name, shape }, key) => {
      if (name === "moving_variance") return wave(shape, key, 0.4, 1);
      if (name === "gamma") return wave(shape, key, 0.3, 1);
      if (shape.length === 1) return wave(shape, key, 0.1);
      return wave(shape, key, 2 / Math.sqrt(elementCount(shape.slice(0, -1))));
    }),
  );
}

/** Labels as scripts/golden/models.py makes them: `[batch]` for one class, otherwise one-hot rows. */
export function waveLabels(batch: number, step: number, classes: number): TensorData<"float32"> {
  const numbers = Array.from({ length: batch }, (_, sample) => ((3 * sample + step) % 5) % Math.max(classes, 2));
  if (classes === 1) return float32(numbers, [batch]);
  const rows = new Float32Array(batch * classes);
  numbers.forEach((label, row) => (rows[row * classes + label] = 1));
  return float32(rows, [batch, classes]);
}

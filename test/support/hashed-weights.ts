import type { BaseModel } from "../../src/models/base-model.js";
import type { Layer } from "../../src/nn/layer.js";
import { elementCount, float32, type TensorData } from "../../src/onnx/tensor-data.js";

/**
 * Numbers that scripts/golden/applications.py computes alike: a hash of a key and the place, from −1 to 1, scaled to where such a
 * weight lies. Kernels keep the variance of what they are multiplied with; scales and variances lie around 1.
 */
export function hashedWeight(name: string, shape: readonly number[], key: number): TensorData<"float32"> {
  const values = new Float32Array(elementCount(shape));
  const [offset, scale] = rangeOf(name, shape);
  const start = Math.imul(key, 0x85ebca6b);
  for (let index = 0; index < values.length; index++) {
    let h = (Math.imul(index, 0x9e3779b1) + start) | 0;
    h ^= h >>> 16;
    h = Math.imul(h, 0x7feb352d);
    h ^= h >>> 15;
    h = Math.imul(h, 0x846ca68b);
    h ^= h >>> 16;
    values[index] = offset + scale * ((h >>> 0) / 2 ** 31 - 1);
  }
  return float32(values, shape);
}

function rangeOf(name: string, shape: readonly number[]): [offset: number, scale: number] {
  if (name === "count") return [0, 0];
  if (name === "gamma" || name === "variable") return [1, 0.2];
  if (name === "moving_variance" || name === "variance") return [1, 0.5];
  if (shape.length < 2) return [0, 0.1];
  // The kernel of a depthwise convolution sees one channel.
  const inputs = shape.length === 4 && shape[3] === 1 ? shape.slice(0, 2) : shape.slice(0, -1);
  return [0, Math.sqrt(3 / elementCount(inputs))];
}

/** Fills a model as scripts/golden/applications.py does. */
export function hashWeights(model: BaseModel): void {
  model.setWeights(model.weights.map(({ name, shape }, key) => hashedWeight(name, shape, key)));
}

/** Fills one layer, with keys from a number on. */
export function hashLayer(layer: Layer, firstKey: number): void {
  layer.setWeights(layer.weights.map(({ name, shape }, index) => hashedWeight(name, shape, firstKey + index)));
}

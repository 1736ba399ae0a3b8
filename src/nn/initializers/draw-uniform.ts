import type { Generator } from "../../random/generator.js";

/**
 * Fills an array uniformly from `[low, high)`.
 *
 * @returns the same array
 */
export function drawUniform(target: Float32Array, generator: Generator, low: number, high: number): Float32Array {
  generator.uniformInto(target);
  for (let index = 0; index < target.length; index++) target[index] = low + (high - low) * (target[index] ?? 0);
  return target;
}

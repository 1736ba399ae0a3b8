import type { Generator } from "../../random/generator.js";

/**
 * Fills an array from the normal distribution, drawing again what lies more than two standard deviations from the mean.
 *
 * @returns the same array
 */
export function drawTruncatedNormal(
  target: Float32Array,
  generator: Generator,
  mean: number,
  stddev: number,
): Float32Array {
  // One draw in 22 lies outside, so numbers are drawn in blocks and the good ones kept.
  const block = new Float32Array(1024);
  let filled = 0;
  while (filled < target.length) {
    for (const z of generator.normalInto(block)) {
      if (Math.abs(z) > 2 || filled === target.length) continue;
      target[filled++] = mean + stddev * z;
    }
  }
  return target;
}

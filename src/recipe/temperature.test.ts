import { describe, expect, it } from "vitest";
import { float32 } from "../onnx/tensor-data.js";
import { Generator } from "../random/generator.js";
import { probabilitiesOf } from "./probabilities.js";
import { tempered, temperatureOf } from "./temperature.js";

/** Logits of photos, and labels drawn by the probabilities that these logits give. */
function drawn(
  photos: number,
  seed: number,
): { readonly logits: ReturnType<typeof float32>; readonly labels: number[] } {
  const random = new Generator(seed);
  const values = new Float32Array(photos * 3);
  random.normalInto(values);
  const logits = float32(
    values.map((value) => 2 * value),
    [photos, 3],
  );
  const labels = probabilitiesOf(logits).map((row) => {
    const place = random.uniform();
    let sum = 0;
    const found = row.findIndex((probability) => (sum += probability) > place);
    return Math.max(found, 0);
  });
  return { logits, labels };
}

describe("temperatureOf", () => {
  it("finds what logits were multiplied by", () => {
    const { logits, labels } = drawn(4000, 1);
    // The standard error of the logarithm with 4,000 photos is about 0.02.
    for (const factor of [0.5, 1, 3])
      expect(temperatureOf(tempered(logits, 1 / factor), labels) / factor).toBeCloseTo(1, 1);
  });

  it("stays near 1 where few photos say otherwise", () => {
    const { logits, labels } = drawn(5, 2);
    const one = temperatureOf(tempered(logits, 0.1), labels);
    expect(one).toBeGreaterThan(1);
    expect(one).toBeLessThan(10);
    expect(temperatureOf(float32([], [0, 3]), [])).toBe(1);
  });

  it("ends in bounds where all photos are right", () => {
    expect(temperatureOf(float32([3, 0, 0, 3], [2, 2]), [0, 1])).toBeGreaterThanOrEqual(0.2);
    expect(temperatureOf(float32([0, 30, 30, 0], [2, 2]), [0, 1])).toBeLessThanOrEqual(10.01);
  });
});

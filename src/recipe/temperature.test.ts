import { describe, expect, it } from "vitest";
import { float32, type TensorData } from "../onnx/tensor-data.js";
import { Generator } from "../random/generator.js";
import { logLoss } from "./probabilities.js";
import { temperatureOf } from "./temperature.js";

/** Logits, and classes that are drawn by the probabilities which they say. */
function drawn(count: number, spread: number): { logits: TensorData<"float32">; labels: number[] } {
  const random = new Generator(3);
  const values = new Float32Array(count * 3);
  random.normalInto(values);
  const logits = float32(
    values.map((value) => value * spread),
    [count, 3],
  );
  const labels = Array.from({ length: count }, (_, photo) => {
    const powers = Array.from(logits.data.subarray(photo * 3, photo * 3 + 3), Math.exp);
    const at = random.uniform() * powers.reduce((sum, power) => sum + power, 0);
    return at < (powers[0] ?? 0) ? 0 : at < (powers[0] ?? 0) + (powers[1] ?? 0) ? 1 : 2;
  });
  return { logits, labels };
}

describe("temperatureOf", () => {
  it.each([0.3, 1, 4])("finds by how much probabilities are too sure, or not sure enough: %s times", (times) => {
    const { logits, labels } = drawn(6000, 2);
    const scaled = float32(
      logits.data.map((value) => value * times),
      logits.dims,
    );
    const temperature = temperatureOf(scaled, labels);
    expect(temperature / times).toBeGreaterThan(0.94);
    expect(temperature / times).toBeLessThan(1.06);
    const cooled = float32(
      scaled.data.map((value) => value / temperature),
      logits.dims,
    );
    expect(logLoss(cooled, labels)).toBeCloseTo(logLoss(logits, labels), 2);
  });

  it("makes nobody certain: photos that are all told apart, and few of them", () => {
    const logits = float32([2, 0, 0, 2, 2, 0], [3, 2]);
    // With the right classes alone, no temperature would be cold enough.
    expect(temperatureOf(logits, [0, 1, 0])).toBeGreaterThan(0.7);
  });

  it("leaves all as it is without photos, or where logits say nothing", () => {
    expect(temperatureOf(float32([], [0, 3]), [])).toBe(1);
    expect(temperatureOf(float32([0, 0, 0, 0], [2, 2]), [0, 1])).toBeCloseTo(1, 2);
  });
});

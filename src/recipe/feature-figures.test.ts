import { describe, expect, it } from "vitest";
import { float32, type TensorData } from "../onnx/tensor-data.js";
import { featureFigures } from "./feature-figures.js";

/** Features whose numbers are around `size` and differ by `spread`. */
function features(size: number, spread: number): TensorData<"float32"> {
  const values = Array.from({ length: 60 }, (_, index) => size + spread * Math.sin(index * index));
  return float32(values, [15, 4]);
}

describe("featureFigures", () => {
  it("measures the mean of each feature and the deviation of each map", () => {
    const { mean, deviation, alike } = featureFigures(float32([1, 10, 30, 3, 10, 50], [2, 3]), [1, 2]);
    expect([...mean]).toEqual([2, 10, 40]);
    expect(deviation[0]).toBe(1);
    // 10 in one of two features.
    expect(deviation[1]).toBeCloseTo(Math.sqrt(50), 5);
    expect(deviation[2]).toBe(deviation[1]);
    expect(alike).toBe(false);
  });

  it("reads nothing into differences of a ten-thousandth of the numbers, which are those of rounding", () => {
    const { deviation, alike } = featureFigures(features(1, 1e-6));
    expect(alike).toBe(true);
    expect(deviation[0]).toBeCloseTo(1e-4, 8);
    const far = featureFigures(features(1, 1e-2));
    expect(far.alike).toBe(false);
    expect(far.deviation[0]).toBeLessThan(1e-2);
    expect(far.deviation[0]).toBeGreaterThan(5e-3);
  });

  it("sees a difference where one of several maps does", () => {
    const [alike, other] = [features(5, 0), features(0, 1)];
    const both = Array.from({ length: 15 }, (_, photo) => [
      ...alike.data.subarray(4 * photo, 4 * photo + 4),
      ...other.data.subarray(4 * photo, 4 * photo + 4),
    ]);
    expect(featureFigures(float32(both.flat(), [15, 8]), [4, 4]).alike).toBe(false);
  });

  it("divides by 1 where all is 0", () => {
    const { deviation, alike } = featureFigures(float32(new Float32Array(8), [2, 4]));
    expect([...deviation]).toEqual([1, 1, 1, 1]);
    expect(alike).toBe(true);
  });
});

import { expect, test } from "vitest";
import type { LearningCurve } from "../recipe/learning-curve.js";
import { learningCurveSvg } from "./learning-curve-svg.js";

const curve: LearningCurve = {
  points: [
    { photos: 12, accuracy: 0.51, loss: 1.2 },
    { photos: 24, accuracy: 0.66, loss: 0.9 },
    { photos: 48, accuracy: 0.76, loss: 0.7 },
    { photos: 96, accuracy: 0.83, loss: 0.52 },
  ],
  now: {
    photos: 120,
    accuracy: { value: 0.84, low: 0.78, high: 0.9 },
    loss: { value: 0.5, low: 0.4, high: 0.6 },
  },
  doubled: {
    photos: 240,
    accuracy: { value: 0.89, low: 0.84, high: 0.93 },
    loss: { value: 0.38, low: 0.3, high: 0.46 },
  },
  gain: { value: 0.05, low: 0.03, high: 0.07 },
  curves: { error: { floor: 0, slope: 1.72 }, loss: { floor: 0.08, slope: 4.4 } },
};

test("accuracy and loss against photos, measured and expected, with the photos that there are", () => {
  const svg = learningCurveSvg(curve);
  const words = Array.from(svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g), ([, text]) => text ?? "");
  expect(words).toEqual(
    expect.arrayContaining([
      "Accuracy by photos",
      "Loss by photos",
      "photos",
      "Measured",
      "Expected",
      "all 120 photos",
    ]),
  );
  expect(svg).toMatch(/^<svg width="1040" height="360"/);
  expect(svg).not.toMatch(/<script|@font-face|@import|url\((?!#)|href="(?!#)/);
});

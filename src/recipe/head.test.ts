import { expect, test } from "vitest";
import { Tensor } from "graft-ml";
import { float32 } from "../onnx/tensor-data.js";
import { RandomStreams } from "../random/seed.js";
import { createHead } from "./head.js";

test("the new classifier brings features to length 1, standardizes them, and gives the probabilities of its linear layer at a temperature", async () => {
  const classifier = {
    kernel: float32([1, -1, 2, 0], [2, 2]),
    bias: float32([0.5, 0], [2]),
    mean: Float32Array.of(0.1, 0.3),
    deviation: 0.5,
  };
  const head = createHead(classifier, new RandomStreams(), 2);
  const given = new Tensor("float32", [3, 4, 300, 400], [2, 2]);
  const { data } = await head.predict(given, { verbose: 0 });
  // Of (0.6, 0.8), whatever the length, which is (1, 1) when standardized: logits 1 + 2 + 0.5 and −1, halved.
  const expected = 1 / (1 + Math.exp(-4.5 / 2));
  expect(Number(data[0])).toBeCloseTo(expected, 6);
  expect(Number(data[2])).toBeCloseTo(expected, 6);
  expect(Number(data[0]) + Number(data[1])).toBeCloseTo(1, 6);
});

import { expect, test } from "vitest";
import { Tensor } from "graft-ml";
import { float32 } from "../onnx/tensor-data.js";
import { RandomStreams } from "../random/seed.js";
import { createHead } from "./head.js";

test("the new classifier standardizes features, and gives the probabilities of its linear layer at a temperature", async () => {
  const classifier = {
    kernel: float32([1, -1, 2, 0], [2, 2]),
    bias: float32([0.5, 0], [2]),
    mean: Float32Array.of(0.1, 0.3),
    deviation: Float32Array.of(0.5, 0.25),
  };
  const head = createHead(classifier, new RandomStreams(), 2);
  const given = new Tensor("float32", [0.6, 0.8, 0.1, 0.3], [2, 2]);
  const { data } = await head.predict(given, { verbose: 0 });
  // (0.6, 0.8) is (1, 2) when standardized: logits 1 + 4 + 0.5 and −1, halved; the mean is (0, 0): 0.5 and 0, halved.
  expect(Number(data[0])).toBeCloseTo(1 / (1 + Math.exp(-6.5 / 2)), 6);
  expect(Number(data[2])).toBeCloseTo(1 / (1 + Math.exp(-0.5 / 2)), 6);
  expect(Number(data[0]) + Number(data[1])).toBeCloseTo(1, 6);
});

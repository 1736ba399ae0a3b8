import { expect, test } from "vitest";
import { Tensor } from "graft-ml";
import { float32 } from "../onnx/tensor-data.js";
import { RandomStreams } from "../random/seed.js";
import { createHead } from "./head.js";

test("the new classifier brings features to length 1, and gives the probabilities of its linear layer", async () => {
  const classifier = { kernel: float32([1, -1, 2, 0], [2, 2]), bias: float32([0.5, 0], [2]) };
  const head = createHead(classifier, new RandomStreams());
  const given = new Tensor("float32", [3, 4, 300, 400], [2, 2]);
  const { data } = await head.predict(given, { verbose: 0 });
  // Of (0.6, 0.8), whatever the length: logits 0.6 + 1.6 + 0.5 and −0.6.
  const expected = 1 / (1 + Math.exp(-0.6 - 2.7));
  expect(Number(data[0])).toBeCloseTo(expected, 6);
  expect(Number(data[2])).toBeCloseTo(expected, 6);
  expect(Number(data[0]) + Number(data[1])).toBeCloseTo(1, 6);
});

import { expect, test } from "vitest";
import { nodesInOrder } from "../graph/graph.js";
import { input } from "../graph/value.js";
import { transpose } from "../ops/layout.js";
import { maxPool } from "../ops/pooling.js";
import { pad } from "../ops/slicing.js";
import { prepare } from "./prepare.js";

// What the runtime makes of it: test/models/zeros-in-front-of-pooling.test.ts.
test("a Pad in front of a MaxPool names its axes, behind a Transpose, too", () => {
  const x = input("x", "float32", ["N", 5, 4, 3]);
  const padded = transpose(pad(x, [0, 1, 1, 0, 0, 1, 1, 0]), { perm: [0, 3, 1, 2] });
  const { y } = prepare({ y: maxPool(padded, { kernel_shape: [3, 3], strides: [2, 2] }) }, true);
  const pads = nodesInOrder(y === undefined ? [] : [y]).filter(({ op }) => op === "Pad");
  expect(pads.map(({ inputs }) => inputs[3] === undefined)).toEqual([false]);
});

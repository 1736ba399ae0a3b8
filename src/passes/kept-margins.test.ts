import { layers, models } from "graft-ml";
import { describe, expect, test } from "vitest";
import { nodesInOrder } from "../graph/graph.js";
import { input } from "../graph/value.js";
import { float32 } from "../onnx/tensor-data.js";
import { transpose } from "../ops/layout.js";
import { maxPool } from "../ops/pooling.js";
import { pad } from "../ops/slicing.js";
import { fromTensor, toTensor } from "../runtime/runtime.js";
import { prepare } from "./prepare.js";

const below = toTensor(
  float32(
    Float32Array.from({ length: 16 }, (_, index) => index - 20),
    [1, 4, 4, 1],
  ),
);

describe("zeros around a picture of negative numbers", () => {
  test("are the maximum of the windows that see them", async () => {
    const model = new models.Sequential([
      layers.Input({ shape: [4, 4, 1] }),
      new layers.ZeroPadding2D(1),
      new layers.MaxPooling2D(3, { strides: 2 }),
    ]);
    const { data } = fromTensor(await model.predictOnBatch(below));
    expect(Array.from(data as Float32Array)).toEqual([0, 0, 0, -5]);
  });

  test("are around it behind a Transpose, too", () => {
    const x = input("x", "float32", ["N", 5, 4, 3]);
    const padded = transpose(pad(x, [0, 1, 1, 0, 0, 1, 1, 0]), { perm: [0, 3, 1, 2] });
    const { y } = prepare({ y: maxPool(padded, { kernel_shape: [3, 3], strides: [2, 2] }) }, true);
    const pads = nodesInOrder(y === undefined ? [] : [y]).filter(({ op }) => op === "Pad");
    expect(pads.map(({ inputs }) => inputs[3] === undefined)).toEqual([false]);
  });
});

import { layers, models } from "graft-ml";
import { expect, it } from "vitest";
import { float32 } from "../../src/onnx/tensor-data.js";
import { fromTensor, toTensor } from "../../src/runtime/runtime.js";

// ONNX Runtime 1.30 drops such zeros of a Pad that names no axes.
it("zeros around a picture of negative numbers are the maximum of the windows that see them", async () => {
  const model = new models.Sequential([
    layers.Input({ shape: [4, 4, 1] }),
    new layers.ZeroPadding2D(1),
    new layers.MaxPooling2D(3, { strides: 2 }),
  ]);
  const below = toTensor(
    float32(
      Float32Array.from({ length: 16 }, (_, index) => index - 20),
      [1, 4, 4, 1],
    ),
  );
  const { data } = fromTensor(await model.predictOnBatch(below));
  expect(Array.from(data as Float32Array)).toEqual([0, 0, 0, -5]);
});

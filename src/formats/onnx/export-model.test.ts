import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InferenceSession, Tensor as NodeTensor } from "onnxruntime-node";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { layers, models, Tensor, UsageError } from "graft-ml";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-export-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("model.export", () => {
  test("writes an ONNX file that plain ONNX Runtime runs with the model's own predictions", async () => {
    const model = new models.Sequential([
      layers.Input({ shape: [6, 5, 3] }),
      new layers.Conv2D(4, 3, { activation: "relu", padding: "same" }),
      new layers.BatchNormalization(),
      new layers.Flatten(),
      new layers.Dropout(0.5),
      new layers.Dense(2, { activation: "softmax" }),
    ]);
    const pixels = Float32Array.from({ length: 2 * 6 * 5 * 3 }, (_, index) => Math.sin(index));
    const expected = await model.predict(new Tensor("float32", pixels, [2, 6, 5, 3]), { verbose: 0 });

    const path = join(folder, "model.onnx");
    await model.export(path);
    const session = await InferenceSession.create(await readFile(path));
    const { output } = await session.run({ input: new NodeTensor("float32", pixels, [2, 6, 5, 3]) });
    expect(output?.dims).toEqual([2, 2]);
    (output?.data as Float32Array).forEach((value, index) => {
      // The same graph, but for constants that the engine may fold in another order.
      expect(value).toBeCloseTo(Number(expected.data[index]), 6);
    });
    await session.release();
  });

  test("keeps Keras's order of axes for pictures that come out", async () => {
    const model = new models.Sequential([layers.Input({ shape: [4, 6, 3] }), new layers.ZeroPadding2D(1)]);
    const path = join(folder, "model.onnx");
    await model.export(path);
    const session = await InferenceSession.create(await readFile(path));
    const { output } = await session.run({ input: new NodeTensor("float32", new Float32Array(72), [1, 4, 6, 3]) });
    expect(output?.dims).toEqual([1, 6, 8, 3]);
    await session.release();
  });

  test("refuses another ending", async () => {
    const model = new models.Sequential([layers.Input({ shape: [3] }), new layers.Dense(1)]);
    await expect(model.export(join(folder, "model.keras"))).rejects.toThrow(UsageError);
  });
});

import { describe, expect, test } from "vitest";
import { layers, models, ops, type SymbolicTensor, Tensor } from "graft-ml";

const x = new Tensor(
  "float32",
  Float32Array.from({ length: 24 }, (_, index) => index),
  [2, 3, 4],
);
const list = ({ data }: Tensor): unknown[] => [...(data as Float32Array)];

describe("ops.getItem with a tensor as index", () => {
  test("takes a computed column, as Grad-CAM does", async () => {
    const preds = new Tensor("float32", [0.1, 0.7, 0.2], [1, 3]);
    const best = await ops.argmax(await ops.getItem(preds, 0));
    const channel = await ops.getItem(preds, [ops.range(), best]);
    expect(channel.dims).toEqual([1]);
    expect(list(channel)[0]).toBeCloseTo(0.7, 6);
  });

  test("takes places along the axis at which it stands, negative ones from the end", async () => {
    const places = new Tensor("int32", [2, -3], [2]);
    const middle = await ops.getItem(x, [ops.range(), places, ops.range(0, 2)]);
    expect(middle.dims).toEqual([2, 2, 2]);
    expect(list(middle)).toEqual([8, 9, 0, 1, 20, 21, 12, 13]);
    const behind = await ops.getItem(x, [1, places]);
    expect(list(behind)).toEqual([20, 21, 22, 23, 12, 13, 14, 15]);
    const first = await ops.getItem(x, new Tensor("int32", [1], [1]));
    expect(first.dims).toEqual([1, 3, 4]);
    expect((await ops.getItem(x, [null, ops.ellipsis, places])).dims).toEqual([1, 2, 3, 2]);
  });

  test("works on what layers compute", async () => {
    class Picked extends layers.Layer {
      override call(given: SymbolicTensor): SymbolicTensor {
        return ops.getItem(given, [ops.range(), ops.argmax(ops.getItem(given, 0))]);
      }
    }
    const model = new models.Sequential([layers.Input({ shape: [3] }), new Picked()]);
    const rows = new Tensor("float32", [0, 5, 1, 7, 8, 9], [2, 3]);
    expect(list(await model.predict(rows, { verbose: 0 }))).toEqual([5, 8]);
  });

  test("refuses what NumPy would put elsewhere, and two tensors", async () => {
    const places = new Tensor("int32", [0, 1], [2]);
    await expect(async () => ops.getItem(x, [0, ops.range(), places])).rejects.toThrow(/Index in two steps/);
    await expect(async () => ops.getItem(x, [places, places])).rejects.toThrow(/one tensor at most/);
  });
});

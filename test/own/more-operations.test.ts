import { GradientTape, layers, models, ops, type SymbolicTensor, Tensor } from "graft-ml";
import { describe, expect, it } from "vitest";

function numbers({ data }: Tensor): number[] {
  return Array.from(data as Float32Array, Number);
}

const rows = (values: readonly number[], ...dims: number[]): Tensor => new Tensor("float32", [...values], dims);

/* What Keras cannot keep in files of models, or TensorFlow cannot differentiate; the values are Keras's. */
describe("operations on arrays", () => {
  it("add up values at places", async () => {
    const indices = new Tensor("int32", [1, 3, 1], [3, 1]);
    expect(numbers(await ops.scatter(indices, rows([1, 2, 4], 3), [4]))).toEqual([0, 5, 0, 2]);
    expect(numbers(await ops.scatter([[0, 1]], rows([7], 1), [2, 2]))).toEqual([0, 7, 0, 0]);
    const x = rows([1, 2, 3, 4], 4);
    expect(numbers(await ops.scatterUpdate(x, [[0], [2]], rows([9, 8], 2)))).toEqual([9, 2, 8, 4]);
    expect(numbers(await ops.scatterUpdate(x, [[0], [2]], rows([9, 8], 2), "add"))).toEqual([10, 2, 11, 4]);
    expect(numbers(await ops.segmentSum(rows([1, 2, 3, 4, 5, 6], 3, 2), [0, 2, 0], 3))).toEqual([6, 8, 0, 0, 3, 4]);
  });

  it("make grids and shares of an order", async () => {
    const [x, y] = await ops.meshgrid(ops.arange(3), ops.arange(2));
    expect([x?.dims, x && numbers(x), y && numbers(y)]).toEqual([
      [2, 3],
      [0, 1, 2, 0, 1, 2],
      [0, 0, 0, 1, 1, 1],
    ]);
    const [first] = await ops.meshgrid(ops.arange(3), ops.arange(2), { indexing: "ij" });
    expect([first?.dims, first && numbers(first)]).toEqual([
      [3, 2],
      [0, 0, 1, 1, 2, 2],
    ]);
    expect(numbers(await ops.quantile(rows([4, 1, 3, 2], 4), 0.5))).toEqual([2.5]);
    expect(numbers(await ops.quantile(rows([1, 2, 3, 10, 20, 30], 2, 3), 0.25, 1))).toEqual([1.5, 15]);
    expect(numbers(await ops.median(rows([4, 1, 3, 2], 4)))).toEqual([2.5]);
    expect(numbers(await ops.sort(ops.convertToTensor([3, 1, 2])))).toEqual([1, 2, 3]);
    expect(
      numbers(
        await ops.cumsum(
          ops.convertToTensor([
            [1, 2],
            [3, 4],
          ]),
        ),
      ),
    ).toEqual([1, 3, 6, 10]);
  });

  it("differentiate what is put into a tensor", async () => {
    const tape = new GradientTape();
    const x = tape.watch(rows([1, 2, 3, 4], 2, 2));
    const part = tape.watch(rows([5, 6], 2, 1));
    const made = ops.sliceUpdate(x, [0, 1], part);
    expect(numbers(await made.numpy())).toEqual([1, 5, 3, 6]);
    const weighted = ops.sum(ops.multiply(made, rows([1, 2, 3, 4], 2, 2)));
    const [byTensor, byPart] = tape.gradient(weighted, [x, part]);
    expect(byTensor && numbers(await byTensor.numpy())).toEqual([1, 0, 3, 0]);
    expect(byPart && numbers(await byPart.numpy())).toEqual([2, 4]);
  });

  it("cut patches for a transformer, with embedded places", async () => {
    class PatchEncoder extends layers.Layer {
      static readonly className: string = "PatchEncoder";
      readonly projection = new layers.Dense(5);
      readonly places = new layers.Embedding(4, 5);
      override call(patches: SymbolicTensor): SymbolicTensor {
        const places = ops.expandDims(ops.arange(4), 0) as unknown as SymbolicTensor;
        return ops.add(this.projection.apply(patches), this.places.apply(places));
      }
    }
    const input = layers.Input({ shape: [4, 6, 3] });
    const patches = ops.reshape(ops.image.extractPatches(input, { size: [2, 3] }), [-1, 4, 18]);
    const model = new models.Model({ inputs: input, outputs: new PatchEncoder().apply(patches) });
    expect(model.outputShape).toEqual(["N", 4, 5]);
    expect((await model.predict(ops.ones([2, 4, 6, 3]), { verbose: 0 })).dims).toEqual([2, 4, 5]);
  });
});

import { describe, expect, it } from "vitest";
import { GradientTape, ops, type SymbolicTensor, Tensor } from "../../src/index.js";
import { readGolden } from "../support/golden.js";
import type { GoldenTensor } from "../support/nn-graph.js";

interface GoldenCase {
  readonly name: string;
  readonly inputs: readonly GoldenTensor[];
  readonly outputs: readonly GoldenTensor[];
  readonly gradients: readonly GoldenTensor[];
}

const { arrays } = await readGolden<{ readonly arrays: readonly GoldenCase[] }>("ops.json");

type Function = (x: SymbolicTensor, y: SymbolicTensor) => SymbolicTensor | readonly SymbolicTensor[];

/** Graft's calls of what scripts/golden/ops.py calls. */
const calls: Readonly<Record<string, Function>> = {
  scatter: (x) => ops.scatter([[3], [0], [3]], x, [5, 2]),
  "scatter elements": (x) => ops.scatter(places([0, 1], [2, 0], [0, 1]), x, [3, 2]),
  scatterUpdate: (x, y) => ops.scatterUpdate(x, [[2], [0]], y),
  "scatterUpdate elements": (x, y) => ops.scatterUpdate(x, places([1, 2], [0, 3]), y),
  "scatterUpdate add": (x, y) => ops.scatterUpdate(x, [[1], [1]], y, "add"),
  segmentSum: (x) => ops.segmentSum(x, [0, 2, 0, 1], 4),
  meshgrid: (x, y) => ops.meshgrid(x, y),
  "meshgrid ij": (x, y) => ops.meshgrid(x, y, { indexing: "ij" }),
  quantile: (x) => ops.quantile(x, 0.3),
  "quantile axis": (x) => ops.quantile(x, 0.75, 0),
};

function places(...rows: number[][]): Tensor {
  return new Tensor("int32", Int32Array.from(rows.flat()), [rows.length, 2]);
}

async function compare(actual: SymbolicTensor | null, { data, shape }: GoldenTensor): Promise<void> {
  const found = await actual?.numpy();
  expect(found?.dims).toEqual(shape);
  Array.from((found?.data ?? []) as Float32Array, Number).forEach((value, index) => {
    expect(value).toBeCloseTo(data[index] ?? Number.NaN, 4);
  });
}

describe("what is put into places has Keras's values and gradients", () => {
  it.each(arrays.map((golden) => [golden.name, golden] as const))("%s", async (name, golden) => {
    const tape = new GradientTape();
    const given = golden.inputs.map(({ data, shape }) => tape.watch(new Tensor("float32", data, shape)));
    const [x, y = x] = given;
    const call = calls[name];
    if (x === undefined || y === undefined || call === undefined) throw new Error(`There is no call for ${name}.`);
    const results = [call(x, y)].flat();
    const sums = results.map((one) => {
      const flat = ops.reshape(one, [-1]);
      const pattern = Float32Array.from({ length: Number(flat.shape[0]) }, (_, index) => Math.cos(0.7 * index));
      return ops.sum(ops.multiply(flat, new Tensor("float32", pattern, [pattern.length])));
    });
    const total = sums.reduce((sum, one) => ops.add(sum, one));
    const gradients = tape.gradient(total, given);
    for (const [index, golden_] of golden.outputs.entries()) await compare(results[index] ?? null, golden_);
    for (const [index, golden_] of golden.gradients.entries()) await compare(gradients[index] ?? null, golden_);
  });
});

import { expect, test } from "vitest";
import { serialize } from "../../graph/serialize.js";
import { input, type Value } from "../../graph/value.js";
import type { OnnxModel } from "../../onnx/model.js";
import { writeModel } from "../../onnx/write-model.js";
import { mish } from "../../ops/activations.js";
import { centerOf } from "../../ops/crop.js";
import { reduceMax, reduceMean, reduceSumSquare } from "../../ops/reduction.js";
import { resize } from "../../ops/resampling.js";
import { createNodeRuntime } from "../../runtime/node/runtime.js";
import { Tensor } from "../../runtime/runtime.js";
import { toOpset17 } from "./opset-17.js";

const runtime = createNodeRuntime({ threads: 1 });

async function run(model: OnnxModel, x: Tensor): Promise<Tensor> {
  const session = await runtime.createSession(writeModel(model));
  const { y } = await session.run({ x });
  await session.release();
  if (y === undefined) throw new Error("There is no y.");
  return y;
}

function picture(channels: number, height: number, width: number): Tensor {
  const data = Float32Array.from(
    { length: 2 * channels * height * width },
    (_, index) => 128 + 127 * Math.sin(index * 1.7),
  );
  return new Tensor("float32", data, [2, channels, height, width]);
}

/** The greatest difference of what the graph gives in version 18 and in version 17. */
async function difference(make: (x: Value) => Value, x: Tensor): Promise<number> {
  const model = serialize({ y: make(input("x", "float32", ["N", x.dims[1] ?? 0, "H", "W"])) });
  const older = toOpset17(model);
  expect(older.opsets).toEqual({ "": 17 });
  const [expected, found] = [await run(model, x), await run(older, x)];
  expect(found.dims).toEqual(expected.dims);
  const numbers = found.data as Float32Array;
  return (expected.data as Float32Array).reduce((most, value, index) => {
    return Math.max(most, Math.abs(value - (numbers[index] ?? NaN)));
  }, 0);
}

test.each([
  [{ mode: "linear" }, 0.01],
  [{ mode: "cubic", cubic_coeff_a: -0.5 }, 0.02],
  [{ mode: "cubic", cubic_coeff_a: -0.75 }, 0.02],
] as const)("a Resize that smooths, %j, is two products", async (filter, tolerance) => {
  for (const [height, width] of [
    [30, 47],
    [7, 90],
    [16, 5],
    [1, 1],
  ] as const) {
    const make = (x: Value): Value => resize(x, 12, 16, { ...filter, antialias: 1 });
    // Levels up to 255.
    expect(await difference(make, picture(3, height, width)), `${height} × ${width}`).toBeLessThan(tolerance);
  }
});

test("a Resize that does not smooth stays one", () => {
  const model = serialize({ y: resize(input("x", "float32", ["N", 3, "H", "W"]), 8, 8, { mode: "linear" }) });
  expect(toOpset17(model).nodes.filter(({ op }) => op === "Resize")).toHaveLength(1);
});

test.each([
  { share: 0.8, square: false },
  { share: 1, square: true },
  { share: 0.55, square: true },
])("the part in the middle, %j, is a Slice", async (part) => {
  for (const [height, width] of [
    [31, 40],
    [12, 9],
    [1, 5],
  ] as const) {
    expect(await difference((x) => centerOf(x, part, 2), picture(3, height, width))).toBe(0);
  }
});

test.each([
  ["reduceMean", (x: Value) => reduceMean(x, [2, 3], { keepdims: 0 })],
  ["reduceMax", (x: Value) => reduceMax(x, [1])],
  ["reduceSumSquare of all", (x: Value) => reduceSumSquare(x)],
  ["mish", (x: Value) => mish(x)],
] as const)("%s computes the same", async (_, make) => {
  expect(await difference(make, picture(3, 6, 5))).toBeLessThan(0.5);
});

test("what version 17 cannot say is refused by the name of the node", () => {
  const model: OnnxModel = {
    ...{ irVersion: 8, opsets: { "": 18 }, producer: "test", graphName: "test", metadata: {}, constants: new Map() },
    nodes: [
      {
        ...{ name: "merge", op: "ScatterND", domain: "", inputs: ["x", "i", "u"], outputs: ["y"] },
        attributes: { reduction: { type: "string", value: "max" } },
      },
    ],
    inputs: [{ name: "x", type: "float32", shape: [4] }],
    outputs: [{ name: "y", type: "float32", shape: [4] }],
  };
  expect(() => toOpset17(model)).toThrow(/node "merge" \(ScatterND\).*reduction max/);
  const [node] = model.nodes;
  if (node === undefined) throw new Error("There is a node.");
  const other = { ...model, nodes: [{ ...node, op: "Col2Im" }] };
  expect(() => toOpset17(other)).toThrow(/"merge" \(Col2Im\).*new with version 18/);
});

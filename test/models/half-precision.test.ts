import { expect, test } from "vitest";
import { nodesInOrder } from "../../src/graph/graph.js";
import { serialize } from "../../src/graph/serialize.js";
import { constant, input, type Value } from "../../src/graph/value.js";
import { float32ToHalf, halfToFloat32 } from "../../src/onnx/half.js";
import { writeModel } from "../../src/onnx/write-model.js";
import { float32 } from "../../src/onnx/tensor-data.js";
import { relu } from "../../src/ops/activations.js";
import { conv } from "../../src/ops/convolution.js";
import { add, mul, sqrt } from "../../src/ops/elementwise.js";
import { matmul } from "../../src/ops/matmul.js";
import { reduceMean, reduceSum } from "../../src/ops/reduction.js";
import { createNodeRuntime } from "../../src/runtime/node/runtime.js";
import { Tensor } from "../../src/runtime/runtime.js";
import { halfNodes, inHalfPrecision, withHalvesRounded } from "../../src/passes/half-precision.js";

const runtime = createNodeRuntime({ threads: 1 });
const weights = (count: number, scale: number): Float32Array =>
  Float32Array.from({ length: count }, (_, index) => scale * Math.sin(index * 1.3 + 1));

/** A convolution, squares whose sum no half holds, and a product of rows. */
function network(x: Value): Value {
  const map = relu(
    conv(x, constant(float32(weights(64 * 27, 3), [64, 3, 3, 3])), constant(float32(weights(64, 1), [64]))),
  );
  const long = sqrt(reduceSum(mul(map, map), [1], { keepdims: 1 }));
  const features = reduceMean(add(map, long), [2, 3], { keepdims: 0 });
  return matmul(features, constant(float32(weights(64 * 32, 0.01), [64, 32])));
}

test("maps are halves, sums of squares and rows are not, and weights take two bytes", async () => {
  const x = input("x", "float32", ["N", 3, 8, 8]);
  const shown = add(x, constant(float32([0.5], [])));
  const exact = network(shown);
  const half = inHalfPrecision([exact], shown)(exact);
  expect(half.type).toBe("float32");
  const types = new Map(nodesInOrder([half]).map(({ op, outputs }) => [op, outputs[0]?.type]));
  expect(Object.fromEntries(types)).toMatchObject({
    ...{ Conv: "float16", Relu: "float16", Mul: "float32", ReduceSum: "float32", Sqrt: "float32", MatMul: "float32" },
  });
  const model = serialize({ y: half });
  const sizes = [...model.constants.values()].map(({ type, data }) => [type, data.length]);
  expect(sizes.filter(([type, length]) => type === "float32" && Number(length) >= 1024)).toEqual([]);
  expect(sizes).toContainEqual(["float16", 64 * 32]);
  const photo = new Tensor("float32", weights(3 * 64, 100), [1, 3, 8, 8]);
  const answers: number[][] = [];
  for (const y of [exact, half]) {
    const session = await runtime.createSession(writeModel(serialize({ y })));
    answers.push(Array.from((await session.run({ x: photo }))["y"]?.data as Float32Array));
    await session.release();
  }
  const [expected = [], found = []] = answers;
  const largest = Math.max(...expected.map(Math.abs));
  expect(largest).toBeGreaterThan(1);
  expected.forEach((value, index) => {
    expect(Math.abs(value - (found[index] ?? NaN))).toBeLessThan(0.005 * largest);
  });
});

test("what comes before the beginning is left as it is", () => {
  const x = input("x", "float32", ["N", 3, 8, 8]);
  const before = relu(conv(x, constant(float32(weights(27, 1), [1, 3, 3, 3]))));
  const after = relu(conv(before, constant(float32(weights(9, 1), [1, 1, 3, 3]))));
  const half = inHalfPrecision([after], before)(after);
  expect(nodesInOrder([half]).map(({ op, outputs }) => `${op} ${outputs[0]?.type ?? ""}`)).toEqual([
    ...["Conv float32", "Relu float32", "Cast float16", "Conv float16", "Relu float16", "Cast float32"],
  ]);
});

async function answer(y: Value, photo: Tensor): Promise<number[]> {
  const session = await runtime.createSession(writeModel(serialize({ y })));
  const result = Array.from((await session.run({ x: photo }))["y"]?.data as Float32Array);
  await session.release();
  return result;
}

test("nodes that are named stay float32, with weights of two bytes that lose nothing to their size", async () => {
  const x = input("x", "float32", ["N", 16, 8, 8]);
  const tiny = conv(x, constant(float32(weights(64 * 16 * 9, 1e-9), [64, 16, 3, 3])));
  const exact = relu(tiny);
  const nodes = halfNodes([exact], x);
  expect(nodes.map(({ op }) => op)).toEqual(["Conv", "Relu"]);
  const half = inHalfPrecision([exact], x, new Set(nodes))(exact);
  expect(nodesInOrder([half]).some(({ op, outputs }) => op === "Conv" && outputs[0]?.type === "float32")).toBe(true);
  const types = [...serialize({ y: half }).constants.values()].map(({ type, data }) => [type, data.length]);
  expect(types).toContainEqual(["float16", 64 * 16 * 9]);
  const photo = new Tensor("float32", weights(16 * 64, 1), [1, 16, 8, 8]);
  const [expected, found] = [await answer(exact, photo), await answer(half, photo)];
  const largest = Math.max(...expected);
  expect(largest).toBeGreaterThan(1e-10);
  expected.forEach((value, index) => {
    expect(Math.abs(value - (found[index] ?? NaN))).toBeLessThan(0.004 * largest);
  });
});

test("with its halves rounded, a graph computes what a device does that rounds each number", async () => {
  const x = input("x", "float32", ["N", 1, 2, 2]);
  const scaled = (value: Value, by: number): Value => conv(value, constant(float32([by], [1, 1, 1, 1])));
  const photo = new Tensor("float32", Float32Array.of(1, 2, 3, 4), [1, 1, 2, 2]);
  const round = (value: number): number => halfToFloat32(float32ToHalf(Float32Array.of(value)))[0] ?? NaN;
  for (const factors of [
    [1.001, 1.001, 1.001],
    // Below 6 · 10⁻⁸ there is only 0.
    [0.001, 1e-4, 1e4],
    [0.001, 1e-5, 6e4],
  ]) {
    const y = factors.reduce(scaled, x);
    const half = inHalfPrecision([y], x)(y);
    const expected = factors.reduce((value, factor) => round(value * round(factor)), 1);
    expect((await answer(withHalvesRounded([half])(half), photo))[0]).toBe(expected);
  }
  const large = scaled(scaled(x, 6e4), 1e-4);
  const half = inHalfPrecision([large], x)(large);
  expect(await answer(withHalvesRounded([half])(half), photo)).toEqual(
    [round(6e4) * round(1e-4), Infinity, Infinity, Infinity].map((value) =>
      value === Infinity ? value : round(value),
    ),
  );
});

import { expect, test } from "vitest";
import { nodesInOrder } from "../../src/graph/graph.js";
import { serialize } from "../../src/graph/serialize.js";
import { constant, input, type Value } from "../../src/graph/value.js";
import { writeModel } from "../../src/onnx/write-model.js";
import { float32 } from "../../src/onnx/tensor-data.js";
import { relu } from "../../src/ops/activations.js";
import { conv } from "../../src/ops/convolution.js";
import { add, mul, sqrt } from "../../src/ops/elementwise.js";
import { matmul } from "../../src/ops/matmul.js";
import { reduceMean, reduceSum } from "../../src/ops/reduction.js";
import { createNodeRuntime } from "../../src/runtime/node/runtime.js";
import { Tensor } from "../../src/runtime/runtime.js";
import { inHalfPrecision } from "../../src/passes/half-precision.js";

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

import { describe, expect, test } from "vitest";
import type { Shape } from "../../src/graph/shape.js";
import { constant, input, type Value } from "../../src/graph/value.js";
import { allocate, elementCount, type ElementType, float32 } from "../../src/onnx/tensor-data.js";
import * as comparison from "../../src/ops/comparison.js";
import { integers, scalar } from "../../src/ops/constants.js";
import { centerCropPad } from "../../src/ops/crop.js";
import { eyeLike, oneHot, topK } from "../../src/ops/indexing.js";
import { pad } from "../../src/ops/slicing.js";
import { cast, shapeOp, transpose } from "../../src/ops/layout.js";
import { maxPoolOp } from "../../src/ops/pooling.js";
import { dequantizeLinear, qLinearConv, quantizeLinear } from "../../src/ops/quantization.js";
import { argMax } from "../../src/ops/reduction.js";
import { gridSample, resize } from "../../src/ops/resampling.js";
import { type NonDifferentiableName, operatorNames, rowOf } from "../../src/ops/table.js";
import { createNodeRuntime } from "../../src/runtime/node/runtime.js";
import { toTensor } from "../../src/runtime/runtime.js";
import { createSession } from "../../src/runtime/session.js";

const runtime = createNodeRuntime({ threads: 1 });

interface Call {
  readonly inputs: readonly (readonly [type: ElementType, shape: Shape, numbers: readonly number[]])[];
  readonly build: (...inputs: Value[]) => Value;
  readonly expected: readonly number[];
}

/** Runs a call with `N` standing for 2, and compares type and shape with what was inferred. */
async function run({ inputs, build }: Call): Promise<number[]> {
  const values = inputs.map(([type, shape], index) => input(`x${index}`, type, shape));
  const y = build(...values);
  const session = await createSession(runtime, { y }, { inputs: values });
  const extents = (shape: Shape): number[] => shape.map((dim) => (typeof dim === "number" ? dim : 2));
  const feeds = inputs.map(([type, shape, numbers], index) => {
    const dims = extents(shape);
    const data = allocate(type, elementCount(dims));
    numbers.forEach((number, element) => (data[element] = data instanceof BigInt64Array ? BigInt(number) : number));
    return [`x${index}`, toTensor({ type, dims, data })] as const;
  });
  const { y: result } = await session.run(Object.fromEntries(feeds));
  await session.release();
  expect(result?.type).toBe(y.type);
  expect(result?.dims).toEqual(extents(y.shape));
  return Array.from(result?.data as Float32Array, Number);
}

const pairs = [
  ["float32", ["N", 2], [1, 2, 3, 4]],
  ["float32", [2], [2, 2]],
] as const;
const masks = [
  ["bool", ["N", 2], [0, 0, 1, 1]],
  ["bool", ["N", 2], [0, 1, 0, 1]],
] as const;
const image = ["float32", ["N", 1, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]] as const;
const zero = (type: ElementType): Value => scalar(type, 0);

/** Operators without a derivative, and what they give. */
const calls: Readonly<Record<NonDifferentiableName, Call>> = {
  Greater: { inputs: pairs, build: (a, b) => comparison.greater(a, b), expected: [0, 0, 1, 1] },
  Less: { inputs: pairs, build: (a, b) => comparison.less(a, b), expected: [1, 0, 0, 0] },
  GreaterOrEqual: { inputs: pairs, build: (a, b) => comparison.greaterOrEqual(a, b), expected: [0, 1, 1, 1] },
  LessOrEqual: { inputs: pairs, build: (a, b) => comparison.lessOrEqual(a, b), expected: [1, 1, 0, 0] },
  Equal: { inputs: pairs, build: (a, b) => comparison.equal(a, b), expected: [0, 1, 0, 0] },
  And: { inputs: masks, build: (a, b) => comparison.and(a, b), expected: [0, 0, 0, 1] },
  Or: { inputs: masks, build: (a, b) => comparison.or(a, b), expected: [0, 1, 1, 1] },
  Xor: { inputs: masks, build: (a, b) => comparison.xor(a, b), expected: [0, 1, 1, 0] },
  IsNaN: {
    inputs: [["float32", ["N", 2], [1, NaN, Infinity, NaN]]],
    build: (x) => comparison.isNaN(x),
    expected: [0, 1, 0, 1],
  },
  IsInf: {
    inputs: [["float32", ["N", 2], [1, NaN, Infinity, -Infinity]]],
    build: (x) => comparison.isInf(x),
    expected: [0, 0, 1, 1],
  },
  Not: { inputs: masks.slice(1), build: (a) => comparison.not(a), expected: [1, 0, 1, 0] },
  CenterCropPad: {
    inputs: [["float32", ["N", 3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19]]],
    build: (x) => centerCropPad(x, integers([1, 1]), { axes: [1, 2] }),
    expected: [5, 15],
  },
  Shape: { inputs: [image], build: (x) => shapeOp(x, { start: 0, end: -1 }), expected: [2, 1, 2] },
  ArgMax: {
    inputs: [["float32", ["N", 3], [1, 5, 5, 9, 2, 3]]],
    build: (x) => argMax(x, { axis: -1, keepdims: 0 }),
    expected: [1, 0],
  },
  OneHot: { inputs: [["int64", ["N"], [2, 0]]], build: (x) => oneHot(x, 3), expected: [0, 0, 1, 1, 0, 0] },
  EyeLike: {
    inputs: [["float32", ["N", 3], [1, 5, 5, 9, 2, 3]]],
    build: (x) => eyeLike(x),
    expected: [1, 0, 0, 0, 1, 0],
  },
  GridSample: {
    // The corners, and the middle between them.
    inputs: [image, ["float32", ["N", 1, 3, 2], [-1, -1, 0, 0, 1, 1, -1, -1, 0, 0, 1, 1]]],
    build: (x, grid) => gridSample(x, grid, { align_corners: 1 }),
    expected: [1, 2.5, 4, 5, 6.5, 8],
  },
  QuantizeLinear: {
    inputs: [["float32", ["N", 2], [-1, 0.2, 1, 300]]],
    build: (x) => quantizeLinear(x, scalar("float32", 0.5), scalar("uint8", 2)),
    expected: [0, 2, 4, 255],
  },
  DequantizeLinear: {
    inputs: [["uint8", ["N", 2], [0, 2, 4, 255]]],
    build: (x) => dequantizeLinear(x, constant(float32([0.5, 2], [2])), undefined, { axis: 1 }),
    expected: [0, 4, 2, 510],
  },
  QLinearConv: {
    inputs: [
      ["uint8", ["N", 1, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]],
      ["int8", [1, 1, 2, 2], [1, 1, 1, 1]],
    ],
    build: (x, w) => {
      const one = scalar("float32", 1);
      return qLinearConv(x, one, zero("uint8"), w, one, zero("int8"), scalar("float32", 2), zero("uint8"));
    },
    expected: [5, 13],
  },
};

describe("every operator without a derivative", () => {
  test("has a call here", () => {
    const names = operatorNames().filter((op) => rowOf(op).nonDifferentiable);
    expect(Object.keys(calls).sort()).toEqual(names.sort());
  });
  test.each(Object.entries(calls))("%s", async (_, call) => {
    expect(await run(call)).toEqual(call.expected);
  });
});

describe("what the engine does at the edges", () => {
  const edges: Readonly<Record<string, Call>> = {
    "Cast to whole numbers cuts off": {
      inputs: [["float32", [4], [-1.5, -0.5, 0.5, 1.5]]],
      build: (x) => cast(x, "int32"),
      expected: [-1, 0, 0, 1],
    },
    "Resize takes pictures of any size": {
      inputs: [["float32", [1, 1, "H", "W"], [1, 2, 3, 4]]],
      build: (x) => resize(x, 1, 1, { mode: "linear", antialias: 1 }),
      expected: [2.5],
    },
    "MaxPool counts places through the whole batch": {
      inputs: [image],
      build: (x) => maxPoolOp(x, { kernel_shape: [2, 2] }).indices,
      expected: [3, 7],
    },
    "TopK gives the greatest first": {
      inputs: [["float32", ["N", 3], [1, 5, 3, 9, 2, 3]]],
      build: (x) => topK(x, integers([2])).y,
      expected: [5, 3, 9, 3],
    },
    "Pad mirrors without repeating the edge": {
      inputs: [["float32", [3], [1, 2, 3]]],
      build: (x) => pad(x, [2, 1], { mode: "reflect" }),
      expected: [3, 2, 1, 2, 3, 2],
    },
  };
  test.each(Object.entries(edges))("%s", async (_, call) => {
    expect(await run(call)).toEqual(call.expected);
  });
});

describe("Pad", () => {
  test("with axes is written for all of them: the engine takes a Transpose before it for one of all", async () => {
    const turn = (x: Value): Value => transpose(x, { perm: [0, 2, 1] });
    const build = (x: Value): Value => turn(pad(turn(x), [1, 0], { axes: [2] }));
    const numbers = [1, 2, 3, 4, 5, 6, 7, 8];
    const expected = [0, 0, 1, 2, 3, 4, 0, 0, 5, 6, 7, 8];
    expect(await run({ inputs: [["float32", ["N", 2, 2], numbers]], build, expected })).toEqual(expected);
  });
});

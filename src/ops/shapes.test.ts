import { describe, expect, test } from "vitest";
import { ShapeError } from "../errors/errors.js";
import type { Shape } from "../graph/shape.js";
import { input, type Value } from "../graph/value.js";
import type { ElementType } from "../onnx/tensor-data.js";
import { where } from "./comparison.js";
import { integers } from "./constants.js";
import { conv, convTranspose } from "./convolution.js";
import { convHwnc } from "./convolution-hwnc.js";
import { add, max } from "./elementwise.js";
import { gather, gatherElements, oneHot, topK } from "./indexing.js";
import { concat, split, tile } from "./joining.js";
import { pad, slice } from "./slicing.js";
import { cast, depthToSpace, flatten, squeeze, transpose, unsqueeze } from "./layout.js";
import { reshape } from "./reshape.js";
import { gemm, matmul } from "./matmul.js";
import { batchNormalization } from "./normalization.js";
import { averagePool, globalAveragePool, maxPool, maxPoolOp } from "./pooling.js";
import { argMax, reduceMean, reduceSum } from "./reduction.js";
import { resize } from "./resampling.js";
import { reshapeTo } from "./reshape.js";

function value(shape: Shape, type: ElementType = "float32"): Value {
  return input(`v${shape.join("_")}`, type, shape);
}

const image = value(["N", 3, 224, 224]);
const last = 2 ** 31 - 1;

describe("shapes with a batch that is known only when the graph runs", () => {
  const cases: readonly (readonly [string, () => Value, Shape])[] = [
    [
      "Conv",
      () => conv(image, value([64, 3, 7, 7]), value([64]), { strides: [2, 2], pads: [3, 3, 3, 3] }),
      ["N", 64, 112, 112],
    ],
    [
      "Conv, same",
      () => conv(image, value([8, 3, 3, 3]), undefined, { auto_pad: "SAME_UPPER", strides: [2, 2] }),
      ["N", 8, 112, 112],
    ],
    ["Conv, valid", () => conv(image, value([8, 3, 3, 3]), undefined, { auto_pad: "VALID" }), ["N", 8, 222, 222]],
    ["Conv, dilated", () => conv(image, value([8, 3, 3, 3]), undefined, { dilations: [2, 2] }), ["N", 8, 220, 220]],
    [
      "Conv, depthwise",
      () => conv(value(["N", 32, 9, 9]), value([32, 1, 3, 3]), undefined, { group: 32 }),
      ["N", 32, 7, 7],
    ],
    ["Conv, 1 × 1 of unknown size", () => conv(value(["N", 3, "H", "W"]), value([8, 3, 1, 1])), ["N", 8, "H", "W"]],
    [
      "ConvHwnc",
      () => convHwnc(value([9, 9, "N", 4]), value([36, 8]), undefined, { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
      [9, 9, "N", 8],
    ],
    [
      "ConvTranspose",
      () =>
        convTranspose(value(["N", 8, 7, 7]), value([8, 4, 3, 3]), undefined, {
          strides: [2, 2],
          pads: [1, 1, 1, 1],
          output_padding: [1, 1],
        }),
      ["N", 4, 14, 14],
    ],
    [
      "ConvTranspose, same",
      () =>
        convTranspose(value(["N", 8, 7, 7]), value([8, 4, 3, 3]), undefined, {
          strides: [2, 2],
          auto_pad: "SAME_UPPER",
        }),
      ["N", 4, 14, 14],
    ],
    ["MaxPool", () => maxPool(image, { kernel_shape: [3, 3], strides: [2, 2] }), ["N", 3, 111, 111]],
    [
      "MaxPool, ceil",
      () => maxPool(image, { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }),
      ["N", 3, 112, 112],
    ],
    [
      "AveragePool, a last window in the margin",
      () =>
        averagePool(value(["N", 1, 4, 4]), { kernel_shape: [2, 2], strides: [3, 3], ceil_mode: 1, pads: [0, 0, 1, 1] }),
      ["N", 1, 2, 2],
    ],
    ["GlobalAveragePool", () => globalAveragePool(image), ["N", 3, 1, 1]],
    [
      "BatchNormalization",
      () => batchNormalization(image, value([3]), value([3]), value([3]), value([3])),
      image.shape,
    ],
    ["MatMul", () => matmul(value(["N", 5, 4]), value([4, 6])), ["N", 5, 6]],
    ["MatMul, batches", () => matmul(value(["N", 1, 5, 4]), value([7, 4, 6])), ["N", 7, 5, 6]],
    ["MatMul, a vector", () => matmul(value([4]), value(["N", 4, 6])), ["N", 6]],
    ["Gemm", () => gemm(value([4, "N"]), value([6, 4]), value([6]), { transA: 1, transB: 1 }), ["N", 6]],
    ["Add", () => add(value(["N", 1, 4]), value([3, 1])), ["N", 3, 4]],
    ["Max", () => max([value(["N", 4]), value([4]), value([])]), ["N", 4]],
    ["Where", () => where(value(["N", 1], "bool"), value([4]), value([])), ["N", 4]],
    ["ReduceSum", () => reduceSum(image, [2, 3], { keepdims: 0 }), ["N", 3]],
    ["ReduceMean, all", () => reduceMean(image), [1, 1, 1, 1]],
    ["ArgMax", () => argMax(value(["N", 10]), { axis: -1, keepdims: 0 }), ["N"]],
    ["Transpose", () => transpose(image, { perm: [0, 2, 3, 1] }), ["N", 224, 224, 3]],
    ["Flatten", () => flatten(value(["N", 7, 7, 512])), ["N", 25088]],
    ["Flatten of the batch", () => flatten(value(["N", 9, 9, 512]), { axis: 3 }), ["81*N", 512]],
    ["Reshape", () => reshape(value(["N", 7, 7, 512]), integers([0, -1])), ["N", 25088]],
    [
      "Reshape and back",
      () => reshapeTo(reshapeTo(value(["N", 9, 9, 512]), ["81*N", 512]), ["N", 9, 9, 512]),
      ["N", 9, 9, 512],
    ],
    ["Unsqueeze", () => unsqueeze(value(["N", 4]), [1, -1]), ["N", 1, 4, 1]],
    ["Squeeze", () => squeeze(value(["N", 1, 4, 1])), ["N", 4]],
    ["Concat", () => concat([value(["N", 3]), value(["N", 5])], { axis: -1 }), ["N", 8]],
    ["Concat of batches", () => concat([value(["N", 3]), value(["N", 3])], { axis: 0 }), ["2*N", 3]],
    [
      "Slice",
      () => slice(image, { starts: [0, 10, -1], ends: [last, 20, -300], axes: [0, 2, 3], steps: [1, 3, -2] }),
      ["N", 3, 4, 112],
    ],
    ["Pad", () => pad(image, [1, 2, 3, -4], { axes: [2, 3] }), ["N", 3, 228, 222]],
    ["Tile", () => tile(value(["N", 3]), [2, 4]), ["2*N", 12]],
    ["Gather", () => gather(value(["N", 5, 6]), value([2, 2], "int64"), { axis: 1 }), ["N", 2, 2, 6]],
    ["OneHot", () => oneHot(value(["N"], "int64"), 10), ["N", 10]],
    ["DepthToSpace", () => depthToSpace(value(["N", 12, 5, 5]), { blocksize: 2 }), ["N", 3, 10, 10]],
    ["Cast", () => cast(value(["N", 3], "uint8"), "float32"), ["N", 3]],
    [
      "Resize of any picture",
      () => resize(value(["N", 3, "H", "W"]), 150, 160, { mode: "linear", antialias: 1 }),
      ["N", 3, 150, 160],
    ],
  ];
  test.each(cases)("%s", (_, build, expected) => {
    expect(build().shape).toEqual(expected);
  });

  test("several outputs", () => {
    expect(split(value(["N", 7]), [3, 4], { axis: 1 }).map(({ shape }) => shape)).toEqual([
      ["N", 3],
      ["N", 4],
    ]);
    const { y, indices } = topK(value(["N", 7]), integers([2]));
    expect([y.shape, indices.shape, indices.type]).toEqual([["N", 2], ["N", 2], "int64"]);
    expect(maxPoolOp(image, { kernel_shape: [2, 2], strides: [2, 2] }).indices.type).toBe("int64");
  });
});

describe("shapes that do not fit", () => {
  const cases: readonly (readonly [string, () => unknown, RegExp])[] = [
    ["Add", () => add(value([2, 3]), value([2])), /do not broadcast.*Received: \[2, 3\] and \[2\]/],
    ["Add of two types", () => add(value([2]), value([2], "float64")), /Received: float32 and float64/],
    [
      "Conv",
      () => conv(image, value([8, 4, 3, 3])),
      /Expected: x \[N, C, …\] and w \[O, C\/1, …\].*Received: float32 \[N, 3, 224, 224\]/,
    ],
    ["Conv with another bias", () => conv(image, value([8, 3, 3, 3]), value([4])), /Expected: \[8\]\. Received: \[4\]/],
    [
      "Conv of a small picture",
      () => conv(value(["N", 3, 2, 2]), value([8, 3, 3, 3])),
      /window is larger than the input/,
    ],
    [
      "Conv of unknown size",
      () => conv(value(["N", 3, "H", "W"]), value([8, 3, 3, 3])),
      /Give the network a fixed image size/,
    ],
    [
      "Conv with three strides",
      () => conv(image, value([8, 3, 3, 3]), undefined, { strides: [1, 1, 1] }),
      /"strides" has the wrong length.*Expected: 2 numbers/,
    ],
    [
      "Conv with an unknown auto_pad",
      () => conv(image, value([8, 3, 3, 3]), undefined, { auto_pad: "same" }),
      /no such auto_pad/,
    ],
    ["ConvTranspose", () => convTranspose(image, value([8, 3, 3, 3])), /weight does not fit/],
    ["MaxPool", () => maxPool(value(["N", 3]), { kernel_shape: [2, 2] }), /no spatial axes/],
    ["MatMul", () => matmul(value([2, 3]), value([2, 3])), /inner extents.*Received: \[2, 3\] and \[2, 3\]/],
    ["Gemm", () => gemm(value([2, 3]), value([3, 4]), value([3])), /do not broadcast/],
    [
      "BatchNormalization",
      () => batchNormalization(image, value([4]), value([3]), value([3]), value([3])),
      /Expected: \[3\]\. Received: \[4\]/,
    ],
    ["Reshape", () => reshape(value([2, 3]), integers([4])), /number of elements changes/],
    [
      "Reshape to a computed shape",
      () => reshape(value([2, 3]), value([2], "int64")),
      /Give the network a fixed image size/,
    ],
    ["Transpose", () => transpose(image, { perm: [0, 1, 1, 2] }), /perm must name each axis once/],
    ["Squeeze", () => squeeze(value([2, 3]), [0]), /only axes of extent 1/],
    ["Unsqueeze", () => unsqueeze(value([2, 3]), [0, 0]), /named twice/],
    ["Concat", () => concat([value([2, 3]), value([3, 3])], { axis: 1 }), /but along axis 1/],
    ["Concat of unknown extents", () => concat([value(["N", 3]), value([3, 3])], { axis: 0 }), /Concat/],
    ["Slice of the batch", () => slice(image, { starts: [1], ends: [5] }), /known only when the graph runs/],
    ["Pad, mirrored", () => pad(value([2, 3]), [0, 3, 0, 0], { mode: "reflect" }), /margins up to 2 along axis 1/],
    ["Split", () => split(value([7]), [3, 3]), /do not make up the whole/],
    ["ReduceSum", () => reduceSum(image, [4]), /there is no axis 4/],
    ["Gather", () => gather(image, value([2])), /indices must be whole numbers/],
    ["GatherElements", () => gatherElements(image, value([2], "int64")), /as many axes/],
    ["DepthToSpace", () => depthToSpace(image, { blocksize: 2 }), /do not fall|do not divide/],
  ];
  test.each(cases)("%s", (_, build, message) => {
    expect(build).toThrow(ShapeError);
    expect(build).toThrow(message);
  });
});

import { InferenceSession, Tensor as NodeTensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import { input } from "../../src/graph/value.js";
import type { OnnxModel } from "../../src/onnx/model.js";
import { float32, type TensorData } from "../../src/onnx/tensor-data.js";
import { writeModel } from "../../src/onnx/write-model.js";
import { foldScales } from "../../src/passes/fold-scales.js";
import { onnxOfGraph, withOpenSize } from "../../src/formats/onnx/onnx-of-graph.js";
import type { TfAttribute, TfNode } from "../../src/formats/tfjs/tfjs-attributes.js";
import { partOfTfjs } from "../../src/formats/tfjs/tfjs-graph.js";
import type { TfjsGraphModel } from "../../src/formats/tfjs/tfjs.js";

const wave = (count: number, phase: number): number[] =>
  Array.from({ length: count }, (_, index) => Math.sin(index * 0.7 + phase));

function convolution(name: string, op: string, inputs: string[], stride: number, padding = "SAME"): TfNode {
  const attributes: Record<string, TfAttribute> = {
    strides: { kind: "ints", value: [1, stride, stride, 1] },
    dilations: { kind: "ints", value: [1, 1, 1, 1] },
    padding: { kind: "string", value: padding },
    data_format: { kind: "string", value: "NHWC" },
  };
  return { name, op, inputs, attributes };
}

const other = (name: string, op: string, inputs: string[]): TfNode => ({ name, op, inputs, attributes: {} });

/** stem (stride 2) + bias + relu6 → depthwise · scale + shift → pointwise, added to the depthwise's input, bias behind. */
function graph(): TfjsGraphModel {
  const constants: Record<string, TensorData<"float32">> = {
    stem_kernel: float32(wave(3 * 3 * 3 * 2, 0), [3, 3, 3, 2]),
    stem_bias: float32(wave(2, 1), [2]),
    deep_kernel: float32(wave(3 * 3 * 2, 2), [3, 3, 2, 1]),
    deep_scale: float32(wave(2, 3), [2]),
    deep_shift: float32(wave(2, 4), [2]),
    point_kernel: float32(wave(4, 5), [1, 1, 2, 2]),
    point_bias: float32(wave(2, 6), [2]),
  };
  const nodes = [
    ...Object.keys(constants).map((name) => other(name, "Const", [])),
    convolution("stem", "Conv2D", ["photo", "stem_kernel"], 2),
    other("stem_add", "Add", ["stem", "stem_bias"]),
    other("stem_relu", "Relu6", ["stem_add"]),
    convolution("deep", "DepthwiseConv2dNative", ["stem_relu", "deep_kernel"], 1),
    other("deep_mul", "Mul", ["deep", "deep_scale"]),
    other("deep_add", "Add", ["deep_mul", "deep_shift"]),
    convolution("point", "Conv2D", ["deep_add", "point_kernel"], 1, "VALID"),
    other("joined", "AddN", ["point", "stem_relu"]),
    other("joined_bias", "Add", ["point_bias", "joined"]),
  ];
  return { format: "graph-model", nodes, weights: new Map(Object.entries(constants)) };
}

type Picture = number[][][];

/** A convolution with TensorFlow's SAME padding, by the definition. */
function convolve(
  x: Picture,
  kernel: (r: number, c: number, i: number, o: number) => number,
  size: number,
  stride: number,
  outputs: number,
): Picture {
  const [height, width] = [x.length, x[0]?.length ?? 0];
  const [rows, columns] = [Math.ceil(height / stride), Math.ceil(width / stride)];
  const before = (extent: number, out: number): number =>
    Math.floor(Math.max((out - 1) * stride + size - extent, 0) / 2);
  const [top, left] = [before(height, rows), before(width, columns)];
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (__, column) =>
      Array.from({ length: outputs }, (___, o) => {
        let sum = 0;
        for (let r = 0; r < size; r++) {
          for (let c = 0; c < size; c++) {
            const pixel = x[row * stride + r - top]?.[column * stride + c - left];
            pixel?.forEach((value, i) => (sum += value * kernel(r, c, i, o)));
          }
        }
        return sum;
      }),
    ),
  );
}

const each = (x: Picture, change: (value: number, channel: number) => number): Picture =>
  x.map((row) => row.map((pixel) => pixel.map(change)));

/** What the graph means, computed with loops. */
function expected(photo: Picture): Picture {
  const constant = (name: string): number[] => Array.from(graph().weights.get(name)?.data as Float32Array);
  const at = (values: number[], index: number): number => values[index] ?? Number.NaN;
  const [stem, deep, point] = ["stem_kernel", "deep_kernel", "point_kernel"].map(constant);
  if (stem === undefined || deep === undefined || point === undefined) throw new TypeError("no kernels");
  const bias = constant("stem_bias");
  const first = each(
    convolve(photo, (r, c, i, o) => at(stem, ((r * 3 + c) * 3 + i) * 2 + o), 3, 2, 2),
    (value, channel) => Math.min(Math.max(value + at(bias, channel), 0), 6),
  );
  const [scale, shift] = [constant("deep_scale"), constant("deep_shift")];
  const second = each(
    convolve(first, (r, c, i, o) => (i === o ? at(deep, (r * 3 + c) * 2 + i) : 0), 3, 1, 2),
    (value, channel) => value * at(scale, channel) + at(shift, channel),
  );
  const last = constant("point_bias");
  const third = convolve(second, (_r, _c, i, o) => at(point, i * 2 + o), 1, 1, 2);
  return third.map((row, r) =>
    row.map((pixel, c) => pixel.map((value, o) => value + (first[r]?.[c]?.[o] ?? 0) + at(last, o))),
  );
}

/** The part of a graph behind the photo with its scales folded, for photos of any size. */
function converted(model: TfjsGraphModel, output: string): OnnxModel {
  const photo = input("photo", "float32", ["N", 3, 6, 6]);
  const part = partOfTfjs(model, "small", { inputs: new Map([["photo", photo]]), outputs: [output] });
  return withOpenSize(onnxOfGraph(foldScales(part)));
}

describe("a part of a TensorFlow graph with its scales folded", () => {
  test.each([6, 7])("computes what TensorFlow's graph means, on pictures of %d × %d pixels", async (side) => {
    const model = converted(graph(), "joined_bias");
    expect(model.nodes.map(({ op, name }) => [op, name])).toEqual([
      ["Conv", "stem"],
      ["Clip", "stem_relu"],
      ["Conv", "deep"],
      ["Conv", "point"],
      ["Add", "joined_bias"],
    ]);
    expect([...model.constants.keys()]).toEqual(expect.arrayContaining(["deep/kernel", "deep/bias", "point/bias"]));
    const values = wave(side * side * 3, 7).map((value) => value * 3);
    const photo: Picture = Array.from({ length: side }, (_, r) =>
      Array.from({ length: side }, (__, c) => [0, 1, 2].map((i) => values[(r * side + c) * 3 + i] ?? 0)),
    );
    const first = [0, 1, 2].flatMap((i) => photo.flatMap((row) => row.map((pixel) => pixel[i] ?? 0)));
    const session = await InferenceSession.create(writeModel(model));
    const [name = ""] = session.outputNames;
    const results = await session.run({
      photo: new NodeTensor("float32", Float32Array.from(first), [1, 3, side, side]),
    });
    const meant = expected(photo);
    const flat = [0, 1].flatMap((o) => meant.flatMap((row) => row.map((pixel) => pixel[o] ?? Number.NaN)));
    const ours = results[name]?.data as Float32Array;
    expect(ours.length).toBe(flat.length);
    flat.forEach((value, index) => {
      // Sums of some dozens of float32 products.
      expect(ours[index]).toBeCloseTo(value, 4);
    });
    await session.release();
  });

  test("keeps a scale whose convolution is used elsewhere too, and one behind something else", () => {
    const shared = [
      ...graph().nodes.filter(({ name }) => name !== "joined"),
      other("joined", "AddN", ["point", "deep"]),
      other("scaled", "Mul", ["stem_relu", "stem_bias"]),
    ];
    const model = { ...graph(), nodes: shared };
    const operators = (output: string): string[] => converted(model, output).nodes.map(({ op }) => op);
    expect(operators("joined_bias").sort()).toEqual(["Add", "Add", "Clip", "Conv", "Conv", "Conv", "Mul"]);
    expect(operators("scaled")).toEqual(["Conv", "Clip", "Mul"]);
  });

  test("names a node that it cannot convert, and one that is missing", () => {
    const odd = { ...graph(), nodes: [...graph().nodes, other("odd", "Lstm", ["stem_relu"])] };
    expect(() => converted(odd, "odd")).toThrow(/"odd".*Lstm/s);
    expect(() => converted(graph(), "nowhere")).toThrow(/no node "nowhere"/);
  });
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { models, Tensor } from "graft-ml";
import { InferenceSession, Tensor as EngineTensor } from "onnxruntime-node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Attribute, OnnxModel, OnnxNode } from "../../src/onnx/model.js";
import { float32, int64, type TensorData } from "../../src/onnx/tensor-data.js";
import { writeModel } from "../../src/onnx/write-model.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-shapes-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

type Given = number | string | readonly number[] | TensorData;

function attribute(value: Given): Attribute {
  if (typeof value === "number") return { type: "int", value };
  if (typeof value === "string") return { type: "string", value };
  return "data" in value ? { type: "tensor", value } : { type: "ints", value };
}

function node(
  op: string,
  inputs: readonly string[],
  outputs: string | readonly string[],
  attributes: Readonly<Record<string, Given>> = {},
  domain = "",
): OnnxNode {
  const all = typeof outputs === "string" ? [outputs] : outputs;
  const encoded = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, attribute(value)]));
  return { name: all[0] ?? op, op, domain, inputs, outputs: all, attributes: encoded };
}

function wave(...dims: number[]): TensorData {
  const count = dims.reduce((product, dim) => product * dim, 1);
  return float32(
    Float32Array.from({ length: count }, (_, index) => Math.cos(index * 0.61) * 0.5),
    dims,
  );
}

/** A network for pictures of 8 × 8, of which any number may come. */
function file(nodes: readonly OnnxNode[], constants: Readonly<Record<string, TensorData>>, opset = 18): OnnxModel {
  return {
    irVersion: 8,
    opsets: { "": opset, "com.microsoft": 1 },
    producer: "test",
    graphName: "open batch",
    nodes,
    inputs: [{ name: "x", type: "float32", shape: ["batch", 3, 8, 8] }],
    outputs: [{ name: "y", type: "float32", shape: undefined }],
    constants: new Map(
      Object.entries({
        w: wave(6, 3, 4, 4),
        zero: int64([0], []),
        one: int64([1], []),
        four: int64([4], []),
        at0: int64([0]),
        n1: int64([1]),
        n3: int64([3]),
        n4: int64([4]),
        n6: int64([6]),
        n16: int64([16]),
        rest: int64([-1]),
        ...constants,
      }),
    ),
    metadata: {},
  };
}

/** `[N, 6, 2, 2]`, and how many pictures there are, as a scalar `b` and a list `bs`. */
const begin = [
  node("Conv", ["x", "w"], "p", { strides: [4, 4] }),
  node("Shape", ["p"], "s"),
  node("Gather", ["s", "zero"], "b"),
  node("Unsqueeze", ["b", "at0"], "bs"),
];

/** `[N, 4, 6]`. */
const tokens = [
  ...begin,
  node("Concat", ["bs", "n6", "rest"], "target", { axis: 0 }),
  node("Reshape", ["p", "target"], "r"),
  node("Transpose", ["r"], "t", { perm: [0, 2, 1] }),
];

/** Each token sees all others. */
const mixed = [
  node("Transpose", ["all"], "turned", { perm: [0, 2, 1] }),
  node("MatMul", ["all", "turned"], "products"),
  node("Softmax", ["products"], "weights", { axis: -1 }),
  node("MatMul", ["weights", "all"], "y"),
];

const open: Readonly<Record<string, OnnxModel>> = {
  "a class token, expanded as PyTorch does": file(
    [
      ...tokens,
      node("Concat", ["bs", "rest", "rest"], "wanted", { axis: 0 }),
      node("Shape", ["wanted"], "rank"),
      node("ConstantOfShape", ["rank"], "ones", { value: int64([1]) }),
      node("Mul", ["ones", "rest"], "minus"),
      node("Equal", ["wanted", "minus"], "isMinus"),
      node("Where", ["isMinus", "ones", "wanted"], "shape"),
      node("Expand", ["class", "shape"], "expanded"),
      node("Concat", ["expanded", "t"], "all", { axis: 1 }),
      ...mixed,
    ],
    { class: wave(1, 1, 6) },
  ),
  "a class token, tiled": file(
    [
      ...tokens,
      node("Concat", ["bs", "n1", "n1"], "repeats", { axis: 0 }),
      node("Tile", ["class", "repeats"], "tiled"),
      node("Concat", ["tiled", "t"], "all", { axis: 1 }),
      ...mixed,
    ],
    { class: wave(1, 1, 6) },
  ),
  "what is repeated as often as one place of a list says, as PyTorch's repeat_interleave does": file(
    [
      ...tokens,
      node("Shape", ["t"], "ts"),
      node("Gather", ["ts", "zero"], "tb"),
      node("Div", ["tb", "b"], "each"),
      node("Add", ["each", "one"], "twice"),
      node("Reshape", ["twice", "rest"], "times"),
      node("Concat", ["n1", "times"], "choice", { axis: 0 }),
      node("OneHot", ["n1", "three", "choice"], "repeats", { axis: -1 }),
      node("Reshape", ["repeats", "rest"], "flat"),
      node("Tile", ["t", "flat"], "all"),
      ...mixed,
    ],
    { three: int64([3], []) },
  ),
  "zeros for each picture": file(
    [
      ...tokens,
      node("Concat", ["bs", "n1", "n6"], "shape", { axis: 0 }),
      node("ConstantOfShape", ["shape"], "zeros"),
      node("Concat", ["zeros", "t"], "all", { axis: 1 }),
      ...mixed,
    ],
    {},
  ),
  "windows, put together with the batch and taken apart": file(
    [
      ...begin,
      node("Concat", ["bs", "n3", "two", "n4", "two", "n4"], "apart", { axis: 0 }),
      node("Reshape", ["x", "apart"], "a"),
      node("Transpose", ["a"], "t", { perm: [0, 2, 4, 3, 5, 1] }),
      node("Mul", ["b", "four"], "count"),
      node("Unsqueeze", ["count", "at0"], "counts"),
      node("Concat", ["counts", "n16", "rest"], "windowed", { axis: 0 }),
      node("Reshape", ["t", "windowed"], "win"),
      node("Softmax", ["win"], "soft", { axis: 1 }),
      node("Shape", ["soft"], "ws"),
      node("Gather", ["ws", "zero"], "wb"),
      node("Cast", ["wb"], "wf", { to: 1 }),
      node("Div", ["wf", "fourths"], "share"),
      node("Floor", ["share"], "whole"),
      node("Cast", ["whole"], "again", { to: 7 }),
      node("Unsqueeze", ["again", "at0"], "agains"),
      node("Concat", ["agains", "n4", "n16", "n3"], "back", { axis: 0 }),
      node("Reshape", ["soft", "back"], "masked0"),
      node("Add", ["masked0", "mask"], "masked"),
      node("Concat", ["bs", "rest"], "flat", { axis: 0 }),
      node("Reshape", ["masked", "flat"], "y"),
    ],
    { two: int64([2]), fourths: float32([4], []), mask: wave(1, 4, 16, 1) },
  ),
  "margins that are computed, as PyTorch pads": file(
    [
      node("Shape", ["x"], "s"),
      node("Gather", ["s", "at2"], "h"),
      node("Cast", ["h"], "hf", { to: 1 }),
      node("Div", ["hf", "three"], "steps"),
      node("Ceil", ["steps"], "outs"),
      node("Cast", ["outs"], "out", { to: 7 }),
      node("Sub", ["out", "one"], "less"),
      node("Mul", ["less", "stride"], "span"),
      node("Add", ["span", "four"], "needed"),
      node("Sub", ["needed", "h"], "margin"),
      node("Div", ["margin", "two"], "before"),
      node("Sub", ["margin", "before"], "after"),
      node("Unsqueeze", ["before", "at0"], "befores"),
      node("Unsqueeze", ["after", "at0"], "afters"),
      node("Concat", ["befores", "afters", "befores", "afters"], "given", { axis: 0 }),
      node("ConstantOfShape", ["n4"], "others", { value: int64([0]) }),
      node("Concat", ["given", "others"], "pads", { axis: 0 }),
      node("Reshape", ["pads", "pairs"], "paired"),
      node("Slice", ["paired", "last", "first", "at0", "back"], "reversed"),
      node("Transpose", ["reversed"], "turned", { perm: [1, 0] }),
      node("Reshape", ["turned", "rest"], "list"),
      node("Cast", ["list"], "whole", { to: 7 }),
      node("Pad", ["x", "whole", "none"], "padded", { mode: "constant" }),
      node("Conv", ["padded", "w"], "y", { strides: [3, 3] }),
    ],
    {
      at2: int64([2], []),
      two: int64([2], []),
      three: float32([3], []),
      stride: int64([3], []),
      pairs: int64([-1, 2]),
      last: int64([-1]),
      first: int64([-(2 ** 62)]),
      back: int64([-1]),
      none: float32([0], []),
    },
  ),
  "places that are computed: Range, Mod, Gather": file(
    [
      ...tokens,
      node("Shape", ["t"], "ts"),
      node("Gather", ["ts", "one"], "count"),
      node("Range", ["zero", "count", "one"], "places"),
      node("Add", ["places", "one"], "next"),
      node("Mod", ["next", "count"], "rolled"),
      node("Gather", ["t", "rolled"], "all", { axis: 1 }),
      ...mixed,
    ],
    {},
  ),
  "all of an open batch, sliced": file([...tokens, node("Slice", ["t", "at0", "bs", "at0"], "all"), ...mixed], {}),
  "places that are counted for each picture, as XCiT does": file(
    [
      ...begin,
      node("Concat", ["bs", "two", "two"], "shape", { axis: 0 }),
      node("ConstantOfShape", ["shape"], "mask", { value: float32([1], [1]) }),
      node("CumSum", ["mask", "one"], "rows"),
      node("CumSum", ["mask", "two0"], "columns"),
      node("Unsqueeze", ["rows", "n1"], "r"),
      node("Unsqueeze", ["columns", "n1"], "c"),
      node("Concat", ["r", "c"], "grid", { axis: 1 }),
      node("Conv", ["grid", "wp"], "placed"),
      node("Add", ["p", "placed"], "y"),
    ],
    { two: int64([2]), two0: int64([2], []), wp: wave(6, 2, 1, 1) },
  ),
  "patches that go with the batch and its channels, as in MobileViT": file(
    [
      ...begin,
      node("Mul", ["b", "six"], "bc"),
      node("Unsqueeze", ["bc", "at0"], "bcs"),
      node("Concat", ["bcs", "two", "n1", "two"], "apart", { axis: 0 }),
      node("Reshape", ["p", "apart"], "a"),
      node("Transpose", ["a"], "at", { perm: [0, 2, 1, 3] }),
      node("Concat", ["bs", "n6", "n1", "n4"], "cells", { axis: 0 }),
      node("Reshape", ["at", "cells"], "c"),
      node("Transpose", ["c"], "ct", { perm: [0, 3, 2, 1] }),
      node("Mul", ["b", "four"], "b4"),
      node("Unsqueeze", ["b4", "at0"], "b4s"),
      node("Concat", ["b4s", "n1", "n6"], "rows", { axis: 0 }),
      node("Reshape", ["ct", "rows"], "tokens"),
      node("MatMul", ["tokens", "wq"], "projected"),
      node("Concat", ["bs", "n4", "n1", "rest"], "back", { axis: 0 }),
      node("Reshape", ["projected", "back"], "again"),
      node("Transpose", ["again"], "turned", { perm: [0, 3, 2, 1] }),
      node("Concat", ["bcs", "n1", "two", "two"], "folded", { axis: 0 }),
      node("Reshape", ["turned", "folded"], "f"),
      node("Transpose", ["f"], "ft", { perm: [0, 2, 1, 3] }),
      node("Concat", ["bs", "n6", "two", "two"], "map", { axis: 0 }),
      node("Reshape", ["ft", "map"], "y"),
    ],
    { six: int64([6], []), two: int64([2]), wq: wave(6, 6) },
  ),
  "a question for each picture, as a pooling by attention has": file(
    [
      ...tokens,
      node("Concat", ["bs", "n1", "n6"], "once", { axis: 0 }),
      node("Expand", ["latent", "once"], "asked"),
      node("MatMul", ["asked", "wq"], "q0"),
      node("Concat", ["bs", "n1", "two", "three"], "heads", { axis: 0 }),
      node("Reshape", ["q0", "heads"], "q1"),
      node("Transpose", ["q1"], "q", { perm: [0, 2, 1, 3] }),
      node("Concat", ["bs", "n4", "two", "three"], "keys", { axis: 0 }),
      node("Reshape", ["t", "keys"], "k1"),
      node("Transpose", ["k1"], "k", { perm: [0, 2, 3, 1] }),
      node("Transpose", ["k1"], "v", { perm: [0, 2, 1, 3] }),
      node("MatMul", ["q", "k"], "products"),
      node("Softmax", ["products"], "weights", { axis: -1 }),
      node("MatMul", ["weights", "v"], "mixed"),
      node("Transpose", ["mixed"], "together", { perm: [0, 2, 1, 3] }),
      node("Concat", ["bs", "n1", "n6"], "joined", { axis: 0 }),
      node("Reshape", ["together", "joined"], "pooled"),
      node("Gather", ["pooled", "zero"], "y", { axis: 1 }),
    ],
    { latent: wave(1, 1, 6), wq: wave(6, 6), two: int64([2]), three: int64([3]) },
  ),
  "a norm that is spread again, as PyTorch normalizes": file(
    [
      ...tokens,
      node("ReduceL2", ["t", "rest"], "norm", { keepdims: 1 }),
      node("Clip", ["norm", "tiny"], "clipped"),
      node("Shape", ["t"], "ts"),
      node("Expand", ["clipped", "ts"], "spread"),
      node("Div", ["t", "spread"], "y"),
    ],
    { tiny: float32([1e-12], []) },
  ),
  "a map that is made as large as another one": file(
    [
      ...begin,
      node("Slice", ["s", "at0", "two"], "front"),
      node("Shape", ["x"], "xs"),
      node("Slice", ["xs", "two", "n4"], "sides"),
      node("Concat", ["front", "sides"], "size", { axis: 0 }),
      node("Resize", ["p", "", "", "size"], "y", { mode: "linear" }),
    ],
    { two: int64([2]) },
  ),
  "an upsampling of opset 9": file(
    [node("Conv", ["x", "w"], "p", { strides: [4, 4] }), node("Upsample", ["p", "factors"], "y", { mode: "nearest" })],
    { factors: float32([1, 1, 2, 2], [4]) },
    9,
  ),
  "the products of an Einsum": file(
    [
      ...tokens,
      node("Einsum", ["t", "wq"], "q", { equation: "bnc,dc->bnd" }),
      node("Einsum", ["q", "t"], "scores", { equation: "bid,bjd->bij" }),
      node("Softmax", ["scores"], "weights", { axis: -1 }),
      node("Einsum", ["weights", "t"], "y", { equation: "bij,bjd->bid" }),
    ],
    { wq: wave(6, 6) },
  ),
  "groups of channels, before opset 21": file(
    [...begin, node("GroupNormalization", ["p", "scale", "shift"], "y", { num_groups: 3 })],
    { scale: wave(3), shift: wave(3) },
  ),
  "groups of channels, from opset 21 on": file(
    [...begin, node("GroupNormalization", ["p", "scale", "shift"], "y", { num_groups: 3 })],
    { scale: wave(6), shift: wave(6) },
    21,
  ),
  "equal parts without sizes": file(
    [...begin, node("Split", ["p"], ["l", "m", "n"], { axis: 1 }), node("Mul", ["l", "n"], "y")],
    {},
    13,
  ),
  "a weight that is turned": file(
    [...tokens, node("Transpose", ["wl"], "wt", { perm: [1, 0] }), node("MatMul", ["t", "wt"], "y")],
    { wl: wave(5, 6) },
  ),
  "what ONNX Runtime makes of it when it optimizes": file(
    [
      ...tokens,
      node("SkipLayerNormalization", ["t", "t", "gamma", "beta"], "norm", {}, "com.microsoft"),
      node("BiasGelu", ["norm", "beta"], "bent", {}, "com.microsoft"),
      node("FusedMatMul", ["bent", "norm"], "y", { transB: 1 }, "com.microsoft"),
    ],
    { gamma: wave(6), beta: wave(6) },
  ),
  "attention as one operator": file(
    [...tokens, node("Attention", ["t", "t", "t"], "y", { q_num_heads: 2, kv_num_heads: 2 })],
    {},
    23,
  ),
  "a sequence of parts, as older exporters write chunk": file(
    [
      ...tokens,
      node("SplitToSequence", ["t", "three"], "parts", { axis: 2 }),
      node("SequenceAt", ["parts", "zero"], "left"),
      node("SequenceAt", ["parts", "one"], "right"),
      node("SequenceConstruct", ["right", "left"], "swapped"),
      node("ConcatFromSequence", ["swapped"], "y", { axis: 2 }),
    ],
    { three: int64([3], []) },
  ),
  "a sequence of rows without their axis": file(
    [
      ...tokens,
      node("SplitToSequence", ["t"], "rows", { axis: 1, keepdims: 0 }),
      node("SequenceAt", ["rows", "one"], "y"),
    ],
    {},
  ),
  "a token of each picture by its own place": file(
    [
      ...tokens,
      node("ReduceSum", ["t", "last"], "sums", { keepdims: 0 }),
      node("ArgMax", ["sums"], "places", { axis: 1, keepdims: 1 }),
      node("GatherND", ["t", "places"], "y", { batch_dims: 1 }),
    ],
    { last: int64([2]) },
  ),
  "numbers laid out anew by a range over the batch": file(
    [
      ...tokens,
      node("ReduceMean", ["t", "n1"], "mean", { keepdims: 0 }),
      node("Reshape", ["mean", "rest"], "flat"),
      node("Range", ["zero", "b", "one"], "pictures"),
      node("Mul", ["pictures", "six"], "firsts"),
      node("Unsqueeze", ["firsts", "n1"], "column"),
      node("Add", ["column", "order"], "places"),
      node("Gather", ["flat", "places"], "y"),
    ],
    { six: int64([6], []), order: int64([1, 0, 3, 2, 5, 4], [1, 6]) },
  ),
  "tokens turned by their places": file(
    [
      ...tokens,
      node("Slice", ["t", "at0", "n4", "two"], "part"),
      node("Unsqueeze", ["part", "n1"], "heads"),
      node("ReduceMean", ["t", "two"], "mean", { keepdims: 1 }),
      node("Concat", ["mean", "mean"], "table", { axis: 2 }),
      node("RotaryEmbedding", ["heads", "table", "table"], "y", {}),
    ],
    { two: int64([2]) },
    23,
  ),
  "attention whose keys are shared by heads": file(
    [
      ...tokens,
      node("Slice", ["t", "at0", "n3", "two"], "k"),
      node("Attention", ["t", "k", "k"], "y", { q_num_heads: 2, kv_num_heads: 1 }),
    ],
    { two: int64([2]) },
    23,
  ),
  "a root mean square": file([...tokens, node("RMSNormalization", ["t", "gamma"], "y")], { gamma: wave(6) }, 23),
};

/** `[count, 8, 8, 3]` and the same in ONNX's order. */
function pictures(count: number): { readonly last: Float32Array; readonly first: Float32Array } {
  const last = Float32Array.from({ length: count * 192 }, (_, index) => Math.sin(index * 0.37));
  const first = new Float32Array(last.length);
  last.forEach((value, index) => {
    const [picture, inside] = [Math.floor(index / 192), index % 192];
    first[picture * 192 + (inside % 3) * 64 + Math.floor(inside / 3)] = value;
  });
  return { last, first };
}

describe("what a file computes from the shape of its input", () => {
  it.each(Object.entries(open))("gives the engine's own numbers: %s", async (_, model) => {
    const path = join(folder, "open.onnx");
    await writeFile(path, writeModel(model));
    const { last, first } = pictures(3);
    const session = await InferenceSession.create(path, { logSeverityLevel: 3 });
    const expected = (await session.run({ x: new EngineTensor("float32", first, [3, 3, 8, 8]) }))["y"];
    await session.release();
    const loaded = await models.loadModel(path);
    const output = await loaded.predict(new Tensor("float32", last, [3, 8, 8, 3]), { verbose: 0 });
    if (!(output instanceof Tensor)) throw new Error("several outputs");
    // Maps come in Keras's order.
    const [, height = 1, width = 1, channels = 1] = output.dims;
    const maps = output.dims.length === 4;
    const size = height * width * channels;
    Array.from(expected?.data as Float32Array).forEach((value, index) => {
      const inside = index % size;
      const place = (inside % (height * width)) * channels + Math.floor(inside / (height * width));
      const at = maps ? Math.floor(index / size) * size + place : index;
      expect(Number(output.data[at])).toBeCloseTo(value, 5);
    });
    expect(output.data.length).toBe(expected?.data.length);
  });

  it("finds a weight that is turned", async () => {
    const path = join(folder, "turned.onnx");
    await writeFile(path, writeModel(open["a weight that is turned"] ?? expect.fail("no case")));
    const model = await models.loadModel(path);
    expect(model.layers.map(({ name }) => name)).toEqual(["p", "y"]);
  });

  it("is named with its node where it is no sum of products of extents", async () => {
    const odd = file(
      [
        ...begin,
        node("Add", ["bs", "n1"], "more"),
        node("Concat", ["more", "n6"], "shape", { axis: 0 }),
        node("ConstantOfShape", ["shape"], "y"),
      ],
      {},
    );
    const path = join(folder, "odd.onnx");
    await writeFile(path, writeModel(odd));
    await expect(models.loadModel(path)).rejects.toThrow(/"y".*\[N \+ 1, 6\]/s);
  });
});

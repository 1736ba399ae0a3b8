import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import onnxProto from "onnx-proto";
import { InferenceSession, Tensor as NodeTensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import { FileError, Tensor } from "graft-ml";
import type { OnnxModel, OnnxNode } from "../../onnx/model.js";
import { readModel } from "../../onnx/read-model.js";
import { producer } from "../../graph/value.js";
import { float32, int64, type TensorData } from "../../onnx/tensor-data.js";
import { writeModel } from "../../onnx/write-model.js";
import { cutClassifier } from "./cut-classifier.js";
import { importOnnx, importOnnxGraph } from "./import-model.js";
import { missingOperators } from "./known-operators.js";

const shared = join(import.meta.dirname, "..", "..", "..", "..", "shared", "weights");
const withShared = describe.skipIf(!existsSync(shared));

function wave(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, index) => Math.sin(index * 0.37));
}

/** `[1, 3, side, side]` and the same in Keras's order. */
function image(side: number): { first: Float32Array; last: Float32Array } {
  const last = wave(side * side * 3);
  const first = new Float32Array(last.length);
  last.forEach((value, index) => {
    first[(index % 3) * side * side + Math.floor(index / 3)] = value;
  });
  return { first, last };
}

function largest(values: ArrayLike<number>): number {
  return Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

function farthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((most, value, index) => Math.max(most, Math.abs(value - (b[index] ?? Number.NaN))), 0);
}

function node(op: string, inputs: string[], output: string, attributes: OnnxNode["attributes"] = {}): OnnxNode {
  return { name: output, op, domain: "", inputs, outputs: [output], attributes };
}

/** A network that ends in a classifier: 1×1 convolution, pooling, flattening, a product, softmax. */
function tiny(more: Partial<OnnxModel> = {}): OnnxModel {
  return {
    irVersion: 8,
    opsets: { "": 17 },
    producer: "test",
    graphName: "tiny",
    nodes: [
      node("Conv", ["image", "w", "b"], "conv"),
      node("Relu", ["conv"], "relu"),
      node("GlobalAveragePool", ["relu"], "pool"),
      node("Flatten", ["pool"], "flat"),
      node("Gemm", ["flat", "wg", "bg"], "scores", { transB: { type: "int", value: 1 } }),
      node("Softmax", ["scores"], "probabilities"),
    ],
    inputs: [{ name: "image", type: "float32", shape: [1, 3, 8, 8] }],
    outputs: [{ name: "probabilities", type: "float32", shape: [1, 5] }],
    constants: new Map([
      ["w", float32(wave(12), [4, 3, 1, 1])],
      ["b", float32(wave(4), [4])],
      ["wg", float32(wave(20), [5, 4])],
      ["bg", float32(wave(5), [5])],
    ]),
    metadata: {},
    ...more,
  };
}

describe("importOnnx", () => {
  test("gives the file's numbers, opens its batch and names its layers after its nodes", async () => {
    const model = importOnnx(tiny(), { file: "tiny.onnx" });
    expect(model.layers.map(({ name }) => name)).toEqual(["conv", "scores"]);
    const { first, last } = image(8);
    const session = await InferenceSession.create(writeModel(tiny()));
    const { probabilities } = await session.run({ image: new NodeTensor("float32", first, [1, 3, 8, 8]) });
    const twice = new Tensor("float32", Float32Array.from([...last, ...last]), [2, 8, 8, 3]);
    const ours = await model.predict(twice, { verbose: 0 });
    expect(ours.dims).toEqual([2, 5]);
    const expected = probabilities?.data as Float32Array;
    expect(farthest((ours.data as Float32Array).subarray(0, 5), expected)).toBeLessThan(1e-6);
    expect(farthest((ours.data as Float32Array).subarray(5), expected)).toBeLessThan(1e-6);
    await session.release();
  });

  test("names an operator that Graft does not have", () => {
    const odd = tiny({ nodes: [node("Conv", ["image", "w", "b"], "conv"), node("Det", ["conv"], "probabilities")] });
    expect(() => importOnnx(odd, { file: "odd.onnx" })).toThrow(/odd\.onnx.*"Det"/s);
  });

  test("refuses a file that takes no images, and one cut off in the middle", () => {
    const flat = tiny({ inputs: [{ name: "image", type: "float32", shape: [1, 3] }] });
    expect(() => importOnnx(flat, { file: "flat.onnx" })).toThrow(/\[batch, 3, height, width\]/);
    const bytes = writeModel(tiny());
    expect(() => readModel(bytes.subarray(0, bytes.length - 40), "half.onnx")).toThrow(FileError);
  });
});

test.each(["reflect", "edge", "constant"])("a network learns through margins of all axes (%s)", async (mode) => {
  const all = tiny();
  const [first, ...rest] = all.nodes;
  if (first === undefined) throw new TypeError("no node");
  const margins = node("Pad", ["conv", "margins"], "padded", { mode: { type: "string", value: mode } });
  const behind = rest.map((one) => (one.op === "Relu" ? { ...one, inputs: ["padded"] } : one));
  const constants = new Map([...all.constants, ["margins", int64([0, 0, 1, 2, 0, 0, 2, 1])] as const]);
  const model = importOnnx({ ...all, nodes: [first, margins, ...behind], constants }, { file: "margins.onnx" });
  model.compile({ optimizer: "sgd", loss: "mse" });
  const numbers = (): number[] => Array.from((model.layers[0]?.getWeights()[0]?.data ?? []) as Float32Array);
  const before = numbers();
  const two = new Tensor("float32", wave(2 * 8 * 8 * 3), [2, 8, 8, 3]);
  await model.trainOnBatch(two, new Tensor("float32", new Float32Array(10), [2, 5]));
  expect(farthest(numbers(), before)).toBeGreaterThan(0);
});

describe("If", () => {
  const { AttributeProto, ModelProto, TensorProto } = onnxProto.onnx;

  /** The network with one of two branches between its convolution and the rest; nodes before it make `condition`. */
  function branching(before: readonly OnnxNode[], constants: readonly (readonly [string, TensorData])[]): Uint8Array {
    const all = tiny();
    const behind = all.nodes.slice(1).map((one) => (one.op === "Relu" ? { ...one, inputs: ["chosen"] } : one));
    const plain = ModelProto.decode(
      writeModel({
        ...all,
        nodes: [...all.nodes.slice(0, 1), ...before, node("Identity", ["conv"], "chosen"), ...behind],
        constants: new Map([...all.constants, ...constants]),
      }),
    );
    const branch = (name: string, op: string, factor: number): object => ({
      name,
      type: AttributeProto.AttributeType.GRAPH,
      g: {
        name,
        node: [{ opType: op, name: `${name}/${op}`, input: ["conv", `${name}/factor`], output: [`${name}/y`] }],
        initializer: [{ name: `${name}/factor`, dataType: TensorProto.DataType.FLOAT, dims: [], floatData: [factor] }],
        output: [{ name: `${name}/y`, type: { tensorType: { elemType: TensorProto.DataType.FLOAT } } }],
      },
    });
    const graph = plain.graph ?? {};
    for (const one of graph.node ?? []) {
      if (one.output?.[0] !== "chosen") continue;
      Object.assign(one, { opType: "If", name: "choice", input: ["condition"] });
      one.attribute = [
        branch("then_branch", "Mul", 3),
        branch("else_branch", "Add", -0.5),
      ] as onnxProto.onnx.IAttributeProto[];
    }
    return ModelProto.encode(plain).finish();
  }

  const yes = (value: number): TensorData => ({ type: "bool", dims: [], data: Uint8Array.from([value]) });
  const ofShape = [
    node("Shape", ["conv"], "extents"),
    node("Gather", ["extents", "one"], "channels"),
    node("Equal", ["channels", "four"], "condition"),
  ];

  test.each([
    ["a constant that holds", [], [["condition", yes(1)]]],
    ["a constant that does not", [], [["condition", yes(0)]]],
    [
      "what follows from a shape",
      ofShape,
      [
        ["one", int64([1], [])],
        ["four", int64([4], [])],
      ],
    ],
  ] as const)("takes the branch that %s says", async (_, before, constants) => {
    const bytes = branching(before, constants);
    const session = await InferenceSession.create(bytes, { logSeverityLevel: 3 });
    const { first, last } = image(8);
    const { probabilities } = await session.run({ image: new NodeTensor("float32", first, [1, 3, 8, 8]) });
    await session.release();
    const model = importOnnx(readModel(bytes, "if.onnx"), { file: "if.onnx" });
    const ours = await model.predict(new Tensor("float32", last, [1, 8, 8, 3]), { verbose: 0 });
    expect(farthest(ours.data as Float32Array, probabilities?.data as Float32Array)).toBeLessThan(1e-6);
    expect(missingOperators(readModel(bytes, "if.onnx"))).toEqual([]);
  });

  test("is refused by name where its condition depends on the picture", () => {
    const before = [
      node("ReduceMax", ["conv"], "most", { keepdims: { type: "int", value: 0 } }),
      node("Greater", ["most", "limit"], "condition"),
    ];
    const bytes = branching(before, [["limit", float32([0.1], [])]]);
    const read = (): unknown => importOnnx(readModel(bytes, "if.onnx"), { file: "if.onnx" });
    expect(read).toThrow(FileError);
    expect(read).toThrow(/"choice" \(If\)|ReduceMax/);
  });
});

describe("cutClassifier", () => {
  test("cuts the last product and what follows it, and says how many classes there were", () => {
    const [output] = importOnnxGraph(tiny(), { file: "tiny.onnx" }).outputs;
    if (output === undefined) throw new TypeError("no output");
    const { features, classes } = cutClassifier(output, "tiny.onnx");
    expect(classes).toBe(5);
    // Before flattening: a map of one pixel that can still be pooled.
    expect(features.shape).toEqual(["N", 4, 1, 1]);
  });

  test.each([
    ["features", undefined],
    ["output", 1000],
  ])("takes the means of 1000 channels for what their name says: %s", (name, classes) => {
    const wide = tiny({
      nodes: [
        node("Conv", ["image", "w"], "conv"),
        node("Conv", ["conv", "thousand"], "map"),
        node("GlobalAveragePool", ["map"], name),
      ],
      outputs: [{ name, type: "float32", shape: [1, 1000, 1, 1] }],
      constants: new Map([...tiny().constants, ["thousand", float32(wave(4000), [1000, 4, 1, 1])] as const]),
    });
    const [output] = importOnnxGraph(wide, { file: "wide.onnx" }).outputs;
    if (output === undefined) throw new TypeError("no output");
    expect(cutClassifier(output, "wide.onnx", name).classes).toBe(classes);
  });

  test("puts the features of several classifiers beside each other whose outputs are added", () => {
    const head = (place: number, from: string): OnnxNode[] => [
      node("GlobalAveragePool", [from], `pool${place}`),
      node("Flatten", [`pool${place}`], `flat${place}`),
      node("Gemm", [`flat${place}`, "wg", "bg"], `scores${place}`, { transB: { type: "int", value: 1 } }),
      node("Mul", [`scores${place}`, `share${place}`], `weighted${place}`),
      node("Unsqueeze", [`weighted${place}`, "first"], `row${place}`),
    ];
    const several = tiny({
      nodes: [
        node("Conv", ["image", "w", "b"], "conv"),
        node("Relu", ["conv"], "relu"),
        ...head(0, "conv"),
        ...head(1, "relu"),
        node("Concat", ["row0", "row1"], "rows", { axis: { type: "int", value: 0 } }),
        node("ReduceSum", ["rows", "first"], "y", { keepdims: { type: "int", value: 0 } }),
      ],
      outputs: [{ name: "y", type: "float32", shape: [1, 5] }],
      constants: new Map<string, TensorData>([
        ...tiny().constants,
        ["first", int64([0])],
        ["share0", float32([0.3], [])],
        ["share1", float32([0.7], [])],
      ]),
    });
    const [output] = importOnnxGraph(several, { file: "several.onnx" }).outputs;
    if (output === undefined) throw new TypeError("no output");
    const { features, classes } = cutClassifier(output, "several.onnx");
    expect([features.shape, classes]).toEqual([["N", 4], 5]);
  });

  test("takes no filter that is the same for all channels for a weight", () => {
    const filter = [1, 2, 1, 2, 4, 2, 1, 2, 1].map((number) => number / 16);
    const smoothed = (count: number): OnnxModel => {
      const all = tiny();
      const [first, ...rest] = all.nodes;
      const blur = node("Conv", ["conv", "blur"], "smooth", { group: { type: "int", value: 4 } });
      const behind = rest.map((one) => (one.op === "Relu" ? { ...one, inputs: ["smooth"] } : one));
      const filters = [0, 1, 2, 3].flatMap((channel) => filter.map((number) => number * (channel < count ? 1 : 2)));
      const constants = new Map([...all.constants, ["blur", float32(filters, [4, 1, 3, 3])] as const]);
      return { ...all, nodes: [...(first === undefined ? [] : [first]), blur, ...behind], constants };
    };
    const names = (count: number): string[] =>
      importOnnx(smoothed(count), { file: "blur.onnx" }).layers.map(({ name }) => name);
    expect(names(4)).toEqual(["conv", "scores"]);
    expect(names(3)).toEqual(["conv", "smooth", "scores"]);
  });

  test("leaves a network whole that ends in a feature map", () => {
    const map = tiny({
      nodes: tiny().nodes.slice(0, 2),
      outputs: [{ name: "relu", type: "float32", shape: [1, 4, 8, 8] }],
    });
    const [output] = importOnnxGraph(map, { file: "map.onnx" }).outputs;
    if (output === undefined) throw new TypeError("no output");
    expect(cutClassifier(output, "map.onnx")).toEqual({ features: output, classes: undefined });
  });
});

describe("what a classifier is made of", () => {
  const constants = {
    w: float32(wave(12), [4, 3, 1, 1]),
    wg: float32(wave(20), [5, 4]),
    square: float32(wave(16), [4, 4]),
    four: float32(wave(4), [4]),
    five: float32(wave(5), [5]),
    wide: float32(wave(32), [4, 8]),
  };
  /** Behind a convolution, what leads to `y`; and what remains of it. */
  const cut = (
    nodes: readonly OnnxNode[],
    opset = 18,
  ): { shape: readonly unknown[]; classes: number | undefined; op: string } => {
    const model = tiny({
      opsets: { "": opset },
      nodes: [node("Conv", ["image", "w"], "conv"), ...nodes],
      outputs: [{ name: "y", type: "float32", shape: undefined }],
      constants: new Map<string, TensorData>([
        ...Object.entries(constants),
        ["tokens", int64([1, 4, 64])],
        ["at1", int64([1])],
        ["first", int64([0], [])],
      ]),
    });
    const [output] = importOnnxGraph(model, { file: "y.onnx" }).outputs;
    if (output === undefined) throw new TypeError("no output");
    const { features, classes } = cutClassifier(output, "y.onnx");
    return { shape: features.shape, classes, op: producer(features)?.op ?? "" };
  };
  const transB = { transB: { type: "int", value: 1 } } as const;
  const pooled = [node("GlobalAveragePool", ["conv"], "pool"), node("Flatten", ["pool"], "flat")];
  const asTokens = [
    node("Reshape", ["conv", "tokens"], "rows"),
    node("Transpose", ["rows"], "t", { perm: { type: "ints", value: [0, 2, 1] } }),
  ];
  const gemm = (x: string, weight: string, bias: string, y: string): OnnxNode =>
    node("Gemm", [x, weight, bias], y, transB);

  test.each<[string, readonly OnnxNode[], string, readonly unknown[]]>([
    [
      "hidden layers",
      [
        ...pooled,
        gemm("flat", "square", "four", "h"),
        node("Sigmoid", ["h"], "s"),
        node("Mul", ["h", "s"], "silu"),
        node("LayerNormalization", ["silu", "four", "four"], "norm"),
        gemm("norm", "wg", "five", "y"),
      ],
      "GlobalAveragePool",
      ["N", 4, 1, 1],
    ],
    [
      "a normalization behind the pooling, which remains",
      [...pooled, node("LayerNormalization", ["flat", "four", "four"], "norm"), gemm("norm", "wg", "five", "y")],
      "LayerNormalization",
      ["N", 4],
    ],
    [
      "two classifiers whose mean is taken",
      [...pooled, gemm("flat", "wg", "five", "a"), gemm("flat", "wg", "five", "b"), node("Add", ["a", "b"], "y")],
      "GlobalAveragePool",
      ["N", 4, 1, 1],
    ],
    [
      "a product of the class token",
      [
        ...asTokens,
        node("Gather", ["t", "first"], "token", { axis: { type: "int", value: 1 } }),
        gemm("token", "wg", "five", "y"),
      ],
      "Gather",
      ["N", 4],
    ],
    [
      "a product behind a residual branch of vectors, which remains",
      [
        ...pooled,
        gemm("flat", "square", "four", "h"),
        node("Relu", ["h"], "r"),
        node("Add", ["flat", "r"], "sum"),
        gemm("sum", "wg", "five", "y"),
      ],
      "Add",
      ["N", 4],
    ],
    [
      "hidden layers on all pixels of a map, which remains",
      [
        node("MaxPool", ["conv"], "small", {
          kernel_shape: { type: "ints", value: [8, 4] },
          strides: { type: "ints", value: [8, 4] },
        }),
        node("Flatten", ["small"], "flat"),
        gemm("flat", "wide", "four", "h"),
        node("Relu", ["h"], "r"),
        gemm("r", "wg", "five", "y"),
      ],
      "MaxPool",
      ["N", 4, 1, 2],
    ],
  ])("%s", (_, nodes, op, shape) => {
    expect(cut(nodes)).toEqual({ shape, classes: 5, op });
  });

  test("nothing, where a network ends in tokens: their mean, or the class token, is taken", () => {
    expect(cut([...asTokens, node("Relu", ["t"], "y")])).toEqual({
      shape: ["N", 4],
      classes: undefined,
      op: "ReduceMean",
    });
    const withClass = [
      ...asTokens,
      node("ReduceMean", ["t", "at1"], "mean"),
      node("Concat", ["mean", "t"], "y", { axis: { type: "int", value: 1 } }),
    ];
    expect(cut(withClass)).toEqual({ shape: ["N", 4], classes: undefined, op: "Reshape" });
  });
});

withShared("networks of others (skipped where there is no ../shared/weights)", () => {
  test.each([
    ["mobilenetv2-imagenet-notop.onnx", "features.14.expand", 96],
    ["mobilenetv2-batchnorm-imagenet-notop.onnx", "mobilenetv20_features_linearbottleneck13_conv0", 96],
    ["efficientnet-lite0-imagenet-notop.onnx", "/_blocks.11/_expand_conv/Conv", 224],
  ])("%s gives ONNX Runtime's own numbers", async (name, lastStage, side) => {
    const path = join(shared, name);
    const bytes = await readFile(path);
    const model = importOnnx(readModel(bytes, path), { file: path, imageSize: side });
    expect(model.stages.at(-1)).toBe(lastStage);
    const { first, last } = image(side);
    const session = await InferenceSession.create(bytes);
    const [input = ""] = session.inputNames;
    const { embedding } = await session.run({ [input]: new NodeTensor("float32", first, [1, 3, side, side]) });
    const ours = await model.predict(new Tensor("float32", last, [1, side, side, 3]), { verbose: 0 });
    const expected = embedding?.data as Float32Array;
    expect(farthest(ours.data as Float32Array, expected)).toBeLessThan(1e-4 * largest(expected));
    await session.release();
  });

  // The constant weights of these files make every input give the same output.
  test.each(["vgg19", "resnet50", "densenet121", "squeezenet", "inception_v1"])(
    "light %s gives the expected output",
    async (name) => {
      const path = join(shared, "light-onnx", `light_${name}.onnx`);
      const model = importOnnx(readModel(await readFile(path), path), { file: path });
      const expected = onnxProto.onnx.TensorProto.decode(
        await readFile(join(shared, "light-onnx", `light_${name}_output_0.pb`)),
      );
      const raw = Uint8Array.from(expected.rawData);
      const values = raw.length > 0 ? new Float32Array(raw.buffer) : Float32Array.from(expected.floatData);
      const ours = await model.predict(new Tensor("float32", wave(224 * 224 * 3), [1, 224, 224, 3]), { verbose: 0 });
      expect(ours.data.length).toBe(values.length);
      expect(farthest(ours.data as Float32Array, values)).toBeLessThan(1e-3 * largest(values));
    },
  );
});

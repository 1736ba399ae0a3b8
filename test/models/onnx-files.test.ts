import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileError, models, Tensor, UsageError } from "graft-ml";
import onnxProto from "onnx-proto";
import { InferenceSession, Tensor as EngineTensor } from "onnxruntime-node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { withoutClassifier } from "../../src/applications/without-classifier.js";
import type { Attribute, OnnxModel, OnnxNode } from "../../src/onnx/model.js";
import { float32, int64, type TensorData } from "../../src/onnx/tensor-data.js";
import { readModel } from "../../src/onnx/read-model.js";
import { writeModel } from "../../src/onnx/write-model.js";

const given = join(import.meta.dirname, "onnx-files");
let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-onnx-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** `[count, side, side, 3]`. */
function pictures(count: number, side: number): Float32Array {
  return Float32Array.from({ length: count * side * side * 3 }, (_, index) => Math.sin(index * 0.37));
}

/** What the engine makes of the file itself, one picture after the other. */
async function oneByOne(path: string, side: number, count: number, output?: string): Promise<number[]> {
  const session = await InferenceSession.create(path, { logSeverityLevel: 3 });
  const all = pictures(count, side);
  const size = side * side;
  const results: number[] = [];
  for (let picture = 0; picture < count; picture++) {
    const planes = new Float32Array(3 * size);
    planes.forEach((_, index) => {
      planes[index] = all[3 * size * picture + 3 * (index % size) + Math.floor(index / size)] ?? NaN;
    });
    const fed = { [session.inputNames[0] ?? ""]: new EngineTensor("float32", planes, [1, 3, side, side]) };
    const result = (await session.run(fed))[output ?? session.outputNames[0] ?? ""];
    results.push(...Array.from(result?.data as Float32Array));
  }
  await session.release();
  return results;
}

async function expectSame(path: string, side: number, options: models.LoadModelOptions = {}): Promise<void> {
  const model = await models.loadModel(path, options);
  const result = await model.predict(new Tensor("float32", pictures(3, side), [3, side, side, 3]), { verbose: 0 });
  if (!(result instanceof Tensor)) throw new Error("several outputs");
  const expected = await oneByOne(path, side, 3, options.output);
  expect(result.data.length).toBe(expected.length);
  expected.forEach((value, index) => {
    expect(Math.abs(Number(result.data[index]) - value)).toBeLessThan(1e-5 * Math.max(1, Math.abs(value)));
  });
}

describe("files that others wrote", () => {
  it.each(["external", "gelu", "batchN_reshape1"])("%s.onnx gives the engine's own numbers", async (name) => {
    await expectSame(join(given, `${name}.onnx`), 64);
  });

  it("with several outputs give the one that is named, or all", async () => {
    const path = join(given, "two_outputs.onnx");
    await expectSame(path, 64, { output: "logits" });
    await expectSame(path, 64, { output: "f" });
    expect((await models.loadModel(path)).outputs.map(({ shape }) => shape)).toEqual([
      ["N", 5],
      ["N", 16],
    ]);
    await expect(models.loadModel(path, { output: "logit" })).rejects.toThrow(
      /no output "logit".*"logits" or "f".*Did you mean "logits"/s,
    );
  });
});

describe("weights beside the file", () => {
  const place = async (): Promise<string> => {
    await copyFile(join(given, "external.onnx"), join(folder, "external.onnx"));
    await copyFile(join(given, "external.onnx.data"), join(folder, "external.onnx.data"));
    return join(folder, "external.onnx");
  };

  /** The same file, with its weights said to be elsewhere. */
  const moved = async (change: Readonly<Record<string, string>>): Promise<string> => {
    const { ModelProto } = onnxProto.onnx;
    const proto = ModelProto.decode(await readFile(await place()));
    for (const tensor of proto.graph?.initializer ?? []) {
      for (const entry of tensor.externalData ?? []) entry.value = change[entry.key ?? ""] ?? entry.value ?? "";
    }
    const path = join(folder, "moved.onnx");
    await writeFile(path, ModelProto.encode(proto).finish());
    return path;
  };

  it("are named when they are missing, short, or nowhere", async () => {
    const path = await place();
    await truncate(join(folder, "external.onnx.data"), 5000);
    await expect(models.loadModel(path)).rejects.toThrow(/external\.onnx\.data is too short.*5632 bytes.*5000 bytes/s);
    await rm(join(folder, "external.onnx.data"));
    await expect(models.loadModel(path)).rejects.toThrow(/external\.onnx\.data cannot be read.*no such file/s);
    await expect(moved({ length: "7" }).then(models.loadModel)).rejects.toThrow(/does not say where its numbers lie/);
    await mkdir(join(folder, "sub"));
    await expect(moved({ location: "sub" }).then(models.loadModel)).rejects.toThrow(FileError);
  });

  it("are not read from outside the folder of the file", async () => {
    const outside = await mkdtemp(join(tmpdir(), "graft-outside-"));
    try {
      await copyFile(join(given, "external.onnx.data"), join(outside, "secret"));
      await symlink(join(outside, "secret"), join(folder, "link"));
      await symlink(outside, join(folder, "linked"));
      for (const location of [
        join(outside, "secret"),
        `../${outside.split(/[\\/]/).at(-1)}/secret`,
        "link",
        "linked/secret",
      ]) {
        await expect(moved({ location }).then(models.loadModel), location).rejects.toThrow(/outside its folder/);
      }
    } finally {
      await rm(outside, { recursive: true, force: true });
    }
  });
});

type Attributes = Readonly<Record<string, number | readonly number[]>>;

function node(op: string, inputs: readonly string[], output: string, attributes: Attributes = {}): OnnxNode {
  const encoded = Object.entries(attributes).map(([name, value]): [string, Attribute] => [
    name,
    typeof value === "number" ? { type: "int", value } : { type: "ints", value },
  ]);
  return { name: output, op, domain: "", inputs, outputs: [output], attributes: Object.fromEntries(encoded) };
}

function wave(...dims: number[]): TensorData {
  const count = dims.reduce((product, dim) => product * dim, 1);
  return float32(
    Float32Array.from({ length: count }, (_, index) => Math.cos(index * 0.61) * 0.5),
    dims,
  );
}

/** A network for pictures of 8 × 8 that was exported for a batch of one. */
function file(nodes: readonly OnnxNode[], constants: Readonly<Record<string, TensorData>>): OnnxModel {
  return {
    irVersion: 8,
    opsets: { "": 18 },
    producer: "test",
    graphName: "batch of one",
    nodes,
    inputs: [{ name: "x", type: "float32", shape: [1, 3, 8, 8] }],
    outputs: [{ name: "y", type: "float32", shape: undefined }],
    constants: new Map(Object.entries({ w: wave(6, 3, 4, 4), ...constants })),
    metadata: {},
  };
}

/** `[1, 6, 2, 2]`. */
const patches = node("Conv", ["x", "w"], "p", { strides: [4, 4] });

const opened: Readonly<Record<string, OnnxModel>> = {
  "Reshape to [1, -1]": file([patches, node("Reshape", ["p", "s"], "y")], { s: int64([1, -1]) }),
  "Reshape to [1, 24]": file([patches, node("Reshape", ["p", "s"], "y")], { s: int64([1, 24]) }),
  "Flatten from the first axis on": file([patches, node("Flatten", ["p"], "y", { axis: 0 })], {}),
  "a slice of the whole batch": file([patches, node("Slice", ["p", "b", "e", "a"], "y")], {
    b: int64([0, 1]),
    e: int64([1, 5]),
    a: int64([0, 1]),
  }),
  "a size with the batch": file([patches, node("Resize", ["p", "", "", "s"], "y")], { s: int64([1, 6, 5, 3]) }),
  "Expand to a shape with the batch": file([node("GlobalAveragePool", ["x"], "p"), node("Expand", ["p", "s"], "y")], {
    s: int64([1, 3, 2, 2]),
  }),
  "windows that are put together and taken apart": file(
    [
      node("Reshape", ["x", "apart"], "a"),
      node("Transpose", ["a"], "t", { perm: [0, 2, 4, 3, 5, 1] }),
      node("Reshape", ["t", "windows"], "win"),
      node("Softmax", ["win"], "soft", { axis: 1 }),
      node("Reshape", ["soft", "back"], "b"),
      node("Add", ["b", "mask"], "masked"),
      node("Reshape", ["masked", "flat"], "y"),
    ],
    {
      apart: int64([1, 3, 2, 4, 2, 4]),
      windows: int64([-1, 16, 3]),
      back: int64([1, 4, 16, 3]),
      mask: wave(1, 4, 16, 1),
      flat: int64([1, -1]),
    },
  ),
  "a transformer whose tokens come first, with a class token": file(
    [
      patches,
      node("Reshape", ["p", "tokens"], "r"),
      node("Transpose", ["r"], "t", { perm: [0, 2, 1] }),
      node("Expand", ["class", "once"], "c"),
      node("Concat", ["c", "t"], "all", { axis: 1 }),
      node("Add", ["all", "positions"], "placed"),
      node("Transpose", ["placed"], "first", { perm: [1, 0, 2] }),
      node("Reshape", ["first", "rows"], "matrix"),
      node("Gemm", ["matrix", "wq"], "q0"),
      node("Reshape", ["q0", "heads"], "q1"),
      node("Transpose", ["q1"], "q", { perm: [1, 0, 2] }),
      node("Transpose", ["q1"], "k", { perm: [1, 2, 0] }),
      node("MatMul", ["q", "k"], "scores"),
      node("Softmax", ["scores"], "weights", { axis: -1 }),
      node("MatMul", ["weights", "q"], "mixed"),
      node("Transpose", ["mixed"], "together", { perm: [1, 0, 2] }),
      node("Reshape", ["together", "rows"], "out"),
      node("Gemm", ["out", "wq"], "projected"),
      node("Reshape", ["projected", "tokensFirst"], "o"),
      node("Add", ["o", "first"], "sum"),
      node("Transpose", ["sum"], "batchFirst", { perm: [1, 0, 2] }),
      node("Gather", ["batchFirst", "zero"], "y", { axis: 1 }),
    ],
    {
      tokens: int64([1, 6, 4]),
      class: wave(1, 1, 6),
      once: int64([1, 1, 6]),
      positions: wave(1, 5, 6),
      rows: int64([5, 6]),
      wq: wave(6, 6),
      heads: int64([5, 2, 3]),
      tokensFirst: int64([5, 1, 6]),
      zero: int64([0], []),
    },
  ),
};

const mixing: Readonly<Record<string, OnnxModel>> = {
  Gather: file([patches, node("Gather", ["p", "i"], "y")], { i: int64([0], []) }),
  ReduceMean: file([patches, node("ReduceMean", ["p", "axes"], "y")], { axes: int64([0]) }),
  Softmax: file([patches, node("Reshape", ["p", "s"], "r"), node("Softmax", ["r"], "y", { axis: 0 })], {
    s: int64([24, 1]),
  }),
  Concat: file([patches, node("Concat", ["p", "p"], "y", { axis: 0 })], {}),
  Tile: file([patches, node("Tile", ["p", "r"], "y")], { r: int64([2, 1, 1, 1]) }),
  MatMul: file(
    [
      patches,
      node("Reshape", ["p", "s"], "r"),
      node("Transpose", ["r"], "t", { perm: [1, 0] }),
      node("MatMul", ["r", "t"], "y"),
    ],
    { s: int64([24, 1]) },
  ),
  Squeeze: file([patches, node("Squeeze", ["p", "a"], "y")], { a: int64([0]) }),
};

describe("a file that was made for one picture", () => {
  it.each(Object.entries(opened))("takes any number: %s", async (_, model) => {
    const path = join(folder, "one.onnx");
    await writeFile(path, writeModel(model));
    const loaded = await models.loadModel(path);
    const output = await loaded.predict(new Tensor("float32", pictures(3, 8), [3, 8, 8, 3]), { verbose: 0 });
    if (!(output instanceof Tensor)) throw new Error("several outputs");
    const [count = 0, height = 1, width = 1, channels = 1] = output.dims;
    const expected = await oneByOne(path, 8, 3);
    expect(output.data.length).toBe(expected.length);
    const maps = output.dims.length === 4;
    const size = height * width;
    Array.from(output.data, Number).forEach((value, index) => {
      const [picture, inside] = [Math.floor(index / (expected.length / count)), index % (expected.length / count)];
      const place = maps ? (inside % channels) * size + Math.floor(inside / channels) : inside;
      expect(value).toBeCloseTo(expected[(picture * expected.length) / count + place] ?? NaN, 5);
    });
  });

  it.each(Object.entries(mixing))("is refused by name where %s would mix pictures", async (op, model) => {
    const path = join(folder, "mixing.onnx");
    await writeFile(path, writeModel(model));
    await expect(models.loadModel(path)).rejects.toThrow(new RegExp(`\\(${op}\\)`));
  });
});

describe("a network in a file with several outputs", () => {
  const tail: readonly OnnxNode[] = [
    patches,
    node("GlobalAveragePool", ["p"], "pooled"),
    node("Flatten", ["pooled"], "f"),
    node("Gemm", ["f", "wg"], "scores"),
    node("Softmax", ["scores"], "probabilities", { axis: -1 }),
    node("ArgMax", ["scores"], "label", { axis: 1 }),
    node("MaxPool", ["x"], "small", { kernel_shape: [4, 4], strides: [4, 4] }),
    node("GlobalAveragePool", ["small"], "pooled2"),
    node("Flatten", ["pooled2"], "f2"),
    node("Gemm", ["f2", "wg2"], "aux"),
    node("Identity", ["aux"], "kinds"),
  ];
  const named = (...names: readonly [string, "float32" | "int64"][]): OnnxModel => ({
    ...file(tail, { wg: wave(6, 4), wg2: wave(3, 4) }),
    outputs: names.map(([name, type]) => ({ name, type, shape: undefined })),
  });
  const cut = (model: OnnxModel, networkOutput?: string) =>
    withoutClassifier(model, { name: "n", file: "n.onnx", networkOutput }).outputs.map(({ shape }) => shape);

  it("is cut where its only classifier is, whatever else it gives", () => {
    expect(cut(named(["label", "int64"], ["probabilities", "float32"]))).toEqual([["N", 1, 1, 6]]);
    expect(cut(named(["f", "float32"], ["scores", "float32"], ["probabilities", "float32"]))).toEqual([["N", 1, 1, 6]]);
  });

  it("is asked for by name where there are two", () => {
    const two = named(["scores", "float32"], ["kinds", "float32"]);
    expect(() => cut(two)).toThrow(UsageError);
    expect(() => cut(two)).toThrow(/--network-output.*"scores", "kinds"/s);
    expect(cut(two, "kinds")).toEqual([["N", 1, 1, 3]]);
  });

  it("is not cut where an output only helps the training along", () => {
    expect(cut(named(["aux", "float32"], ["scores", "float32"]))).toEqual([["N", 1, 1, 6]]);
    expect(cut(named(["aux", "float32"]))).toEqual([["N", 1, 1, 3]]);
  });
});

describe("files that ask for too much", () => {
  it.each([
    ["cos.onnx", /"cos".*constants of up to.*\[2500000000\]/s],
    ["bigimage2.onnx", /"x".*up to 268435456 numbers a picture.*\[N, 3, 20000, 20000\]/s],
  ])("%s is refused at once", async (name, words) => {
    const before = process.memoryUsage().rss;
    const start = performance.now();
    await expect(models.loadModel(join(given, name))).rejects.toThrow(words);
    expect(performance.now() - start).toBeLessThan(2000);
    expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
  });

  it("are no operators of Graft, or damaged tensors", async () => {
    await expect(models.loadModel(join(given, "esc.onnx"))).rejects.toThrow(FileError);
    const large = file([node("Tile", ["x", "r"], "t"), node("GlobalAveragePool", ["t"], "y")], {
      r: int64([1, 1, 100000, 100000]),
    });
    const path = join(folder, "large.onnx");
    await writeFile(path, writeModel(large));
    await expect(models.loadModel(path)).rejects.toThrow(/"t" of .*too large.*\[N, 3, 800000, 800000\]/s);
    const odd = { ...wave(1), dims: [-1, -1] };
    const bytes = writeModel({ ...large, constants: new Map([["w", odd]]) });
    expect(() => readModel(bytes, "odd.onnx")).toThrow(/impossible shape.*\[-1, -1\]/s);
  });
});

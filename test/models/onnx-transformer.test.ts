import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layers, models, optimizers, Tensor } from "graft-ml";
import { InferenceSession, Tensor as EngineTensor } from "onnxruntime-node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { withoutClassifier } from "../../src/applications/without-classifier.js";
import type { Attribute, OnnxModel, OnnxNode } from "../../src/onnx/model.js";
import { float32, int64, type TensorData } from "../../src/onnx/tensor-data.js";
import { writeModel } from "../../src/onnx/write-model.js";

/*
 * A small vision transformer, node by node as PyTorch's exporters write one for an open batch: the older one calls nodes after their modules, the
 * newer one counts them and calls weights after the modules.
 */

const width = 6;
const heads = 2;
const depth = 3;

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-transformer-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

function wave(rate: number, ...dims: number[]): TensorData {
  const count = dims.reduce((product, dim) => product * dim, 1);
  return float32(
    Float32Array.from({ length: count }, (_, index) => Math.cos(index * rate + 1) * 0.5),
    dims,
  );
}

class Writer {
  readonly nodes: OnnxNode[] = [];
  readonly constants = new Map<string, TensorData>();

  constructor(private readonly counts: boolean) {}

  weight(name: string, tensor: TensorData): string {
    this.constants.set(name, tensor);
    return name;
  }

  ints(...numbers: number[]): string {
    return this.weight(`ints ${numbers.join(" ")}`, int64(numbers));
  }

  place(number: number): string {
    return this.weight(`place ${number}`, int64([number], []));
  }

  number(value: number): string {
    return this.weight(`number ${value}`, float32([value], []));
  }

  /** A node of a module. */
  add(
    path: string,
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, number | number[]>> = {},
  ): string {
    const modules = path.split(".").filter((part) => part !== "");
    const scope = modules.flatMap((part, at) =>
      /^\d+$/.test(part)
        ? []
        : [part, ...(/^\d+$/.test(modules[at + 1] ?? "") ? [`${part}.${modules[at + 1] ?? ""}`] : [])],
    );
    const output = `${path} ${op} ${this.nodes.length}`;
    const encoded = Object.entries(attributes).map(([key, value]): [string, Attribute] => [
      key,
      typeof value === "number" ? { type: key === "epsilon" ? "float" : "int", value } : { type: "ints", value },
    ]);
    const plain = `/${[...scope, op].join("/")}`;
    const copies = this.nodes.filter(({ name }) => name === plain || name.startsWith(`${plain}_`)).length;
    this.nodes.push({
      name: this.counts ? `node_${op}_${this.nodes.length}` : copies === 0 ? plain : `${plain}_${copies}`,
      op,
      domain: "",
      inputs,
      outputs: [output],
      attributes: Object.fromEntries(encoded),
    });
    return output;
  }

  norm(path: string, x: string): string {
    const [scale, bias] = [
      this.weight(`${path}.weight`, wave(0.3, width)),
      this.weight(`${path}.bias`, wave(0.7, width)),
    ];
    return this.add(path, "LayerNormalization", [x, scale, bias], { axis: -1, epsilon: 1e-6 });
  }

  linear(path: string, x: string, from: number, to: number): string {
    const kernel = this.weight(this.counts ? `${path}.weight` : `onnx::MatMul_${path}`, wave(0.61, from, to));
    const product = this.add(path, "MatMul", [x, kernel]);
    return this.add(path, "Add", [this.weight(`${path}.bias`, wave(0.4, to)), product]);
  }

  /** One extent of a value, as a list. */
  extent(path: string, x: string, axis: number): string {
    const shape = this.add(path, "Shape", [x]);
    return this.add(path, "Unsqueeze", [this.add(path, "Gather", [shape, this.place(axis)]), this.ints(0)]);
  }

  reshape(path: string, x: string, ...extents: string[]): string {
    return this.add(path, "Reshape", [x, this.add(path, "Concat", extents, { axis: 0 })]);
  }

  attention(path: string, x: string): string {
    const qkv = this.linear(`${path}.qkv`, x, width, 3 * width);
    const [count, tokens] = [this.extent(path, x, 0), this.extent(path, x, 1)];
    const apart = this.reshape(path, qkv, count, tokens, this.ints(3), this.ints(heads), this.ints(width / heads));
    const turned = this.add(path, "Transpose", [apart], { perm: [2, 0, 3, 1, 4] });
    const [q = "", k = "", v = ""] = [0, 1, 2].map((at) =>
      this.add(path, "Gather", [turned, this.place(at)], { axis: 0 }),
    );
    const shape = this.add(path, "Shape", [q]);
    const last = this.add(path, "Slice", [shape, this.ints(-1), this.weight("end", end())]);
    const root = this.add(path, "Sqrt", [this.add(path, "Cast", [last], { to: 1 })]);
    const factor = this.add(path, "Div", [this.number(1), root]);
    const keys = this.add(path, "Transpose", [k], { perm: [0, 1, 3, 2] });
    const products = this.add(path, "Mul", [this.add(path, "MatMul", [q, keys]), factor]);
    const mixed = this.add(path, "MatMul", [this.add(path, "Softmax", [products], { axis: -1 }), v]);
    const together = this.add(path, "Transpose", [mixed], { perm: [0, 2, 1, 3] });
    return this.linear(`${path}.proj`, this.reshape(path, together, count, tokens, this.ints(width)), width, width);
  }

  mlp(path: string, x: string): string {
    const hidden = this.linear(`${path}.fc1`, x, width, 2 * width);
    const bent = this.add(path, "Erf", [this.add(path, "Div", [hidden, this.number(Math.SQRT2)])]);
    const gate = this.add(path, "Add", [bent, this.number(1)]);
    const gelu = this.add(path, "Mul", [this.add(path, "Mul", [hidden, gate]), this.number(0.5)]);
    return this.linear(`${path}.fc2`, gelu, 2 * width, width);
  }
}

/** The greatest int64, which PyTorch writes for "to the end". */
function end(): TensorData<"int64"> {
  return { type: "int64", dims: [1], data: BigInt64Array.of(2n ** 63n - 1n) };
}

function transformer(counts: boolean, classes: number | undefined): OnnxModel {
  const w = new Writer(counts);
  const kernel = w.weight("patch_embed.proj.weight", wave(0.23, width, 3, 4, 4));
  const map = w.add("patch_embed.proj", "Conv", ["image", kernel], { strides: [4, 4] });
  const count = w.extent("", map, 0);
  const rows = w.reshape("patch_embed", map, count, w.extent("patch_embed", map, 1), w.ints(-1));
  const patches = w.add("patch_embed", "Transpose", [rows], { perm: [0, 2, 1] });
  const wanted = w.add("", "Concat", [count, w.ints(-1), w.ints(-1)], { axis: 0 });
  const ones = w.weight("ones", int64([1, 1, 1]));
  const isKept = w.add("", "Equal", [wanted, w.ints(-1, -1, -1)]);
  const shape = w.add("", "Where", [isKept, ones, wanted]);
  const token = w.add("", "Expand", [w.weight("cls_token", wave(0.9, 1, 1, width)), shape]);
  const all = w.add("", "Concat", [token, patches], { axis: 1 });
  let x = w.add("", "Add", [all, w.weight("pos_embed", wave(0.11, 1, 5, width))]);
  for (let block = 0; block < depth; block++) {
    const path = `blocks.${block}`;
    x = w.add(path, "Add", [x, w.attention(`${path}.attn`, w.norm(`${path}.norm1`, x))]);
    x = w.add(path, "Add", [x, w.mlp(`${path}.mlp`, w.norm(`${path}.norm2`, x))]);
  }
  x = w.norm("norm", x);
  if (classes !== undefined) x = w.linear("head", w.add("", "Gather", [x, w.place(0)], { axis: 1 }), width, classes);
  return {
    irVersion: 8,
    opsets: { "": 17 },
    producer: "pytorch",
    graphName: "main_graph",
    nodes: w.nodes,
    inputs: [{ name: "image", type: "float32", shape: ["batch", 3, 8, 8] }],
    outputs: [{ name: x, type: "float32", shape: undefined }],
    constants: w.constants,
    metadata: {},
  };
}

/** Two pictures in Keras's order, and in ONNX's. */
function pictures(): { readonly last: Tensor; readonly first: Float32Array } {
  const last = Float32Array.from({ length: 2 * 192 }, (_, index) => Math.sin(index * 0.37));
  const first = new Float32Array(last.length);
  last.forEach((value, index) => {
    const [picture, inside] = [Math.floor(index / 192), index % 192];
    first[picture * 192 + (inside % 3) * 64 + Math.floor(inside / 3)] = value;
  });
  return { last: new Tensor("float32", last, [2, 8, 8, 3]), first };
}

describe.each([
  ["older", false, "/blocks/blocks.2/norm1/LayerNormalization"],
  ["newer", true, "blocks.2.norm1"],
])("a vision transformer of PyTorch's %s exporter", (_, counts, lastBlock) => {
  it("gives the engine's own numbers", async () => {
    const path = join(folder, "vit.onnx");
    const model = transformer(counts, 5);
    await writeFile(path, writeModel(model));
    const { last, first } = pictures();
    const session = await InferenceSession.create(path, { logSeverityLevel: 3 });
    const results = await session.run({ image: new EngineTensor("float32", first, [2, 3, 8, 8]) });
    const expected = results[session.outputNames[0] ?? ""]?.data as Float32Array;
    await session.release();
    const output = await (await models.loadModel(path)).predict(last, { verbose: 0 });
    if (!(output instanceof Tensor)) throw new Error("several outputs");
    expect(output.dims).toEqual([2, 5]);
    expected.forEach((value, index) => {
      expect(Number(output.data[index])).toBeCloseTo(value, 5);
    });
  });

  it.each([5, undefined])("is cut behind its class token, and its last block learns: %s classes", async (classes) => {
    const base = withoutClassifier(transformer(counts, classes), { name: "vit", file: "vit.onnx" });
    expect(base.outputShape).toEqual(["N", width]);
    expect(base.stages).toEqual([lastBlock]);
    const start = base.layers.findIndex(({ name }) => name === lastBlock);
    base.layers.forEach((layer, index) => {
      layer.trainable = index >= start;
    });
    const before = base.layers.map((layer) => layer.getWeights().map(({ data }) => Array.from(data, Number)));
    const inputs = layers.Input({ shape: [8, 8, 3] });
    const classifier = new models.Model({ inputs, outputs: new layers.Dense(2).apply(base.apply(inputs)) });
    classifier.compile({ optimizer: new optimizers.SGD({ learningRate: 1e-2 }), loss: "mse" });
    const wanted = new Tensor("float32", Float32Array.from([1, 0, 0, 1]), [2, 2]);
    const { last } = pictures();
    const { loss: first } = await classifier.trainOnBatch(last, wanted);
    const { loss: second } = await classifier.trainOnBatch(last, wanted);
    expect(second).toBeLessThan(first ?? NaN);
    const after = base.layers.map((layer) => layer.getWeights().map(({ data }) => Array.from(data, Number)));
    expect(after.flat(2).every(Number.isFinite)).toBe(true);
    const changed = after.map((weights, index) => JSON.stringify(weights) !== JSON.stringify(before[index]));
    expect(changed.slice(0, start).includes(true)).toBe(false);
    // The keys' bias alone changes nothing, but it is a part of a layer.
    expect(changed.slice(start).filter((one) => !one)).toEqual([]);
  });
});

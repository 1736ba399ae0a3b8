import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InferenceSession, Tensor as NodeTensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { layers, models, Tensor } from "graft-ml";
import type { Dim, OnnxModel, OnnxNode } from "../../onnx/model.js";
import { float32, int64, type TensorData } from "../../onnx/tensor-data.js";
import { writeModel } from "../../onnx/write-model.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-open-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

function wave(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, index) => Math.sin(index * 0.37));
}

function node(op: string, inputs: string[], output: string, attributes: OnnxNode["attributes"] = {}): OnnxNode {
  return { name: output, op, domain: "", inputs, outputs: [output], attributes };
}

/** A convolution with a stride, and what stands between it and a product with 4 rows. */
async function written(name: string, size: readonly Dim[], between: readonly OnnxNode[], rows = 4): Promise<string> {
  const constants: [string, TensorData][] = [
    ["w", float32(wave(108), [4, 3, 3, 3])],
    ["dense", float32(wave(rows * 5), [rows, 5])],
    ["row", int64([-1, rows], [2])],
    ["channels", int64([4, -1], [2])],
    ["first", int64([0], [1])],
  ];
  const used = new Set(["w", "dense", ...between.flatMap(({ inputs }) => inputs)]);
  const model: OnnxModel = {
    irVersion: 8,
    opsets: { "": 17 },
    producer: "test",
    graphName: "open",
    nodes: [
      node("Conv", ["image", "w"], "conv", {
        strides: { type: "ints", value: [2, 2] },
        pads: { type: "ints", value: [1, 1, 1, 1] },
      }),
      ...between,
      node("MatMul", [between.at(-1)?.outputs[0] ?? "", "dense"], "scores"),
    ],
    inputs: [{ name: "image", type: "float32", shape: ["batch", 3, ...size] }],
    outputs: [{ name: "scores", type: "float32", shape: ["batch", 5] }],
    constants: new Map(constants.filter(([constant]) => used.has(constant))),
    metadata: {},
  };
  const path = join(folder, `${name}.onnx`);
  await writeFile(path, writeModel(model));
  return path;
}

const pooled = [node("GlobalAveragePool", ["conv"], "pool"), node("Flatten", ["pool"], "flat")];
/** As PyTorch writes a mean over `view(batch, channels, -1)`. */
const viewed = [
  node("Shape", ["conv"], "shape"),
  node("Gather", ["shape", "first"], "batch"),
  node("Concat", ["batch", "channels"], "target", { axis: { type: "int", value: 0 } }),
  node("Reshape", ["conv", "target"], "view"),
  node("ReduceMean", ["view"], "mean", {
    axes: { type: "ints", value: [2] },
    keepdims: { type: "int", value: 0 },
  }),
];
/** Fits 224 × 224 pixels only; of others it would make more rows. */
const rowsOfOneSize = [
  node("MaxPool", ["conv"], "maps", {
    kernel_shape: { type: "ints", value: [56, 56] },
    strides: { type: "ints", value: [56, 56] },
  }),
  node("Reshape", ["maps", "row"], "rows"),
];

/** What ONNX Runtime itself gives, of photos in Keras's order. */
async function runtimes(path: string, { data, dims }: Tensor): Promise<Float32Array> {
  const [count = 0, height = 0, width = 0, channels = 0] = dims;
  const first = new Float32Array(data.length);
  const area = height * width;
  for (let at = 0; at < data.length; at++) {
    const [photo, pixel, channel] = [Math.floor(at / (area * 3)), Math.floor(at / 3) % area, at % 3];
    first[(photo * 3 + channel) * area + pixel] = Number(data[at]);
  }
  const session = await InferenceSession.create(await readFile(path));
  const { scores } = await session.run({ image: new NodeTensor("float32", first, [count, channels, height, width]) });
  await session.release();
  return scores?.data as Float32Array;
}

function photos(count: number, height: number, width: number): Tensor {
  return new Tensor("float32", wave(count * height * width * 3), [count, height, width, 3]);
}

function farthest(a: Tensor, b: ArrayLike<number>): number {
  expect(a.data).toHaveLength(b.length);
  const distances = Array.from(a.data as Float32Array, (value, index) => Math.abs(value - (b[index] ?? NaN)));
  return distances.reduce((greatest, one) => Math.max(greatest, one), 0);
}

const ofSizes: readonly (readonly [count: number, height: number, width: number])[] = [
  [2, 40, 30],
  [3, 33, 57],
  [1, 224, 224],
];

describe("a file of others that leaves height and width open", () => {
  test.each([
    ["pooled", ["h", "w"], pooled],
    ["viewed", ["size", "size"], viewed],
    ["named-like-the-batch", ["batch", "batch"], pooled],
  ])("takes photos of any size: %s", async (name, size, between) => {
    const path = await written(name, size, between);
    const model = await models.loadModel(path);
    expect(model.inputShape).toEqual(["N", "H", "W", 3]);
    expect(model.outputShape).toEqual(["N", 5]);
    for (const photo of ofSizes.map(([count, height, width]) => photos(count, height, width))) {
      const ours = await model.predict(photo, { verbose: 0 });
      expect(farthest(ours, await runtimes(path, photo))).toBeLessThan(1e-5);
    }
  });

  test("is trained inside of other models, at any size, and gives inner outputs", async () => {
    const base = await models.loadModel(await written("base", ["h", "w"], pooled));
    const inner = base.getLayer("conv").output;
    expect(inner.shape).toEqual(["N", "S/2", "S/2", 4]);
    const inputs = layers.Input({ shape: [null, null, 3] });
    const model = new models.Model({ inputs, outputs: new layers.Dense(2).apply(base.apply(inputs)) });
    model.compile({ optimizer: "sgd", loss: "mse" });
    const before = base.getWeights()[0]?.data.slice() ?? [];
    for (const photo of ofSizes.map(([count, height, width]) => photos(count, height, width))) {
      await model.trainOnBatch(
        photo,
        new Tensor("float32", new Float32Array((photo.dims[0] ?? 0) * 2), [photo.dims[0] ?? 0, 2]),
      );
    }
    expect(Array.from(base.getWeights()[0]?.data ?? [])).not.toEqual(Array.from(before));
    const features = new models.Model({ inputs: base.input, outputs: inner });
    expect((await features.predict(photos(1, 20, 31), { verbose: 0 })).dims).toEqual([1, 10, 16, 4]);
  });

  test("takes 224 pixels, where its numbers fit them only", async () => {
    const path = await written("one-size", ["h", "w"], rowsOfOneSize, 16);
    const model = await models.loadModel(path);
    expect(model.inputShape).toEqual(["N", 224, 224, 3]);
    const photo = photos(1, 224, 224);
    expect(farthest(await model.predict(photo, { verbose: 0 }), await runtimes(path, photo))).toBeLessThan(1e-4);
    await expect(model.predict(photos(1, 448, 448), { verbose: 0 })).rejects.toThrow(
      /samples of shape \[224, 224, 3\]/,
    );
  });
});

describe("model.export of a model with open sizes", () => {
  const exported = async (name: string, inner: readonly layers.Layer[]): Promise<[models.Sequential, string]> => {
    const model = new models.Sequential([layers.Input({ shape: [null, null, 3] }), ...inner]);
    const path = join(folder, `${name}.onnx`);
    await model.export(path);
    return [model, path];
  };

  test.each<[string, () => readonly layers.Layer[]]>([
    ["pooled", () => [new layers.Conv2D(4, 3), new layers.MaxPooling2D(2), new layers.GlobalAveragePooling2D()]],
    ["maps", () => [new layers.Conv2D(4, 3, { padding: "same" }), new layers.AveragePooling2D(3)]],
    ["scaled", () => [new layers.Rescaling(1 / 127.5, { offset: -1 })]],
    [
      "strided",
      () => [
        new layers.Conv2D(4, 3, { strides: 2, padding: "same" }),
        new layers.MaxPooling2D(2),
        new layers.Conv2D(4, 5, { strides: 3, padding: "same" }),
        new layers.MaxPooling2D(3, { strides: 2, padding: "same" }),
        new layers.AveragePooling2D(2, { padding: "same" }),
      ],
    ],
  ])("writes open axes, and loadModel reads them again: %s", async (name, make) => {
    const [model, path] = await exported(`again-${name}`, make());
    const again = await models.loadModel(path);
    expect(again.inputShape).toEqual(["N", "H", "W", 3]);
    const session = await InferenceSession.create(await readFile(path));
    for (const photo of ofSizes.map(([count, height, width]) => photos(count, height, width))) {
      const expected = await model.predict(photo, { verbose: 0 });
      const ours = await again.predict(photo, { verbose: 0 });
      expect(ours.dims).toEqual(expected.dims);
      expect(farthest(ours, expected.data as Float32Array)).toBeLessThan(1e-6);
      const { output } = await session.run({
        input: new NodeTensor("float32", photo.data as Float32Array, photo.dims),
      });
      expect(output?.dims).toEqual(expected.dims);
      expect(farthest(expected, output?.data as Float32Array)).toBeLessThan(1e-6);
    }
    await session.release();
  });

  test("refuses a model whose numbers follow from the size", async () => {
    await expect(exported("resized", [new layers.Resizing(8, 8)])).rejects.toThrow(
      /cannot be exported with open sizes.*behind an input/s,
    );
  });

  test("writes a model of someone else's file", async () => {
    const base = await models.loadModel(await written("others", ["h", "w"], pooled));
    const path = join(folder, "others-again.onnx");
    await base.export(path);
    const again = await models.loadModel(path);
    const photo = photos(2, 50, 34);
    const expected = await base.predict(photo, { verbose: 0 });
    expect(farthest(await again.predict(photo, { verbose: 0 }), expected.data as Float32Array)).toBeLessThan(1e-6);
  });
});

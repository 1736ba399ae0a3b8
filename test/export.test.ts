import { createServer, type Server } from "node:http";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { env, pipeline } from "@huggingface/transformers";
import { InferenceSession, Tensor as WebTensor } from "onnxruntime-web";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Attribute, OnnxNode } from "../src/onnx/model.js";
import { readModel } from "../src/onnx/read-model.js";
import { float32 } from "../src/onnx/tensor-data.js";
import { writeModel } from "../src/onnx/write-model.js";
import { decodePhoto } from "../src/photos/decode.js";
import { framedPixels } from "../src/photos/framing.js";
import { input } from "../src/graph/value.js";
import { openClassifier } from "../src/recipe/open-classifier.js";
import { openExportable } from "../src/recipe/export/exportable.js";
import type { Exported, ExportOptions } from "../src/recipe/export/target.js";
import { exportTargets } from "../src/recipe/export/targets.js";
import { createNodeRuntime } from "../src/runtime/node/runtime.js";
import { Tensor } from "../src/runtime/runtime.js";
import { createSession } from "../src/runtime/session.js";
import { colourClassifier } from "./cli/colour-classifier.js";
import { type ExportableOptions, hostileLabels, writeExportable } from "./support/exportable-run.js";

const runtime = createNodeRuntime({ threads: 1 });
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-export-"));
});
afterAll(() => rm(folder, { recursive: true }));

let runs = 0;

/**
 * A classifier whose probabilities are multiplied by ones, as many as there are photos: so transformers spread the token that stands for the
 * whole picture.
 *
 * @param axis of the photos that is counted; 0 counts photos; 1 counts their rows, with which the probabilities are multiplied
 */
function countingPictures(bytes: Uint8Array, axis: 0 | 1 = 0): Uint8Array {
  const model = readModel(bytes, "before");
  const classes = Number(model.outputs[0]?.shape?.[1]);
  const plain = (op: string, inputs: string[], output: string, attributes = {}): OnnxNode => {
    return { name: output, op, domain: "", inputs, outputs: [output], attributes };
  };
  const int = (value: number): Attribute => ({ type: "int", value });
  const ones =
    axis === 0
      ? [
          plain("Concat", ["counted", "classes"], "spread", { axis: int(0) }),
          plain("Expand", ["one", "spread"], "ones"),
        ]
      : [plain("Cast", ["counted"], "ones", { to: int(1) })];
  return writeModel({
    ...model,
    nodes: [
      ...model.nodes.map((node) => ({
        ...node,
        outputs: node.outputs.map((name) => (name === "probabilities" ? "before" : name)),
      })),
      plain("Shape", ["image"], "counted", { start: int(axis), end: int(axis + 1) }),
      ...ones,
      plain("Mul", ["before", "ones"], "probabilities"),
    ],
    constants: new Map([
      ...model.constants,
      ["classes", { type: "int64", dims: [1], data: BigInt64Array.of(BigInt(classes)) }],
      ["one", float32(Float32Array.of(1), [1, 1])],
    ]),
  });
}

/** A run of its own with photos, and what its classifier says of each of them. */
async function newRun(options?: ExportableOptions): Promise<{
  readonly run: string;
  readonly photos: readonly string[];
  readonly said: readonly (readonly number[])[];
}> {
  const place = join(folder, `run-${++runs}`);
  const photos = await writeExportable(place, options);
  const run = join(place, "run");
  const classifier = await openClassifier(runtime, run);
  const said: (readonly number[])[] = [];
  for (const path of photos) said.push([...(await classifier.predict(await decodePhoto(path))).probabilities]);
  await classifier.release();
  return { run, photos, said };
}

async function exported(run: string, to: string, options: ExportOptions = {}): Promise<Exported> {
  const target = exportTargets.find(({ name }) => name === to);
  if (target === undefined) throw new Error(`There is no target ${to}.`);
  return target.write(await openExportable(run), {
    options,
    runtime,
    photos: () => Promise.reject(new Error("no photos in this test")),
    onProgress: () => undefined,
  });
}

async function onnxFile(run: string, options: ExportOptions): Promise<Uint8Array> {
  const file = (await exported(run, "onnx", options)).files.get("model.onnx");
  if (!(file instanceof Uint8Array)) throw new Error("There is no model.onnx.");
  return file;
}

function difference(some: readonly number[], others: readonly number[]): number {
  expect(some.length).toBe(others.length);
  return Math.max(...some.map((value, index) => Math.abs(value - (others[index] ?? NaN))));
}

/** What a file says of a photo. */
async function answerOf(bytes: Uint8Array, image: Tensor): Promise<number[]> {
  const session = await runtime.createSession(bytes);
  const { probabilities } = await session.run({ image });
  await session.release();
  return Array.from(probabilities?.data as Float32Array);
}

async function imageOf(path: string): Promise<Tensor> {
  const { data, width, height } = await decodePhoto(path);
  return new Tensor("uint8", data, [1, height, width, 3]);
}

describe("--to onnx", () => {
  test.each([
    [{}, 0],
    // Products round some pixels to the neighbouring level of 255.
    [{ opset: 17 }, 0.02],
    [{ precision: "float16" }, 0.02],
    [{ precision: "float16", opset: 17, batch: "open", size: "open" }, 0.03],
  ] as const)("%j says of photos what the run says, within %d", async (options, tolerance) => {
    for (const framing of [
      {},
      { crop: 0.8, interpolation: "bicubic", preprocess: "caffe" },
      { crop: 0.875, keepProportions: true, preprocess: "0-255" },
    ] as const) {
      const { run, photos, said } = await newRun(framing);
      const bytes = await onnxFile(run, options);
      for (const [index, path] of photos.entries()) {
        expect(difference(await answerOf(bytes, await imageOf(path)), said[index] ?? [])).toBeLessThanOrEqual(
          tolerance,
        );
      }
      const before = readModel(await readFile(join(run, "model.onnx")), "model.onnx");
      const after = readModel(bytes, "export");
      expect(after.metadata).toEqual(before.metadata);
      expect(after.opsets).toEqual({ "": "opset" in options ? options.opset : 18 });
      expect(after.inputs).toEqual(before.inputs);
    }
  });

  test("float16 keeps its weights in two bytes", async () => {
    const { run } = await newRun();
    const [whole, half] = [await onnxFile(run, {}), await onnxFile(run, { precision: "float16" })];
    const weights = (bytes: Uint8Array): number =>
      [...readModel(bytes, "").constants.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
    expect(weights(half)).toBeLessThan(0.7 * weights(whole));
  });

  test("of many large photos at a time is tried with few small ones", async () => {
    const { run } = await newRun();
    const { inputs } = readModel(await onnxFile(run, { size: "10000x20000", batch: "10000" }), "export");
    expect(inputs.map(({ shape }) => shape)).toEqual([[10_000, 10_000, 20_000, 3]]);
    const pictures = await onnxFile(run, { batch: "10000", withoutPreprocessing: true });
    expect(readModel(pictures, "export").inputs.map(({ shape }) => shape)).toEqual([[10_000, 3, 16, 16]]);
  });

  test("has sizes that are fixed, and refuses others", async () => {
    const { run, photos, said } = await newRun();
    const bytes = await onnxFile(run, { size: "30x40", batch: "2" });
    const { inputs, outputs } = readModel(bytes, "export");
    expect(inputs.map(({ shape }) => shape)).toEqual([[2, 30, 40, 3]]);
    expect(outputs.map(({ name, shape }) => [name, shape])).toEqual([["probabilities", [2, 3]]]);
    const [first = ""] = photos;
    const { data } = await imageOf(first);
    const twice = new Tensor(
      "uint8",
      Uint8Array.from([...(data as Uint8Array), ...(data as Uint8Array)]),
      [2, 30, 40, 3],
    );
    const answers = await answerOf(bytes, twice);
    expect(difference(answers, [...(said[0] ?? []), ...(said[0] ?? [])])).toBeLessThan(1e-6);
    await expect(answerOf(bytes, await imageOf(first))).rejects.toThrow();
  });

  test.each([
    [{ size: "0x40" }, /--size.*480x640/s],
    [{ size: "large" }, /--size/],
    [{ size: "100000" }, /--size.*200 million pixels/s],
    [{ batch: "0" }, /--batch/],
    [{ size: "24", withoutPreprocessing: true }, /16x16: without preprocessing nothing resizes/],
  ] as const)("refuses %j", async (options, message) => {
    const { run } = await newRun();
    await expect(onnxFile(run, options)).rejects.toThrow(message);
  });

  test.each(["torch", "caffe", "tf", "0-255"] as const)(
    "without preprocessing, %s, takes pictures as its metadata says",
    async (preprocess) => {
      const { run, photos, said } = await newRun({ preprocess, crop: 0.9 });
      const bytes = await onnxFile(run, { withoutPreprocessing: true, opset: 17 });
      const { inputs, metadata, nodes } = readModel(bytes, "export");
      expect(inputs).toEqual([{ name: "image", type: "float32", shape: ["N", 3, 16, 16] }]);
      expect(nodes.some(({ op }) => op === "Resize")).toBe(false);
      const told = JSON.parse(metadata["preprocessing"] ?? "{}") as Record<"scale" | "offset" | "size", number[]> & {
        readonly channels: string;
        readonly crop: number;
      };
      expect(told).toMatchObject({ layout: "NCHW", crop: 0.9, keep_proportions: false, size: [16, 16] });
      const placeholder = input("image", "uint8", [1, "H", "W", 3]);
      const session = await createSession(runtime, {
        framed: framedPixels(placeholder, { size: 16, crop: told.crop }),
      });
      for (const [index, path] of photos.entries()) {
        const { framed } = await session.run({ image: await imageOf(path) });
        const pixels = framed?.data as Float32Array;
        const plane = pixels.length / 3;
        const fed = Float32Array.from(pixels, (_, at) => {
          const channel = Math.floor(at / plane);
          const from = told.channels === "BGR" ? (2 - channel) * plane + (at % plane) : at;
          return (pixels[from] ?? 0) * (told.scale[channel] ?? 1) + (told.offset[channel] ?? 0);
        });
        const answers = await answerOf(bytes, new Tensor("float32", fed, [1, 3, 16, 16]));
        expect(difference(answers, said[index] ?? [])).toBeLessThan(1e-5);
      }
      await session.release();
    },
  );

  test("runs in ONNX Runtime Web as it does here", async () => {
    const { run, photos, said } = await newRun({ keepProportions: true });
    for (const options of [{ opset: 17 }, { precision: "float16" }] as const) {
      const session = await InferenceSession.create(await onnxFile(run, options), { executionProviders: ["wasm"] });
      for (const [index, path] of photos.entries()) {
        const { data, dims } = await imageOf(path);
        const { probabilities } = await session.run({ image: new WebTensor("uint8", data as Uint8Array, dims) });
        expect(difference(Array.from(probabilities?.data as Float32Array), said[index] ?? [])).toBeLessThan(0.03);
      }
      await session.release();
    }
  });

  test("a network that counts the pictures of a batch asks the export's own input, in all forms", async () => {
    const { run, photos, said } = await newRun({ crop: 0.9 });
    const file = join(run, "model.onnx");
    await writeFile(file, countingPictures(await readFile(file)));
    for (const options of [{}, { precision: "float16", opset: 17 }, { batch: "1", size: "open" }] as const) {
      const bytes = await onnxFile(run, options);
      expect(readModel(bytes, "export").inputs.map(({ name }) => name)).toEqual(["image"]);
      for (const [index, path] of photos.entries()) {
        expect(difference(await answerOf(bytes, await imageOf(path)), said[index] ?? [])).toBeLessThan(0.03);
      }
    }
    // They are tried before they are handed over.
    const pictures = readModel(await onnxFile(run, { withoutPreprocessing: true }), "export");
    expect(pictures.nodes.some(({ op }) => op === "Shape")).toBe(true);
    for (const [to, options] of [
      ["transformersjs", {}],
      ["transformersjs", { withoutPreprocessing: true }],
      ["html", {}],
    ] as const) {
      expect((await exported(run, to, options)).files.size).toBeGreaterThan(0);
    }
  });

  test("a network that looks at photos beside its pictures is refused", async () => {
    const { run } = await newRun();
    const file = join(run, "model.onnx");
    await writeFile(file, countingPictures(await readFile(file), 1));
    const classifier = await openExportable(run);
    expect(() => classifier.network()).toThrow(/looks at photos beside the pictures/);
  });

  test("has margins that all programs read alike", async () => {
    const { run } = await newRun();
    const { nodes } = readModel(await onnxFile(run, {}), "export");
    const margins = nodes.filter(({ op }) => op === "Conv").map(({ attributes }) => attributes["auto_pad"]);
    expect(margins).toEqual(margins.map(() => undefined));
    expect(margins.length).toBeGreaterThan(4);
  });

  test("a classifier that does not frame photos as Graft does is refused", async () => {
    const file = join(folder, "colours.onnx");
    await writeFile(file, colourClassifier());
    const classifier = await openExportable(file);
    expect(() => classifier.network()).toThrow(/does not begin as classifiers of Graft do.*how large its pictures are/);
    const { run } = await newRun();
    const other = await openExportable(run);
    Object.assign(other.model.metadata, { image_size: "1e9" });
    expect(() => other.network()).toThrow(/pictures of 16 × 16 pixels, and 1000000000 in the metadata/);
  });
});

/** A server of the files of a folder. */
async function serve(root: string): Promise<{ readonly server: Server; readonly address: string }> {
  const server = createServer((request, response) => {
    readFile(join(root, new URL(request.url ?? "/", "http://localhost").pathname)).then(
      (bytes) => response.end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

async function writeFolder(place: string, files: Exported["files"]): Promise<void> {
  for (const [name, contents] of files) {
    await mkdir(dirname(join(place, name)), { recursive: true });
    await writeFile(join(place, name), contents);
  }
}

test("a page of many classes names some, and counts the rest once", async () => {
  const { run } = await newRun({ labels: Array.from({ length: 20 }, (_, index) => `class ${index}`) });
  const page = String((await exported(run, "html")).files.get("page.html"));
  expect(page).toMatch(/It tells 20 classes apart: &#34;class 0&#34;, .*&#34;class 11&#34; and 8 more\./);
});

describe("--to transformersjs", () => {
  const kept = { host: env.remoteHost, template: env.remotePathTemplate };
  beforeAll(() => {
    // Of servers: its default lies beside the package.
    env.cacheDir = join(folder, "cache");
  });
  afterAll(() => {
    Object.assign(env, { remoteHost: kept.host, remotePathTemplate: kept.template });
  });

  const labelled = (labels: readonly string[], said: readonly number[]): Map<string, number> =>
    new Map(labels.map((label, index) => [label, said[index] ?? NaN]));

  async function expectSame(
    name: string,
    { photos, said }: Awaited<ReturnType<typeof newRun>>,
    labels: readonly string[],
    tolerance: number,
  ): Promise<void> {
    const classify = await pipeline("image-classification", name);
    for (const [index, path] of photos.entries()) {
      const answers = await classify(path, { top_k: labels.length });
      const found = new Map(answers.map(({ label, score }) => [label, score]));
      expect([...found.keys()].sort()).toEqual([...labels].sort());
      for (const [label, probability] of labelled(labels, said[index] ?? [])) {
        expect(Math.abs((found.get(label) ?? NaN) - probability)).toBeLessThan(tolerance);
      }
    }
    await classify.dispose();
  }

  test.each([
    ["softmax", {}, hostileLabels],
    [
      "blue, green, red and a part of the photo",
      { preprocess: "caffe", crop: 0.875, keepProportions: true },
      hostileLabels,
    ],
    ["a sigmoid", { sigmoid: true, labels: ["no", "yes"] }, ["no", "yes"]],
  ] as const)("the folder is loaded from disk and says the same: %s", async (_, options, labels) => {
    const run = await newRun(options);
    const place = join(run.run, "..", "transformersjs");
    await writeFolder(place, (await exported(run.run, "transformersjs")).files);
    await expectSame(place, run, labels, 1e-5);
  });

  test("from a server, too, and in half precision", async () => {
    const run = await newRun();
    const root = join(run.run, "..", "served");
    await writeFolder(join(root, "mine"), (await exported(run.run, "transformersjs")).files);
    await writeFolder(join(root, "half"), (await exported(run.run, "transformersjs", { precision: "float16" })).files);
    const { server, address } = await serve(root);
    Object.assign(env, { remoteHost: address, remotePathTemplate: "{model}/" });
    try {
      await expectSame("mine", run, hostileLabels, 1e-5);
      await expectSame("half", run, hostileLabels, 0.02);
    } finally {
      server.close();
    }
  });

  test("what resizes is said as it is, also where the graph does it", async () => {
    const { run } = await newRun({ preprocess: "caffe", crop: 0.8, interpolation: "bicubic" });
    const json = (files: Exported["files"]): Record<string, unknown> =>
      JSON.parse(String(files.get("preprocessor_config.json"))) as Record<string, unknown>;
    const inside = json((await exported(run, "transformersjs")).files);
    const outside = json((await exported(run, "transformersjs", { withoutPreprocessing: true })).files);
    const same = { size: { height: 20, width: 20 }, crop_size: { height: 16, width: 16 }, resample: 3 };
    expect(inside).toMatchObject({ ...same, do_resize: false, do_rescale: false, do_normalize: false });
    expect(outside).toMatchObject({ ...same, do_resize: true, do_center_crop: true, do_flip_channel_order: true });
    const { image_mean: mean, image_std: deviation } = outside as Record<"image_mean" | "image_std", number[]>;
    // Of red, green and blue in [0, 1], which are turned round afterwards.
    [123.68, 116.779, 103.939].forEach((value, channel) => {
      expect((mean[channel] ?? NaN) * 255).toBeCloseTo(value, 3);
    });
    deviation.forEach((value) => {
      expect(value).toBeCloseTo(1 / 255, 6);
    });
  });
});

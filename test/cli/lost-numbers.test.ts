import { existsSync } from "node:fs";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layers, models, Tensor } from "graft-ml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readModel } from "../../src/onnx/read-model.js";
import { float32 } from "../../src/onnx/tensor-data.js";
import { writeModel } from "../../src/onnx/write-model.js";
import { colourClassifier } from "./colour-classifier.js";
import { events, graft } from "./command.js";
import { writePhotoFolder } from "./photos.js";
import { tinyNetwork } from "./tiny-network.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-lost-"));
  await writePhotoFolder(join(folder, "photos"), 6);
  await writeFile(join(folder, "lost.onnx"), changed(tinyNetwork(), "kernel", NaN));
  await writeFile(join(folder, "holds-nan.onnx"), changed(colourClassifier(), "scale", NaN));
  await writeFile(join(folder, "answers-nan.onnx"), changed(colourClassifier(), "scale", 3e38));
  await writeFile(join(folder, "steep.onnx"), steepNetwork());
});
afterAll(() => rm(folder, { recursive: true }));

/** The tiny network with a node between its convolution and its rectifier. */
function withNode(
  op: string,
  attributes: Readonly<Record<string, number>>,
  given: Readonly<Record<string, readonly number[]>> = {},
): Uint8Array {
  const model = readModel(tinyNetwork(), "test");
  const [conv, relu] = model.nodes;
  if (conv === undefined || relu === undefined) throw new TypeError("The network has two nodes.");
  const between = {
    ...{ name: "between", op, domain: "", inputs: ["y", ...Object.keys(given)], outputs: ["z"] },
    attributes: Object.fromEntries(
      Object.entries(attributes).map(([name, value]) => [name, { type: "float" as const, value }]),
    ),
  };
  const constants = Object.entries(given).map(([name, data]) => [name, float32(data, [])] as const);
  return writeModel({
    ...model,
    nodes: [conv, between, { ...relu, inputs: ["z"] }],
    constants: new Map([...model.constants, ...constants]),
  });
}

/** Writes a network of Keras's layers of whose kernel one number is lost. */
async function writeKerasNetwork(path: string, value: number): Promise<void> {
  const model = new models.Sequential([
    layers.Input({ shape: [32, 32, 3] }),
    new layers.Conv2D({ filters: 4, kernelSize: 1, name: "conv" }),
    new layers.GlobalAveragePooling2D(),
    new layers.Dense({ units: 3, activation: "softmax", name: "said" }),
  ]);
  const [kernel] = model.weights;
  if (kernel === undefined) throw new TypeError("The model has weights.");
  const data = Float32Array.from(kernel.value.data);
  data[1] = value;
  kernel.assign(new Tensor("float32", data, [...kernel.value.dims]));
  await model.save(path);
}

/** Copies a TensorFlow.js network, with one number of its weights replaced; its last 21 are those of the classifier. */
async function writeTfjsNetwork(path: string, value: number, place: number): Promise<void> {
  await cp(join(import.meta.dirname, "..", "fixtures", "tfjs-depthwise"), path, { recursive: true });
  const file = join(path, "weights.bin");
  const weights = await readFile(file);
  weights.writeFloatLE(value, 4 * place);
  await writeFile(file, weights);
}

/** A network with one number of a constant replaced. */
function changed(bytes: Uint8Array, name: string, value: number): Uint8Array {
  const model = readModel(bytes, "test");
  const constant = model.constants.get(name);
  if (constant === undefined) throw new TypeError(`There is no constant ${name}.`);
  const data = Float32Array.from(constant.data as Float32Array);
  data[1] = value;
  return writeModel({ ...model, constants: new Map([...model.constants, [name, float32(data, constant.dims)]]) });
}

/** The tiny network with a square root at its end, which has no real value once it has learned at a high rate. */
function steepNetwork(): Uint8Array {
  const model = readModel(tinyNetwork(), "test");
  const nodes = model.nodes.map((node) =>
    node.op === "Relu" ? { ...node, op: "Sqrt" } : { ...node, inputs: [...node.inputs, "bias"] },
  );
  const kernel = float32(
    Array.from({ length: 24 }, (_, index) => 0.1 * Math.sin(1 + index)),
    [8, 3, 1, 1],
  );
  const bias = float32(new Float32Array(8).fill(1), [8]);
  return writeModel({
    ...model,
    nodes,
    constants: new Map([
      ["kernel", kernel],
      ["bias", bias],
    ]),
  });
}

const options = ["--preprocess", "torch", "--epochs", "3", "--json"];

describe("graft train", () => {
  test("refuses a network with a weight that is no number, and names the weight", async () => {
    const { exitCode, stderr, stdout } = await graft(
      ["train", "photos", "--network", "lost.onnx", ...options, "--out", "refused"],
      folder,
    );
    expect(exitCode, stderr).toBe(1);
    expect(stderr).toMatch(/not all of its weights are numbers\.[\s\S]*NaN in the weight "conv\/kernel"/);
    expect(events(stdout).at(-1)).toMatchObject({ event: "error", code: "number" });
    expect(existsSync(join(folder, "refused"))).toBe(false);
  });

  test("says that a network sees no difference, and reads nothing into its rounding", async () => {
    await writeFile(join(folder, "blind.onnx"), withNode("Add", {}, { c: [1e6] }));
    const { exitCode, stderr, stdout } = await graft(
      ["train", "photos", "--network", "blind.onnx", ...options, "--out", "blind"],
      folder,
    );
    expect(exitCode, stderr).toBe(0);
    const codes = events(stdout).flatMap(({ event, code }) => (event === "warning" ? [code] : []));
    expect(codes).toContain("alike-features");
    expect(codes).not.toContain("underfitting");
    const record = JSON.parse(await readFile(join(folder, "blind", "run.json"), "utf8")) as {
      readonly result: { readonly warnings: readonly { readonly code: string }[] };
    };
    expect(record.result.warnings.map(({ code }) => code)).toContain("alike-features");
  });

  test("stops when the loss is lost, says where and why, and keeps the best weights", async () => {
    const { exitCode, stderr, stdout } = await graft(
      [
        "train",
        "photos",
        "--network",
        "steep.onnx",
        ...options,
        "--unfreeze",
        "all",
        "--learning-rate",
        "10",
        "--out",
        "run",
      ],
      folder,
    );
    expect(exitCode, stderr).toBe(1);
    expect(stderr).toMatch(
      /The training was stopped in (the validation of )?epoch \d+(, step \d+)?: the loss is (NaN|Infinity)/,
    );
    expect(stderr).toMatch(/a learning rate of [\d.]+ is too high/);
    expect(stderr).toMatch(/best epoch before, \d+ \(validation accuracy .*are kept in run.model\.onnx/);
    const last = events(stdout).at(-1);
    expect(last).toMatchObject({ event: "error", code: "number" });
    expect(events(stdout).some(({ event }) => event === "done")).toBe(false);
    const record = JSON.parse(await readFile(join(folder, "run", "run.json"), "utf8")) as {
      readonly result: { readonly val_loss: number };
    };
    const measured = await graft(["evaluate", "run", "photos", "--json"], folder);
    expect(measured.exitCode, measured.stderr).toBe(0);
    expect(record.result.val_loss).toBeGreaterThanOrEqual(0);
    const looked = await graft(["predict", "run", join("photos", "red", "0.jpg"), "--json"], folder);
    expect(looked.exitCode, looked.stderr).toBe(0);
  });
});

describe("a network that computes with what is no number", () => {
  const kinds: readonly (readonly [name: string, write: (path: string) => Promise<void>, named: RegExp])[] = [
    [
      "weight.onnx",
      (path) => writeFile(path, changed(tinyNetwork(), "kernel", Infinity)),
      /Infinity in the weight "conv\/kernel"/,
    ],
    [
      "attribute.onnx",
      (path) => writeFile(path, withNode("LeakyRelu", { alpha: NaN })),
      /NaN in the attribute "alpha" of "between"/,
    ],
    [
      "endless.onnx",
      (path) => writeFile(path, withNode("Elu", { alpha: -Infinity })),
      /-Infinity in the attribute "alpha"/,
    ],
    [
      "constant.onnx",
      (path) => writeFile(path, withNode("Sub", {}, { c: [NaN] })),
      /NaN in a constant of "between" \(Sub\)/,
    ],
    [
      "factor.onnx",
      (path) => writeFile(path, withNode("Mul", {}, { c: [Infinity] })),
      /Infinity in a constant of "between"/,
    ],
    ["lost.keras", (path) => writeKerasNetwork(path, NaN), /NaN in the weight "conv\/kernel"/],
    ["lost.h5", (path) => writeKerasNetwork(path, -Infinity), /-Infinity in the weight "conv\/kernel"/],
    ["lost-tfjs", (path) => writeTfjsNetwork(path, NaN, 0), /NaN in the weight "depthwise_conv2d_\w+\/\w*kernel"/],
  ];

  test.each(kinds)("is named by graft inspect and graft train: %s", async (name, write, named) => {
    await write(join(folder, name));
    const looked = await graft(["inspect", name], folder);
    expect(looked.exitCode, looked.stderr).toBe(0);
    expect(looked.stdout).toMatch(/^unusable .* are numbers\./m);
    expect(looked.stdout).toMatch(named);
    const trained = await graft(["train", "photos", "--network", name, ...options, "--out", "never"], folder);
    expect(trained.exitCode, trained.stderr).toBe(1);
    expect(trained.stderr).toMatch(named);
    expect(events(trained.stdout).at(-1)).toMatchObject({ event: "error", code: "number" });
    expect(existsSync(join(folder, "never"))).toBe(false);
  });

  test("is none where an infinity is a bound, or what is cut off", async () => {
    const bounds = { low: [0], high: [Infinity] };
    await writeFile(join(folder, "bounds.onnx"), withNode("Clip", {}, bounds));
    await writeTfjsNetwork(join(folder, "cut-tfjs"), NaN, 60);
    for (const name of ["bounds.onnx", "cut-tfjs"]) {
      const { exitCode, stdout } = await graft(["inspect", name], folder);
      expect(exitCode).toBe(0);
      expect(stdout).not.toMatch(/unusable/);
    }
  });
});

describe("a classifier that holds NaN", () => {
  test.each([
    ["predict", join("photos", "red", "0.jpg")],
    ["explain", join("photos", "red", "0.jpg")],
    ["evaluate", "photos"],
  ])("is refused by graft %s, which names where", async (command, ...photos) => {
    const { exitCode, stderr, stdout } = await graft([command, "holds-nan.onnx", ...photos, "--json"], folder);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/holds-nan\.onnx does not answer[\s\S]*NaN in a constant of "logits" \(Mul\)/);
    expect(stdout).not.toMatch(/prediction|explanation|null/);
  });
});

describe("a classifier that answers NaN", () => {
  test.each([
    ["predict", join("photos", "red", "0.jpg"), join("photos", "red", "1.jpg")],
    ["evaluate", "photos"],
  ])("is refused by graft %s", async (command, ...photos) => {
    const { exitCode, stderr, stdout } = await graft([command, "answers-nan.onnx", ...photos, "--json"], folder);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/answers-nan\.onnx does not answer with probabilities\.[\s\S]*: NaN/);
    expect(stdout).not.toMatch(/prediction|null/);
  });

  test("is refused from the cases of others, too", async () => {
    const other = new URL("../../../shared/cases/hostile/c_nan.onnx", import.meta.url).pathname;
    if (!existsSync(other)) return;
    const { exitCode, stderr } = await graft(["predict", other, join("photos", "red", "0.jpg")], folder);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/does not answer with probabilities/);
  });
});

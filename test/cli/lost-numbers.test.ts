import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
  await writeFile(join(folder, "answers-nan.onnx"), changed(colourClassifier(), "scale", NaN));
  await writeFile(join(folder, "steep.onnx"), steepNetwork());
});
afterAll(() => rm(folder, { recursive: true }));

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

describe("a classifier that answers NaN", () => {
  test.each([
    ["predict", join("photos", "red", "0.jpg"), join("photos", "red", "1.jpg")],
    ["evaluate", "photos"],
  ])("is refused by graft %s", async (command, ...photos) => {
    const { exitCode, stderr, stdout } = await graft([command, "answers-nan.onnx", ...photos, "--json"], folder);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/answers-nan\.onnx does not answer with probabilities\.[\s\S]*red: NaN/);
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

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { GraftError } from "../../src/errors/errors.js";
import { importOnnx } from "../../src/formats/onnx/import-model.js";
import type { Attribute, OnnxModel, OnnxNode } from "../../src/onnx/model.js";
import { readModel } from "../../src/onnx/read-model.js";
import { int64 } from "../../src/onnx/tensor-data.js";
import { writeModel } from "../../src/onnx/write-model.js";
import { operatorNames } from "../../src/ops/table.js";

/*
 * Files that were changed at random end in a model or in an error of Graft, at once.
 */

const folder = join(import.meta.dirname, "onnx-files");
const files = await Promise.all(
  ["batchN_reshape1", "gelu", "two_outputs", "cos"].map(async (name) => {
    const bytes = new Uint8Array(await readFile(join(folder, `${name}.onnx`)));
    return { bytes, model: readModel(bytes, name) };
  }),
);

/** Whole numbers below a limit, the same in each run. */
function numbersFrom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return Math.floor((state / 0x80000000) * limit);
  };
}

const odd = [0, 1, -1, 2, 3, 7, 64, 1000, -5, 1e6, 2 ** 31, 2 ** 40, 2 ** 53, -(2 ** 31), 1e10];
const attributeNames = ["axis", "axes", "perm", "pads", "strides", "kernel_shape", "group", "to", "mode", "blocksize"];

/** Ends in a model, or in an error of Graft. */
function expectEnd(bytes: Uint8Array): void {
  const start = performance.now();
  try {
    importOnnx(readModel(bytes, "changed.onnx"), { file: "changed.onnx" });
  } catch (error) {
    if (!(error instanceof GraftError)) throw error;
  }
  expect(performance.now() - start).toBeLessThan(20_000);
}

it("bytes that were changed", () => {
  const below = numbersFrom(1);
  for (let round = 0; round < 2000; round++) {
    const bytes = (files[below(files.length)]?.bytes ?? new Uint8Array()).slice();
    for (let change = below(4); change >= 0; change--) {
      const place = below(900);
      bytes[below(2) === 0 ? place : bytes.length - 1 - place] = below(256);
    }
    expectEnd(below(10) === 0 ? bytes.slice(0, below(bytes.length)) : bytes);
  }
});

it("operators, attributes, constants and connections that were changed", () => {
  const below = numbersFrom(2);
  const oneOf = <T>(list: readonly [T, ...T[]] | readonly T[]): T => {
    const chosen = list[below(list.length)];
    if (chosen === undefined) throw new Error("an empty list");
    return chosen;
  };
  const attribute = (): Attribute =>
    oneOf<Attribute>([
      { type: "int", value: oneOf(odd) },
      { type: "ints", value: Array.from({ length: below(5) }, () => oneOf(odd)) },
      { type: "float", value: oneOf([NaN, Infinity, -1, 0]) },
      { type: "string", value: "SAME_UPPER" },
    ]);
  const changed = (model: OnnxModel): OnnxModel => {
    const nodes: OnnxNode[] = [...model.nodes];
    const constants = new Map(model.constants);
    const place = below(nodes.length);
    const node: OnnxNode = oneOf(nodes);
    const inputs = [...node.inputs];
    switch (below(4)) {
      case 0:
        nodes[place] = { ...oneOf(nodes), op: oneOf(operatorNames()) };
        break;
      case 1:
        nodes[place] = { ...node, attributes: { ...node.attributes, [oneOf(attributeNames)]: attribute() } };
        break;
      case 2:
        constants.set("odd", int64(Array.from({ length: below(5) }, () => oneOf(odd))));
        inputs[below(inputs.length)] = "odd";
        nodes[place] = { ...node, inputs };
        break;
      default:
        inputs[below(inputs.length)] = oneOf([...constants.keys(), ...nodes.flatMap(({ outputs }) => outputs), ""]);
        nodes[place] = { ...node, inputs };
    }
    const shape = below(10) === 0 ? ["N", 3, oneOf(odd), 64] : model.inputs[0]?.shape;
    return { ...model, nodes, constants, inputs: model.inputs.map((info) => ({ ...info, shape })) };
  };
  for (let round = 0; round < 1500; round++) {
    let model = oneOf(files).model;
    for (let change = below(3); change >= 0; change--) model = changed(model);
    expectEnd(writeModel(model));
  }
});

it("a chain of twenty thousand operators, and a circle", () => {
  const { model } = files[0] ?? { model: undefined };
  if (model === undefined) throw new Error("no file");
  const node = (index: number, from: string): OnnxNode => ({
    name: `n${index}`,
    op: "Relu",
    domain: "",
    inputs: [from],
    outputs: [`n${index}`],
    attributes: {},
  });
  const chain = Array.from({ length: 20_000 }, (_, index) => node(index, index === 0 ? "input" : `n${index - 1}`));
  const outputs = [{ name: "n19999", type: "float32", shape: undefined } as const];
  expectEnd(writeModel({ ...model, nodes: chain, outputs }));
  const circle = [node(0, "n1"), node(1, "n0")];
  const bytes = writeModel({ ...model, nodes: circle, outputs: [{ name: "n1", type: "float32", shape: undefined }] });
  expect(() => importOnnx(readModel(bytes, "circle.onnx"), { file: "circle.onnx" })).toThrow(/nothing makes/);
});

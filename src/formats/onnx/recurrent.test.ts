import { InferenceSession, Tensor as NodeTensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import { optimizers, Tensor } from "graft-ml";
import type { Attribute, OnnxModel, OnnxNode } from "../../onnx/model.js";
import { float32, int64, type TensorData } from "../../onnx/tensor-data.js";
import { writeModel } from "../../onnx/write-model.js";
import { importOnnx } from "./import-model.js";

/* Recurrent layers over the rows of a picture: five steps of three channels. Their values are compared with ONNX Runtime's own kernels. */

const [steps, channels, hidden] = [5, 3, 4];

function wave(count: number, phase: number): Float32Array {
  return Float32Array.from({ length: count }, (_, index) => Math.sin(index * 0.77 + phase));
}

function node(
  op: string,
  inputs: string[],
  outputs: string[],
  attributes: Readonly<Record<string, Attribute>> = {},
): OnnxNode {
  return { name: outputs[0] ?? "", op, domain: "", inputs, outputs, attributes };
}

interface Case {
  readonly op: "LSTM" | "GRU" | "RNN";
  readonly direction?: "forward" | "reverse" | "bidirectional";
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** Which of Y, Y_h and Y_c is taken. */
  readonly output?: 0 | 1 | 2;
  readonly bias?: false;
  /** The state before the first step: that of all pictures. */
  readonly begins?: "zeros" | "numbers";
  readonly batchFirst?: true;
  readonly extra?: Readonly<Record<number, string>>;
}

/** A picture `[N, 3, 5, 2]` whose rows are the steps, through a layer and a mean over what is not of the picture. */
function network(given: Case): OnnxModel {
  const { op, direction = "forward", attributes = {}, output = 0, bias, begins, batchFirst, extra = {} } = given;
  const gates = { LSTM: 4, GRU: 3, RNN: 1 }[op];
  const directions = direction === "bidirectional" ? 2 : 1;
  const count = gates * hidden;
  const first = begins === "zeros" ? new Float32Array(directions * hidden) : wave(directions * hidden, 5);
  const state = batchFirst ? [1, directions, hidden] : [directions, 1, hidden];
  const inputs = ["sequence", "w", "r", bias === false ? "" : "b", "", "", "", ""];
  if (begins !== undefined) inputs.splice(5, 2, "h0", op === "LSTM" ? "c0" : "");
  for (const [place, name] of Object.entries(extra)) inputs[Number(place)] = name;
  while (inputs.at(-1) === "") inputs.pop();
  const outputs = ["y", "y_h", ...(op === "LSTM" ? ["y_c"] : [])];
  // Batch first: Y is [N, time, directions, hidden], the states are [N, directions, hidden]; else N comes behind them.
  const others = batchFirst ? (output === 0 ? [1, 2] : [1]) : output === 0 ? [0, 1] : [0];
  return {
    irVersion: 8,
    opsets: { "": 18 },
    producer: "test",
    graphName: "recurrent",
    nodes: [
      node("ReduceMean", ["image", "last"], ["rows"], { keepdims: { type: "int", value: 0 } }),
      node("Transpose", ["rows"], ["sequence"], { perm: { type: "ints", value: batchFirst ? [0, 2, 1] : [2, 0, 1] } }),
      node(op, inputs, outputs, {
        hidden_size: { type: "int", value: hidden },
        direction: { type: "string", value: direction },
        ...(batchFirst ? { layout: { type: "int", value: 1 } } : {}),
        ...attributes,
      }),
      node("Mul", [outputs[output] ?? "", "weights"], ["weighted"]),
      node("ReduceSum", ["weighted", "others"], ["features"], { keepdims: { type: "int", value: 0 } }),
    ],
    inputs: [{ name: "image", type: "float32", shape: [1, channels, steps, steps] }],
    outputs: [{ name: "features", type: "float32", shape: [1, hidden] }],
    constants: new Map<string, TensorData>([
      ["last", int64([3])],
      ["others", int64(others)],
      ["w", float32(wave(directions * count * channels, 1), [directions, count, channels])],
      ["r", float32(wave(directions * count * hidden, 2), [directions, count, hidden])],
      ["b", float32(wave(directions * 2 * count, 3), [directions, 2 * count])],
      ["h0", float32(first, state)],
      [
        "c0",
        float32(
          first.map((number) => number / 2),
          state,
        ),
      ],
      ["weights", float32(wave(hidden, 4), [hidden])],
      ["lengths", { type: "int32", dims: [1], data: Int32Array.from([3]) }],
      ["peepholes", float32(wave(directions * 3 * hidden, 6), [directions, 3 * hidden])],
    ]),
    metadata: {},
  };
}

const pixels = wave(2 * steps * steps * channels, 0);

/** The features of each picture as ONNX Runtime computes them, one picture after the other. */
async function expectedOf(model: OnnxModel): Promise<number[]> {
  const session = await InferenceSession.create(writeModel(model), { logSeverityLevel: 3 });
  const all: number[] = [];
  for (const picture of [0, 1]) {
    const first = new Float32Array(steps * steps * channels);
    first.forEach((_, place) => {
      const [channel, pixel] = [Math.floor(place / (steps * steps)), place % (steps * steps)];
      first[place] = pixels[(picture * steps * steps + pixel) * channels + channel] ?? 0;
    });
    const fed = { image: new NodeTensor("float32", first, [1, channels, steps, steps]) };
    all.push(...((await session.run(fed))["features"]?.data as Float32Array));
  }
  await session.release();
  return all;
}

function photos(): Tensor {
  return new Tensor("float32", pixels, [2, steps, steps, channels]);
}

const text = (...value: string[]): Attribute => ({ type: "strings", value });
const yes: Attribute = { type: "int", value: 1 };

const cases: readonly Case[] = [
  { op: "LSTM" },
  { op: "LSTM", direction: "reverse", begins: "numbers" },
  { op: "LSTM", direction: "bidirectional", begins: "zeros" },
  { op: "LSTM", direction: "bidirectional", begins: "numbers", output: 1, bias: false },
  {
    op: "LSTM",
    direction: "bidirectional",
    output: 2,
    attributes: { activations: text(..."Sigmoid Tanh Relu ".repeat(2).trim().split(" ")) },
  },
  { op: "GRU", bias: false },
  { op: "GRU", direction: "reverse", output: 1 },
  { op: "GRU", direction: "bidirectional", attributes: { linear_before_reset: yes } },
  { op: "GRU", begins: "numbers", attributes: { linear_before_reset: yes } },
  { op: "GRU", direction: "bidirectional", begins: "numbers" },
  { op: "RNN", direction: "bidirectional", begins: "numbers" },
  { op: "RNN", attributes: { activations: text("Relu") }, output: 1 },
];

describe("recurrent layers", () => {
  test.each(cases)("%j gives the numbers of ONNX Runtime for each picture of a batch", async (given) => {
    const file = network(given);
    const model = importOnnx(file, { file: "recurrent.onnx" });
    const features = await model.predict(photos(), { verbose: 0 });
    const expected = await expectedOf(file);
    expect(features.dims).toEqual([2, hidden]);
    expected.forEach((number, place) => {
      expect(features.data[place]).toBeCloseTo(number, 5);
    });
  });

  test.each([{ op: "LSTM" }, { op: "GRU", output: 1 }, { op: "RNN" }] as const)(
    "%j with the batch first gives what it gives with time first",
    async (given) => {
      const numbers = async (one: Case): Promise<number[]> => {
        const model = importOnnx(network({ ...one, begins: "numbers" }), { file: "recurrent.onnx" });
        return Array.from((await model.predict(photos(), { verbose: 0 })).data as Float32Array);
      };
      expect(await numbers({ ...given, batchFirst: true })).toEqual(await numbers(given));
    },
  );

  test.each(cases.filter(({ direction }) => direction === "bidirectional").slice(1))(
    "%j learns by gradients that agree with finite differences",
    async (given) => {
      const file = network(given);
      const weights = ["w", "r", ...(given.bias === false ? [] : ["b"])];
      const loss = async (model: OnnxModel): Promise<number> =>
        (await expectedOf(model)).reduce((sum, number) => sum + number * number, 0) / (2 * hidden);
      // Of each tensor how the loss changes along its own numbers: a sum over all of its gradient.
      let slope = 0;
      const step = 2 ** -7;
      for (const name of weights) {
        const tensor = file.constants.get(name) as TensorData<"float32">;
        const moved = (by: number): OnnxModel => ({
          ...file,
          constants: new Map([
            ...file.constants,
            [name, { ...tensor, data: tensor.data.map((number) => number * (1 + by)) }],
          ]),
        });
        slope += ((await loss(moved(step))) - (await loss(moved(-step)))) / (2 * step);
      }
      const model = importOnnx(file, { file: "recurrent.onnx" });
      const learned = model.trainableWeights.filter(({ name }) => !name.includes("scale"));
      const learningRate = 1e-3;
      model.compile({ optimizer: new optimizers.SGD({ learningRate }), loss: "mse" });
      const before = learned.map(({ value }) => Array.from(value.data, Number));
      await model.trainOnBatch(photos(), new Tensor("float32", new Float32Array(2 * hidden), [2, hidden]));
      const along = learned.map(({ value }, index) =>
        (before[index] ?? []).reduce(
          (sum, number, place) => sum + (number * (number - Number(value.data[place]))) / learningRate,
          0,
        ),
      );
      const found = along.reduce((sum, one) => sum + one, 0);
      expect(Math.abs(found - slope)).toBeLessThan(2e-3 * Math.abs(slope) + 1e-3);
    },
  );

  test("its weights bear its name", () => {
    const names = importOnnx(network({ op: "LSTM" }), { file: "recurrent.onnx" }).layers.map(({ name }) => name);
    expect(names.slice(0, 3)).toEqual(["y", "y_1", "y_2"]);
  });

  test.each([
    [{ op: "LSTM", extra: { 7: "peepholes" } }, /peepholes/],
    [{ op: "GRU", extra: { 4: "lengths" } }, /sequences of one length/],
    [{ op: "LSTM", attributes: { clip: { type: "float", value: 1 } } }, /clip/],
    [{ op: "RNN", attributes: { activations: text("Affine") } }, /Affine/],
    [{ op: "LSTM", extra: { 1: "rows" } }, /constant weights/],
  ] as const)("refuses %j by name", (given: Case, message) => {
    expect(() => importOnnx(network(given), { file: "recurrent.onnx" })).toThrow(message);
  });
});

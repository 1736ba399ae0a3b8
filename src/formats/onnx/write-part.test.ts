import { InferenceSession, Tensor as NodeTensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import { Tensor } from "graft-ml";
import type { Attribute, OnnxModel, OnnxNode } from "../../onnx/model.js";
import { float32, int64, type TensorData } from "../../onnx/tensor-data.js";
import { writeModel } from "../../onnx/write-model.js";
import { importOnnx } from "./import-model.js";

/* `x[:, channels, rows] = y`, as PyTorch's older exporter writes it: an index for each number, made of a range for each axis. */

const side = 4;

function node(op: string, inputs: string[], output: string, attributes: OnnxNode["attributes"] = {}): OnnxNode {
  return { name: output, op, domain: "", inputs, outputs: [output], attributes };
}

const int = (value: number): Attribute => ({ type: "int", value });

/** Channels and rows of the picture into which the square of the picture is put. */
interface Part {
  readonly channels: readonly number[];
  readonly rows: readonly number[];
}

/** @param batch how many pictures the file is for; default any */
function network({ channels, rows }: Part, batch?: number): OnnxModel {
  const [c, h] = [channels.length, rows.length];
  const constants = new Map<string, TensorData>([
    ["zero", int64([0], [])],
    ["one", int64([1], [])],
    ["at0", int64([0])],
    ["last", int64([-1])],
    ["channels", int64([...channels], [c, 1])],
    ["rows", int64([...rows])],
    ["column", int64([-1, 1, 1])],
    ["parts", int64([c, h])],
    ["taken", int64([...channels])],
    ["takenRows", int64([...rows])],
    ["means", int64([1, 3])],
  ]);
  // The pictures: of an open batch counted when the graph runs, of a fixed one by a constant.
  const pictures =
    batch === undefined
      ? [
          node("Shape", ["image"], "extents"),
          node("Gather", ["extents", "zero"], "count"),
          node("Range", ["zero", "count", "one"], "range"),
          node("Reshape", ["range", "column"], "pictures"),
          node("Unsqueeze", ["count", "at0"], "counts"),
        ]
      : [];
  if (batch !== undefined) {
    const numbers = Array.from({ length: batch }, (_, picture) => picture);
    constants.set("pictures", int64(numbers, [batch, 1, 1])).set("counts", int64([batch]));
  }
  const spread = ["pictures", "channels", "rows"].flatMap((name) => [
    node("Expand", [name, "grid"], `${name}Spread`),
    node("Unsqueeze", [`${name}Spread`, "last"], `${name}Index`),
  ]);
  return {
    irVersion: 8,
    opsets: { "": 18 },
    producer: "test",
    graphName: "part",
    nodes: [
      ...pictures,
      node("Concat", ["counts", "parts"], "grid", { axis: int(0) }),
      ...spread,
      node("Concat", ["picturesIndex", "channelsIndex", "rowsIndex"], "indices", { axis: int(-1) }),
      node("Mul", ["image", "image"], "square"),
      node("Gather", ["square", "taken"], "some", { axis: int(1) }),
      node("Gather", ["some", "takenRows"], "updates", { axis: int(2) }),
      node("ScatterND", ["image", "indices", "updates"], "written"),
      node("ReduceSum", ["written", "means"], "features", { keepdims: int(0) }),
    ],
    inputs: [{ name: "image", type: "float32", shape: [batch ?? "N", 3, side, side] }],
    outputs: [{ name: "features", type: "float32", shape: [batch ?? "N", side] }],
    constants,
    metadata: {},
  };
}

const pixels = Float32Array.from({ length: 2 * 3 * side * side }, (_, index) => Math.sin(index * 0.7) + 2);

/** The same numbers with the channels first. */
function channelsFirst(): Float32Array {
  const places = side * side;
  return pixels.map((_, place) => {
    const [picture, rest] = [Math.floor(place / (3 * places)), place % (3 * places)];
    return pixels[(picture * places + (rest % places)) * 3 + Math.floor(rest / places)] ?? 0;
  });
}

const parts: readonly Part[] = [
  { channels: [0, 1, 2], rows: [1, 2] },
  { channels: [1], rows: [0, 1, 2, 3] },
  { channels: [1, 2], rows: [3] },
  { channels: [0, 2], rows: [2, 3] },
  { channels: [0, 1], rows: [3, 1] },
  { channels: [0, 1, 2], rows: [0, 1, 2, 3] },
];

describe("a part of a tensor that is written in place", () => {
  test.each(parts.flatMap((part) => [undefined, 2].map((batch) => [part, batch] as const)))(
    "%j of %s pictures is what ONNX Runtime writes",
    async (part, batch) => {
      const file = network(part, batch);
      const session = await InferenceSession.create(writeModel(file), { logSeverityLevel: 3 });
      const fed = { image: new NodeTensor("float32", channelsFirst(), [2, 3, side, side]) };
      const expected = (await session.run(fed))["features"]?.data as Float32Array;
      await session.release();
      const photos = new Tensor("float32", pixels, [2, side, side, 3]);
      const ours = await importOnnx(file, { file: "part.onnx" }).predict(photos, { verbose: 0 });
      expect(ours.dims).toEqual([2, side]);
      expected.forEach((number, place) => {
        expect(ours.data[place]).toBeCloseTo(number, 4);
      });
    },
  );

  test("is refused where it would be written into some pictures of a batch only", () => {
    const file = network({ channels: [0], rows: [0] }, 2);
    const constants = new Map(file.constants)
      .set("pictures", int64([1], [1, 1, 1]))
      .set("counts", int64([1]))
      .set("values", float32([5], [1, 1, 1, side].slice(1)));
    const nodes = file.nodes.map((one) =>
      one.op === "ScatterND" ? { ...one, inputs: ["image", "indices", "oneOf"] } : one,
    );
    const broken: OnnxModel = {
      ...file,
      nodes: [node("Expand", ["values", "shape"], "oneOf"), ...nodes],
      constants: constants.set("shape", int64([1, 1, 1, side])),
    };
    expect(() => importOnnx(broken, { file: "part.onnx" })).toThrow(/"written" \(ScatterND\)/);
  });
});

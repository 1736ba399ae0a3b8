import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FileError } from "../errors/errors.js";
import type { Attribute, OnnxModel } from "./model.js";
import { readModel } from "./read-model.js";
import {
  allocate,
  bytesOf,
  elementCount,
  type ElementType,
  float32,
  fromBytes,
  int64,
  type TensorData,
} from "./tensor-data.js";
import { writeModel } from "./write-model.js";

const types: readonly ElementType[] = ["float32", "float64", "float16", "int64", "int32", "int8", "uint8", "bool"];

const tensors: fc.Arbitrary<TensorData> = fc
  .record({
    type: fc.constantFrom(...types),
    dims: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }),
    seed: fc.nat(100),
  })
  .map(({ type, dims, seed }) => {
    const data = allocate(type, elementCount(dims));
    for (let index = 0; index < data.length; index++) {
      const number = (seed + 3 * index) % 100;
      data[index] = data instanceof BigInt64Array ? BigInt(-number) : type === "bool" ? number % 2 : number;
    }
    return { type, dims, data };
  });

const float = fc.float({ noNaN: true, noDefaultInfinity: true });
const whole = fc.maxSafeInteger();
const attributes: fc.Arbitrary<Attribute> = fc.oneof(
  whole.map((value): Attribute => ({ type: "int", value })),
  float.map((value): Attribute => ({ type: "float", value })),
  fc.string().map((value): Attribute => ({ type: "string", value })),
  fc.array(whole).map((value): Attribute => ({ type: "ints", value })),
  fc.array(float).map((value): Attribute => ({ type: "floats", value })),
  fc.array(fc.string()).map((value): Attribute => ({ type: "strings", value })),
  tensors.map((value): Attribute => ({ type: "tensor", value })),
);

const word = fc.stringMatching(/^[a-z]{2,8}$/);
const models: fc.Arbitrary<OnnxModel> = fc
  .record({
    constants: fc.dictionary(word, tensors, { maxKeys: 4, noNullPrototype: true }),
    attributes: fc.dictionary(word, attributes, { maxKeys: 4, noNullPrototype: true }),
    metadata: fc.dictionary(word, fc.string(), { maxKeys: 3, noNullPrototype: true }),
  })
  .map(({ constants, attributes: set, metadata }) => ({
    irVersion: 8,
    opsets: { "": 18 },
    producer: "graft-ml",
    graphName: "graft",
    nodes: [
      {
        name: "n",
        op: "Custom",
        domain: "",
        inputs: ["x", "", ...Object.keys(constants)],
        outputs: ["y"],
        attributes: set,
      },
    ],
    inputs: [{ name: "x", type: "float32", shape: ["N", 3] }],
    outputs: [{ name: "y", type: "bool", shape: [] }],
    constants: new Map(Object.entries(constants)),
    metadata,
  }));

const small: OnnxModel = {
  irVersion: 8,
  opsets: { "": 18 },
  producer: "graft-ml",
  graphName: "graft",
  nodes: [{ name: "n", op: "Mul", domain: "", inputs: ["x", "w"], outputs: ["y"], attributes: {} }],
  inputs: [{ name: "x", type: "float32", shape: ["N", 3] }],
  outputs: [{ name: "y", type: "float32", shape: ["N", 3] }],
  constants: new Map([
    [
      "w",
      float32(
        Array.from({ length: 3000 }, (_, index) => index),
        [1000, 3],
      ),
    ],
  ]),
  metadata: { labels: '["cat","dog"]' },
};

describe("a model file", () => {
  test("gives back what was written", () => {
    fc.assert(
      fc.property(models, (model) => {
        const { metadata, ...rest } = readModel(writeModel(model), "x.onnx");
        expect({ ...rest, metadata }).toEqual(model);
      }),
      { seed: 3, numRuns: 200 },
    );
  });

  test("is deterministic", () => {
    expect(writeModel(small)).toEqual(writeModel(small));
  });

  test("that is cut off anywhere is refused, by name", () => {
    const bytes = writeModel(small);
    const lengths = [0, 1, 7, 100, bytes.length >> 1, bytes.length - 1000, bytes.length - 1];
    for (const length of lengths) {
      expect(() => readModel(bytes.slice(0, length), "photos.onnx")).toThrow(FileError);
      expect(() => readModel(bytes.slice(0, length), "photos.onnx")).toThrow(/photos\.onnx/);
    }
  });

  test("that is something else is refused", () => {
    const others = ["not a model", "\x89PNG\r\n\x1a\n0000", '{"format": "layers-model"}', "\x89HDF\r\n\x1a\n"];
    for (const text of others) {
      expect(() => readModel(new TextEncoder().encode(text), "other.bin")).toThrow(FileError);
    }
  });

  test("may write a constant's numbers one by one, or list it among the inputs", () => {
    const bytes = writeModel({
      ...small,
      constants: new Map([["w", float32([1, 2, 3], [3])]]),
      inputs: [...small.inputs, { name: "w", type: "float32", shape: [3] }],
    });
    const model = readModel(bytes, "old.onnx");
    expect(model.inputs.map(({ name }) => name)).toEqual(["x"]);
    expect(model.constants.get("w")?.data).toEqual(Float32Array.of(1, 2, 3));
  });

  test("with a tensor of another size than its shape says is refused", () => {
    const bytes = writeModel({ ...small, constants: new Map([["w", { ...float32([1, 2, 3], [3]), dims: [4] }]]) });
    expect(() => readModel(bytes, "x.onnx")).toThrow(
      /tensor "w" of x.onnx is damaged.*Expected: 4 elements.*Received: 3/,
    );
  });
});

describe("tensor data", () => {
  test("views bytes where they are aligned, and copies them elsewhere", () => {
    const numbers = Float32Array.of(1, 2, 3);
    const bytes = bytesOf(float32(numbers, [3]));
    expect(fromBytes("float32", bytes).buffer).toBe(numbers.buffer);
    const shifted = new Uint8Array(13);
    shifted.set(bytes, 1);
    expect(fromBytes("float32", shifted.subarray(1))).toEqual(numbers);
    expect(() => fromBytes("float32", bytes.subarray(0, 7))).toThrow(RangeError);
  });

  test("counts elements, one of them in a scalar", () => {
    expect([elementCount([]), elementCount([2, 3]), elementCount([2, 0])]).toEqual([1, 6, 0]);
    expect(int64([1, -2]).data).toEqual(BigInt64Array.of(1n, -2n));
  });
});

import { expect, test } from "vitest";
import { attributeOf, nodeSchema } from "./attributes.js";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

test("every kind of attribute is parsed", () => {
  const node = nodeSchema.parse({
    name: "n",
    op: "Op",
    input: ["a", "b:1", "^c"],
    attr: {
      padding: { s: base64("SAME") },
      format: { s: [78, 72, 87, 67] },
      plain: { s: "SAME" },
      none: { s: [] },
      N: { i: "2" },
      big: { i: "-9007199254740991" },
      count: { i: 3 },
      epsilon: { f: 0.001 },
      infinite: { f: "-Infinity" },
      training: { b: false },
      T: { type: 1 },
      dtype: { type: "DT_INT32" },
      half: { type: "DT_HALF" },
      exotic: { type: 12 },
      shape: { shape: { dim: [{ size: "-1" }, { size: 4 }, {}] } },
      scalar: { shape: {} },
      ranked: { shape: { unknownRank: true } },
      strides: { list: { s: [], i: ["1", "2", "2", "1"], f: [] } },
      words: { list: { s: [base64("loc:@x")] } },
      scales: { list: { f: [0.5, 1] } },
      flags: { list: { b: [true] } },
      types: { list: { type: [3, "DT_FLOAT"] } },
      shapes: { list: { shape: [{ dim: [{ size: "2" }] }, { unknownRank: true }] } },
      paddings: { list: {} },
      value: { tensor: { dtype: 3, tensorShape: { dim: [{ size: "2" }] }, intVal: [] } },
      body: { func: { name: "while_body" } },
    },
  });
  expect(node.inputs).toEqual(["a", "b:1", "^c"]);
  expect(node.attributes).toEqual({
    padding: { kind: "string", value: "SAME" },
    format: { kind: "string", value: "NHWC" },
    plain: { kind: "string", value: "SAME" },
    none: { kind: "string", value: "" },
    N: { kind: "int", value: 2 },
    big: { kind: "int", value: -9007199254740991 },
    count: { kind: "int", value: 3 },
    epsilon: { kind: "float", value: 0.001 },
    infinite: { kind: "float", value: -Infinity },
    training: { kind: "bool", value: false },
    T: { kind: "type", value: "float32" },
    dtype: { kind: "type", value: "int32" },
    half: { kind: "type", value: "float16" },
    exotic: { kind: "type", value: "DT_12" },
    shape: { kind: "shape", value: [-1, 4, 0] },
    scalar: { kind: "shape", value: [] },
    ranked: { kind: "shape", value: null },
    strides: { kind: "ints", value: [1, 2, 2, 1] },
    words: { kind: "strings", value: ["loc:@x"] },
    scales: { kind: "floats", value: [0.5, 1] },
    flags: { kind: "bools", value: [true] },
    types: { kind: "types", value: ["int32", "float32"] },
    shapes: { kind: "shapes", value: [[2], null] },
    paddings: { kind: "empty", value: [] },
    value: { kind: "tensor", value: { type: "int32", shape: [2] } },
    body: { kind: "function", value: "while_body" },
  });
});

test("a node without inputs and attributes is complete", () => {
  expect(nodeSchema.parse({ name: "n", op: "NoOp" })).toEqual({ name: "n", op: "NoOp", inputs: [], attributes: {} });
});

const node = nodeSchema.parse({
  name: "conv",
  op: "Conv2D",
  attr: { strides: { list: { i: ["1", "2"] } }, explicit_paddings: { list: {} } },
});

test("an attribute is asked for by its kind; an empty list is a list of any kind; a default stands in", () => {
  expect(attributeOf(node, "strides", "ints")).toEqual([1, 2]);
  expect(attributeOf(node, "explicit_paddings", "ints")).toEqual([]);
  expect(attributeOf(node, "dilations", "ints", [1, 1])).toEqual([1, 1]);
});

test("a missing attribute and one of another kind are errors that name the node", () => {
  expect(() => attributeOf(node, "stride", "ints")).toThrow(/Conv2D node "conv" .*"stride".*Did you mean "strides"/);
  expect(() => attributeOf(node, "strides", "string", "")).toThrow(/of kind string.*one of kind ints/);
});

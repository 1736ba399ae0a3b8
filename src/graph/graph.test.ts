import { describe, expect, test } from "vitest";
import { UsageError } from "../errors/errors.js";
import { readModel } from "../onnx/read-model.js";
import { float32, int64 } from "../onnx/tensor-data.js";
import { writeModel } from "../onnx/write-model.js";
import { dependents, inputsOf, nodesInOrder } from "./graph.js";
import { rebuild } from "./rebuild.js";
import { serialize } from "./serialize.js";
import { shareEqualSubgraphs } from "./share.js";
import { constant, input, Node, type Value } from "./value.js";

const x = input("x", "float32", ["N", 3]);
const y = input("y", "float32", ["N", 3]);

/** A call of some operator with outputs like its first input. */
function call(op: string, inputs: readonly Value[], outputs = 1, required = outputs): readonly Value[] {
  const types = Array.from({ length: outputs }, () => inputs[0] ?? x);
  return new Node(op, inputs, {}, types, required).outputs;
}
function one(op: string, ...inputs: readonly Value[]): Value {
  return call(op, inputs)[0] ?? x;
}
const ops = (...values: readonly Value[]): string[] => nodesInOrder(values).map(({ op }) => op);

describe("a graph", () => {
  test("is what its outputs reach, each node once and behind what it needs", () => {
    const a = one("A", x);
    const b = one("B", a, y);
    const c = one("C", a, b);
    expect(ops(c, b)).toEqual(["A", "B", "C"]);
    expect(inputsOf([c])).toEqual([x, y]);
    expect(ops()).toEqual([]);
  });

  test("may be deeper than the call stack", () => {
    let value: Value = x;
    for (let depth = 0; depth < 50_000; depth++) value = one("A", value);
    expect(nodesInOrder([value])).toHaveLength(50_000);
    expect(dependents([value], new Set([x])).size).toBe(50_001);
  });

  test("can be cut off at a value", () => {
    const a = one("A", x);
    const b = one("B", a);
    const stopAt = new Set([a]);
    expect(nodesInOrder([b], stopAt).map(({ op }) => op)).toEqual(["B"]);
    expect(inputsOf([b], stopAt)).toEqual([a]);
    expect(dependents([b], new Set([x]), stopAt).has(b)).toBe(false);
  });

  test("knows what depends on a value", () => {
    const a = one("A", x);
    const b = one("B", y);
    const c = one("C", a, b);
    const found = dependents([c], new Set([y]));
    expect([a, b, c].map((value) => found.has(value))).toEqual([false, true, true]);
  });
});

describe("rebuild", () => {
  test("keeps what does not change, and replaces the rest", () => {
    const a = one("A", x);
    const b = one("B", a, y);
    const c = one("C", b);
    expect(rebuild([c], new Map())(c)).toBe(c);
    const renew = rebuild([c], new Map([[y, x]]));
    expect(renew(a)).toBe(a);
    expect(renew(c)).not.toBe(c);
    expect(inputsOf([renew(c)])).toEqual([x]);
    const renamed = rebuild([c], new Map(), ({ op }, [operand]) =>
      op === "B" && operand !== undefined ? [one("D", operand)] : undefined,
    );
    expect(ops(renamed(c))).toEqual(["A", "D", "C"]);
  });

  test("does not look behind what it substitutes", () => {
    const a = one("A", x);
    const b = one("B", a);
    expect(ops(rebuild([b], new Map([[a, y]]))(b))).toEqual(["B"]);
  });
});

describe("shareEqualSubgraphs", () => {
  test("computes the same call on the same values once", () => {
    const twice = one("Add", one("A", x, y), one("A", x, y));
    const renew = shareEqualSubgraphs([twice]);
    expect(ops(renew(twice))).toEqual(["A", "Add"]);
  });

  test("knows constants by their numbers, whatever arrays they lie in", () => {
    const small = (): Value => constant(int64([1, 2]));
    const sum = one("Add", one("A", x, small()), one("A", x, small()));
    expect(ops(shareEqualSubgraphs([sum])(sum))).toEqual(["A", "Add"]);
    const numbers = new Float32Array(5000);
    const others = numbers.slice();
    others[4999] = 1;
    const constants = [numbers, numbers, numbers.slice(), others].map((data) => constant(float32(data, [5000])));
    const large = constants.map((weight) => one("A", x, weight));
    const renew = shareEqualSubgraphs(large);
    expect(new Set(large.map(renew)).size).toBe(2);
    // The same numbers in another shape are another constant.
    const shaped = [
      [2, 1],
      [1, 2],
    ].map((dims) => one("A", x, constant(int64([1, 2], dims))));
    expect(new Set(shaped.map(shareEqualSubgraphs(shaped))).size).toBe(2);
  });

  test("tells inputs, attributes and numbers of outputs apart", () => {
    const different = [
      one("A", x, y),
      one("A", y, x),
      one("A", x),
      new Node("A", [x], { axis: { type: "int", value: 1 } }, [x]).outputs[0] ?? x,
      new Node("A", [x], { axis: { type: "int", value: 2 } }, [x]).outputs[0] ?? x,
      new Node("A", [x, undefined, y], {}, [x]).outputs[0] ?? x,
      call("A", [x], 2)[0] ?? x,
    ];
    expect(new Set(different.map(shareEqualSubgraphs(different))).size).toBe(different.length);
  });
});

describe("serialize", () => {
  test("names inputs and outputs as they are called, and everything else uniquely", () => {
    const weight = constant(float32([1, 2, 3], [3]));
    const hidden = one("Relu", one("Mul", x, weight));
    const model = serialize({ out: one("Relu", hidden), hidden }, { names: new Map([[weight, "w"]]) });
    expect(model.inputs).toEqual([{ name: "x", type: "float32", shape: ["N", 3] }]);
    expect(model.outputs.map(({ name }) => name)).toEqual(["out", "hidden"]);
    expect([...model.constants.keys()]).toEqual(["w"]);
    expect(model.nodes.map(({ name, inputs, outputs }) => [name, inputs, outputs])).toEqual([
      ["Mul_0", ["x", "w"], ["Mul_0"]],
      ["Relu_0", ["Mul_0"], ["hidden"]],
      ["Relu_1", ["hidden"], ["out"]],
    ]);
  });

  test("gives an input, a constant or a twin that is an output a name of its own", () => {
    const a = one("A", x);
    const model = serialize({ a, again: a, same: x, number: constant(float32([1], [])) });
    const identities = model.nodes
      .filter(({ op }) => op === "Identity")
      .map(({ inputs, outputs }) => [inputs, outputs]);
    expect(identities).toEqual([
      [["a"], ["again"]],
      [["x"], ["same"]],
      [["constant"], ["number"]],
    ]);
  });

  test("lists inputs that are not used only on request", () => {
    const outputs = { a: one("A", x) };
    expect(serialize(outputs).inputs.map(({ name }) => name)).toEqual(["x"]);
    expect(serialize(outputs, { inputs: [y, x] }).inputs.map(({ name }) => name)).toEqual(["y", "x"]);
  });

  test("refuses two inputs of one name, and an output with the name of an input", () => {
    const sum = one("Add", x, input("x", "float32", ["N", 3]));
    expect(() => serialize({ sum })).toThrow(UsageError);
    expect(() => serialize({ x: one("A", x) })).toThrow(/Two inputs or outputs of a graph are named "x"/);
  });

  test("leaves an absent input's place empty, and an optional output that nobody uses away", () => {
    const gap = new Node("Clip", [x, undefined, y], {}, [x]).outputs[0] ?? x;
    expect(serialize({ gap }).nodes[0]?.inputs).toEqual(["x", "", "y"]);
    const [pooled = x, indices = x] = call("MaxPool", [x], 2, 1);
    expect(serialize({ pooled }).nodes[0]?.outputs).toEqual(["pooled"]);
    expect(serialize({ pooled, used: one("A", indices) }).nodes[0]?.outputs).toEqual(["pooled", "MaxPool_0_1"]);
    const [, second = x] = call("Split", [x], 2);
    expect(serialize({ second }).nodes[0]?.outputs).toHaveLength(2);
  });

  test("comes back from the file as it went in", () => {
    const clipped = new Node("Clip", [one("Mul", x, constant(float32([1, 2, 3], [3]))), undefined, y], {}, [x]);
    const joined = new Node("Concat", clipped.outputs, { axis: { type: "int", value: -1 } }, [x]);
    const model = serialize({ y2: joined.outputs[0] ?? x }, { metadata: { labels: "[]" }, name: "photos" });
    expect(readModel(writeModel(model), "photos.onnx")).toEqual(model);
  });
});

import { describe, expect, test } from "vitest";
import { ShapeError, UsageError } from "../errors/errors.js";
import { nodesInOrder } from "../graph/graph.js";
import { input, type Value } from "../graph/value.js";
import { hardSwish, relu } from "../ops/activations.js";
import { greater, where } from "../ops/comparison.js";
import { scalarLike } from "../ops/constants.js";
import { conv } from "../ops/convolution.js";
import { mul, sub } from "../ops/elementwise.js";
import { cast } from "../ops/layout.js";
import { instanceNormalization } from "../ops/normalization.js";
import { quantizeLinear } from "../ops/quantization.js";
import { reduceMean, reduceSum } from "../ops/reduction.js";
import { defineOp, type Op } from "../ops/define.js";
import { rowOf } from "../ops/table.js";
import { gradients } from "./gradients.js";

function total(value: Value): Value {
  return reduceSum(value, undefined, { keepdims: 0 });
}

function ops(values: readonly Value[]): string[] {
  return nodesInOrder(values).map(({ op }) => op);
}

function count(values: readonly Value[], op: string): number {
  return ops(values).filter((name) => name === op).length;
}

const x = input("x", "float32", ["N", 4, 8, 8]);

describe("gradients", () => {
  test("have the shapes of what they belong to", () => {
    const [w, b] = [input("w", "float32", [6, 4, 3, 3]), input("b", "float32", [6])];
    const all = gradients(total(conv(x, w, b)), [x, w, b]);
    expect(all.map(({ shape }) => shape)).toEqual([x.shape, w.shape, b.shape]);
  });

  test("visit only what lies between a wanted value and the output: frozen layers cost no node", () => {
    const weights = [1, 2, 3, 4].map((layer) => input(`w${layer}`, "float32", [4, 4, 3, 3]));
    const output = weights.reduce((value, w) => relu(conv(value, w, undefined, { pads: [1, 1, 1, 1] })), x);
    const loss = total(output);
    const forward = new Set(nodesInOrder([loss]));
    const added = (wanted: readonly Value[]): string[] =>
      nodesInOrder(gradients(loss, wanted))
        .filter((node) => !forward.has(node))
        .map(({ op }) => op);
    const last = weights.slice(-1);
    // The last layer's weight gradient needs no data gradient, and no other layer's relu.
    expect(added(last)).not.toContain("Conv");
    expect(added(last).filter((op) => op === "Greater")).toHaveLength(1);
    expect(added(weights.slice(-2)).filter((op) => op === "Conv")).toHaveLength(1);
    // Nothing at all for the data itself, of which nobody wants the gradient.
    expect(added(weights).filter((op) => op === "Conv")).toHaveLength(3);
  });

  test("add up where a value is used twice", () => {
    const a = input("a", "float32", [3]);
    const [gradient] = gradients(total(mul(a, a)), [a]);
    expect(gradient && ops([gradient]).filter((op) => op === "Add")).toHaveLength(1);
  });

  test("are zeros where the output does not depend on the value", () => {
    const [a, b] = [input("a", "float32", ["N", 3]), input("b", "float32", [])];
    const [gradient, scalar] = gradients(total(x), [a, b]);
    expect(gradient?.shape).toEqual(["N", 3]);
    expect(scalar?.source.kind).toBe("constant");
  });

  test("are total: a wanted value passes its cotangent on to what it was computed from", () => {
    const a = input("a", "float32", [3]);
    const b = mul(a, scalarLike(a, 2));
    const [ofA] = gradients(total(b), [a, b]);
    expect(ofA && ops([ofA])).toContain("Mul");
  });

  test("do not flow through masks and whole numbers, and need no rule there", () => {
    const mask = greater(x, scalarLike(x, 0));
    const [chosen] = gradients(total(where(mask, x, scalarLike(x, 0))), [x]);
    expect(chosen && ops([chosen])).not.toContain("Cast");
    const [none] = gradients(total(cast(mask, "float32")), [x]);
    expect(none && ops([none])).toEqual(["Shape", "Expand"]);
  });

  test("of an operator with a body go through the body, whose input may depend on another one", () => {
    const [gradient] = gradients(total(hardSwish(x)), [x]);
    // The fused operator stays in the forward pass; its parts appear only behind it.
    expect(gradient && ops([gradient])).toContain("HardSigmoid");
    // The body's own recursion must not follow `scale` to x: that path is counted outside.
    const pair = input("pair", "float32", [4]);
    const scale = mul(pair, pair);
    const loss = total(instanceNormalization(x, scale, pair));
    const [ofPair] = gradients(loss, [pair]);
    const products = nodesInOrder(ofPair === undefined ? [] : [ofPair]).filter(
      ({ op, inputs }) => op === "Mul" && inputs[1] === pair,
    );
    // Twice in the product's rule, and once in the product itself.
    expect(products).toHaveLength(3);
  });

  test("of a body operator that is given one value twice count it once", () => {
    const double: Op<"Double", [a: Value, b: Value]> = defineOp("Double", {
      since: 1,
      inputs: ["a", "b"],
      outputs: ["y"],
      infer: ({ a }) => ({ y: { type: a.type, shape: a.shape } }),
      body: ({ a, b }) => sub(a, b),
    });
    const a = input("a", "float32", [3]);
    const [gradient] = gradients(total(double(a, a)), [a], {
      rules: (op) => (op === "Double" ? double.row : rowOf(op)),
    });
    expect(gradient && count([gradient], "Add")).toBe(1);
  });

  test("need a scalar, or a cotangent", () => {
    expect(() => gradients(x, [x])).toThrow(ShapeError);
    const dy = input("dy", "float32", x.shape);
    expect(gradients(relu(x), [x], { cotangent: dy })[0]?.shape).toEqual(x.shape);
  });

  test("of an operator without a derivative are refused by name", () => {
    const scale = scalarLike(x, 1);
    const low = cast(quantizeLinear(x, scale), "float32");
    expect(gradients(total(low), [x])[0]?.shape).toEqual(x.shape);
    const rules = (op: string): ReturnType<typeof rowOf> => (op === "Relu" ? rowOf("Greater") : rowOf(op));
    expect(() => gradients(total(relu(x)), [x], { rules })).toThrow(UsageError);
    expect(() => gradients(total(relu(x)), [x], { rules })).toThrow(/Relu has no derivative.*Freeze the weights/);
  });

  test("of a wrong shape are reported as an error of the rule", () => {
    const row = rowOf("Relu");
    const rules = (op: string): typeof row =>
      op === "Relu" ? { ...row, vjp: (_, __, [dy]) => dy && reduceMean(dy, [1]) } : rowOf(op);
    expect(() => gradients(total(relu(x)), [x], { rules })).toThrow(/wrong shape.*Expected: \[N, 4, 8, 8\]/);
  });
});

import { describe, expect, test } from "vitest";
import { UsageError } from "../errors/errors.js";
import { input, producer, type Value } from "../graph/value.js";
import { scalar } from "./constants.js";
import { defineOp, type NonDifferentiableOp, type Op } from "./define.js";
import { add, clip, clipOp, mul } from "./elementwise.js";
import { softmax } from "./softmax.js";
import { isOperatorName, type OperatorName, operatorNames, recreate, rowOf } from "./table.js";

const x = input("x", "float32", ["N", 3]);

describe("a row", () => {
  test("does not compile without a rule for each input, or with two ways to differentiate", () => {
    const infer = ({ a }: { readonly a: Value }): { readonly y: Value } => ({ y: a });
    const shape = { since: 1, inputs: ["a", "b?"], outputs: ["y"], infer } as const;
    const complete: Op<"Test", [a: Value, b?: Value]> = defineOp("Test", {
      ...shape,
      vjp: { a: ({ dy }) => dy, b: "none" },
    });
    expect(complete.row.inputs).toEqual(["a", "b"]);
    // @ts-expect-error the rule of b is missing
    defineOp("Test", { ...shape, vjp: { a: ({ dy }) => dy } });
    // @ts-expect-error there is no input c
    defineOp("Test", { ...shape, vjp: { a: ({ dy }) => dy, b: "none", c: "none" } });
    // @ts-expect-error nothing says how it is differentiated
    defineOp("Test", shape);
  });

  test("does not compile under another name, or with another kind of derivative, than its type says", () => {
    const infer = ({ a }: { readonly a: Value }): { readonly y: Value } => ({ y: a });
    const shape = { since: 1, inputs: ["a"], outputs: ["y"], infer } as const;
    const plain: NonDifferentiableOp<"Test", [a: Value]> = defineOp("Test", { ...shape, nonDifferentiable: true });
    expect(plain.row.nonDifferentiable).toBe(true);
    // @ts-expect-error it is called Test
    const other: NonDifferentiableOp<"Other", [a: Value]> = defineOp("Test", { ...shape, nonDifferentiable: true });
    // @ts-expect-error its type says that it has a derivative
    const flat: Op<"Test", [a: Value]> = defineOp("Test", { ...shape, nonDifferentiable: true });
    // @ts-expect-error its type says that it has none
    const steep: NonDifferentiableOp<"Test", [a: Value]> = defineOp("Test", { ...shape, vjp: { a: () => undefined } });
    expect([other, flat, steep].map(({ row }) => row.nonDifferentiable)).toEqual([true, true, false]);
  });

  test("gives its name to the union of the table, which holds no others", () => {
    const names: readonly OperatorName[] = ["Conv", "Split", "ReduceSum", "Clip", "TakeRows", "Shape"];
    // @ts-expect-error there is no such operator
    const wrong: OperatorName = "Convv";
    expect([...names, wrong].filter((name) => !isOperatorName(name))).toEqual(["Convv"]);
  });

  test("is found by its ONNX name, and a misspelt name is corrected", () => {
    expect(rowOf("Conv").op).toBe("Conv");
    expect(() => rowOf("Convv")).toThrow(/Graft has no operator "Convv".*Did you mean "Conv"/);
    expect(operatorNames().length).toBeGreaterThan(90);
  });
});

describe("a call", () => {
  test("refuses attributes that the operator does not have", () => {
    expect(() => softmax.row.create([x], { axes: 1 })).toThrow(
      new UsageError('Softmax has no attribute "axes".', { subject: "Softmax", expected: "axis", received: "axes" }),
    );
  });

  test("says that an attribute has no name", () => {
    const nameless: Record<string, number> = { "": 1 };
    expect(() => softmax.row.create([x], nameless)).toThrow(expect.objectContaining({ received: "an empty name" }));
  });

  test("says which input is missing", () => {
    expect(() => add.row.create([x], {})).toThrow(/Add lacks its input "b"/);
  });

  test("leaves absent inputs at the end away, and keeps the place of those in the middle", () => {
    expect(producer(clip(x, 0))?.inputs).toHaveLength(2);
    const [, low, high] = producer(clipOp(x, undefined, scalar("float32", 6)))?.inputs ?? [];
    expect([low, high?.shape]).toEqual([undefined, []]);
  });

  test("made again on other inputs infers their shape", () => {
    const node = producer(mul(x, x));
    const wider = input("z", "float32", ["N", 7]);
    expect(node && recreate(node, [wider, wider]).outputs[0]?.shape).toEqual(["N", 7]);
  });
});

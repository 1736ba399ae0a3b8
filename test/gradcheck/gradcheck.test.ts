import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { scalarLike } from "../../src/ops/constants.js";
import type { OpRow } from "../../src/ops/define.js";
import { mul } from "../../src/ops/elementwise.js";
import { type DifferentiableName, operatorNames, rowOf } from "../../src/ops/table.js";
import { createNodeRuntime } from "../../src/runtime/node/runtime.js";
import { check, type Mismatch } from "./check.js";
import { samples } from "./samples.js";

// The graphs are small: one thread is faster than two.
const runtime = createNodeRuntime({ threads: 1 });

/** Fixed, so that a failure can be repeated. */
const seed = 20260401;

const differentiable = operatorNames().filter((op) => !rowOf(op).nonDifferentiable);
/** The same ones: a test compares them. */
const sampled = Object.keys(samples) as DifferentiableName[];

describe("every differentiable operator", () => {
  test("has a sample, and no sample lacks an operator", () => {
    expect(Object.keys(samples).sort()).toEqual([...differentiable].sort());
  });

  test("does not compile without its sample, nor a sample without its operator", () => {
    const { Add, ...others } = samples;
    // @ts-expect-error the sample of Add is missing
    const incomplete: typeof samples = others;
    // @ts-expect-error there is no such operator
    const unknown: typeof samples = { ...samples, Ad: Add };
    // @ts-expect-error it has no derivative
    const idle: typeof samples = { ...samples, Greater: Add };
    expect([incomplete, unknown, idle].map((table) => Object.keys(table).length - Object.keys(samples).length)).toEqual(
      [-1, 1, 1],
    );
  });

  test.each(Object.entries(samples))("%s", async (_, sample) => {
    await fc.assert(
      fc.asyncProperty(sample, fc.nat(), async (drawn, seedOfNumbers) => {
        expect(await check(runtime, drawn, seedOfNumbers)).toEqual([]);
      }),
      // Enough shapes that each option of an operator occurs with others.
      { numRuns: 40, seed, endOnFailure: true },
    );
  });
});

/** The operator's row with the rule of one input wrong by a tenth of a percent. */
function wrong(op: string, input: number): OpRow {
  const row = rowOf(op);
  const { vjp } = row;
  if (vjp === undefined) throw new RangeError(`${op} has no rules`);
  return {
    ...row,
    vjp: (node, index, cotangents) => {
      const right = vjp(node, index, cotangents);
      return right === undefined || index !== input ? right : mul(right, scalarLike(right, 1.001));
    },
  };
}

describe("a rule wrong by 0.1 % is found", () => {
  /** Where the rule is 0, or there is none: a derivative of a step, an index, a mask, a shape. */
  const withoutRule: Readonly<Partial<Record<DifferentiableName, readonly number[]>>> = {
    Sign: [0],
    StopGradient: [0],
    Floor: [0],
    Ceil: [0],
    Round: [0],
    Where: [0],
    MaxUnpool: [1, 2],
    ReduceSum: [1],
    ReduceMean: [1],
    ReduceMax: [1],
    ReduceMin: [1],
    ReduceProd: [1],
    Reshape: [1],
    Expand: [1],
    Unsqueeze: [1],
    Squeeze: [1],
    Slice: [1, 2, 3, 4],
    Pad: [1, 3],
    Split: [1],
    Tile: [1],
    Col2Im: [1, 2],
    Gather: [1],
    GatherElements: [1],
    ScatterElements: [1],
    GatherND: [1],
    ScatterND: [1],
    ReduceLogSumExp: [1],
    Resize: [1, 2, 3],
    TopK: [1],
    Trilu: [1],
    CumSum: [1],
    TakeRows: [1],
    // Bounds: the sample gives constants.
    Clip: [1, 2],
  };
  const rules = sampled.flatMap((op) => {
    const { inputs, vjp } = rowOf(op);
    if (vjp === undefined) return [];
    const count = inputs === "variadic" ? 1 : inputs.length;
    const indices = Array.from({ length: count }, (_, index) => index);
    return indices.filter((index) => withoutRule[op]?.includes(index) !== true).map((index) => [op, index] as const);
  });

  test.each(rules)("%s, input %i", async (op, input) => {
    const found: Mismatch[] = [];
    const drawn = fc.sample(fc.tuple(samples[op], fc.nat()), {
      numRuns: 8,
      seed,
    });
    for (const [sample, seedOfNumbers] of drawn) {
      found.push(
        ...(await check(runtime, sample, seedOfNumbers, (name) => (name === op ? wrong(op, input) : rowOf(name)))),
      );
    }
    expect(found).not.toEqual([]);
  });
});

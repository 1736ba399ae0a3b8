import { ShapeError } from "../../errors/errors.js";
import { formatShape, type Shape } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import * as math from "../../ops/elementwise.js";
import { transpose, unsqueeze } from "../../ops/layout.js";
import { matmul as product } from "../../ops/matmul.js";
import { reduceSum } from "../../ops/reduction.js";
import { reshapeTo } from "../../ops/reshape.js";
import type { Pairwise } from "./arithmetic.js";
import { asFloat, type Answer, type Operand } from "./operand.js";
import { type Computable, operation, type OperationRow } from "./operation.js";
import { together } from "./rows.js";

function ofTwo(name: string, className: string, compute: (a: Value, b: Value) => Value): OperationRow {
  return {
    name,
    className,
    module: "numpy",
    call: ["x1", "x2"],
    options: {},
    compute: (args) => {
      const [a, b] = together(args);
      return compute(a, b);
    },
  };
}

/** The product of matrices, along the last two axes. */
export const matmul = operation<Pairwise>(ofTwo("matmul", "Matmul", (a, b) => product(asFloat(a), asFloat(b))));

/** NumPy's `dot`: of vectors and matrices their product, of numbers the product of elements. */
export const dot = operation<Pairwise>(
  ofTwo("dot", "Dot", (a, b) => {
    if (a.rank === 0 || b.rank === 0) return math.mul(a, b);
    if (b.rank <= 2) return product(asFloat(a), asFloat(b));
    throw new ShapeError("Dot: the second input has more than two axes.", {
      subject: "x2",
      expected: "a vector or a matrix",
      received: formatShape(b.shape),
      advice: "Use ops.matmul, or ops.einsum.",
    });
  }),
);

/** The product of each element of one with each of the other. */
export const outer = operation<Pairwise>(
  ofTwo("outer", "Outer", (a, b) => {
    const flat = (x: Value, shape: Shape): Value => reshapeTo(x, shape);
    const count = ({ shape }: Value): number => shape.reduce<number>((n, dim) => n * Number(dim), 1);
    return math.mul(flat(a, [count(a), 1]), flat(b, [1, count(b)]));
  }),
);

/** What {@link einsum} is. */
export type Einsum = <X extends Operand>(subscripts: string, ...operands: readonly X[]) => Answer<X>;

/**
 * Products and sums by names of axes: `"nhc,nwc->nhw"`. Each operand is brought to all axes, multiplied, and summed over those
 * that do not come out; of two operands with one common axis it is a product of matrices.
 */
function einsumOf(subscripts: string, operands: readonly Value[]): Value {
  const [left = "", right] = subscripts.replaceAll(" ", "").split("->");
  const names = left.split(",");
  const wrong = names.length !== operands.length || names.some((axes, i) => !fits(axes, operands[i]));
  if (wrong) {
    throw new ShapeError("Einsum: the subscripts do not fit the operands.", {
      subject: subscripts,
      expected: "one letter for each axis, none of them twice, such as nhc,nwc->nhw",
      received: operands.map(({ shape }) => formatShape(shape)).join(", "),
    });
  }
  const all = [...new Set(names.join(""))];
  const counts = (axis: string): number => names.filter((axes) => axes.includes(axis)).length;
  const once = all.filter((axis) => counts(axis) === 1).sort();
  const kept = right === undefined ? once : Array.from(right);
  const summed = all.filter((axis) => !kept.includes(axis));
  const order = [...kept, ...summed];
  const [x, y] = operands;
  const [a = "", b = ""] = names;
  if (x !== undefined && y !== undefined && operands.length === 2 && summed.length === 1) {
    const direct = asMatrices(x, y, a, b, kept, summed[0] ?? "");
    if (direct !== undefined) return direct;
  }
  const wide = operands.map((operand, index) => spread(operand, names[index] ?? "", order));
  const [first, ...factors] = wide;
  if (first === undefined) throw new TypeError("There is no operand.");
  const total = factors.reduce((sum, factor) => math.mul(sum, factor), first);
  return summed.length === 0
    ? total
    : reduceSum(
        total,
        summed.map((_, index) => kept.length + index),
        { keepdims: 0 },
      );
}

function fits(axes: string, operand: Value | undefined): boolean {
  return /^[a-zA-Z]*$/.test(axes) && new Set(axes).size === axes.length && operand?.rank === axes.length;
}

/** An operand with all axes in order; those that it does not have with extent 1. */
function spread(x: Value, axes: string, order: readonly string[]): Value {
  const own = order.filter((axis) => axes.includes(axis));
  const perm = own.map((axis) => axes.indexOf(axis));
  const moved = perm.every((from, to) => from === to) ? x : transpose(x, { perm });
  const missing = order.flatMap((axis, place) => (axes.includes(axis) ? [] : [place]));
  return missing.length === 0 ? moved : unsqueeze(moved, missing);
}

/** `…i k` times `…k j` along the one axis that is summed, where every other axis is of both, or at the end of the result. */
function asMatrices(
  x: Value,
  y: Value,
  a: string,
  b: string,
  kept: readonly string[],
  summed: string,
): Value | undefined {
  if (!a.includes(summed) || !b.includes(summed)) return undefined;
  const both = kept.filter((axis) => a.includes(axis) && b.includes(axis));
  const left = kept.filter((axis) => a.includes(axis) && !b.includes(axis));
  const right = kept.filter((axis) => b.includes(axis) && !a.includes(axis));
  const [i, j] = [left[0], right[0]];
  if (left.length !== 1 || right.length !== 1 || i === undefined || j === undefined) return undefined;
  const matrices = product(spread(x, a, [...both, i, summed]), spread(y, b, [...both, summed, j]));
  const made = [...both, i, j];
  const perm = kept.map((axis) => made.indexOf(axis));
  return perm.every((from, to) => from === to) ? matrices : transpose(matrices, { perm });
}

const einsumRow: OperationRow = {
  name: "einsum",
  className: "Einsum",
  module: "numpy",
  call: ["operands"],
  options: { subscripts: undefined },
  compute: ([operands], { subscripts }) =>
    einsumOf(String(subscripts), together(operands as readonly Computable[]).map(asFloat)),
};

const ofList = operation<(operands: readonly Operand[], subscripts: string) => unknown>({
  ...einsumRow,
  isVariadic: true,
});

/** Products and sums by names of axes: `ops.einsum("nhc,nwc->nhw", a, b)`. */
export const einsum = Object.assign(
  ((subscripts: string, ...operands: readonly Operand[]) => ofList(operands, subscripts)) as Einsum,
  { row: ofList.row },
);

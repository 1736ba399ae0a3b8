import { ShapeError } from "../errors/errors.js";
import { dimAt, formatShape, staticDim } from "../graph/shape.js";
import type { Value } from "../graph/value.js";
import { constantIntegers, integers } from "./constants.js";
import { defineOp, type Op } from "./define.js";
import { add } from "./elementwise.js";
import { gather } from "./indexing.js";
import { pad } from "./slicing.js";

/** In a list of rows: a row of zeros. */
export const zeroRow = -1;

/**
 * Lists that undo a list of rows: row `r` of the cotangent is the sum of the rows of `dy` that the lists name at `r`.
 * There are as many lists as the row that is taken most often is taken.
 */
function inverses(rows: readonly number[], count: number): number[][] {
  const lists: number[][] = [];
  const taken = new Uint32Array(count);
  rows.forEach((row, place) => {
    if (row === zeroRow) return;
    const times = taken[row] ?? 0;
    taken[row] = times + 1;
    const list = (lists[times] ??= new Array<number>(count).fill(zeroRow));
    list[row] = place;
  });
  return lists;
}

/**
 * Slices along the first axis in any order, among them zeros: `y[i, …] = x[rows[i], …]`, or 0 where `rows[i]` is
 * {@link zeroRow}.
 *
 * A layout of windows or tiles over an image `[H · W, N, C]` is such a list: whole slices are copied, by all threads. Its
 * adjoint is again one, so that the gradient needs no scattering.
 *
 * No runtime has this operator; `prepare` writes it as Gather, with a Pad where there are zeros.
 *
 * @param rows a constant: from 0 to the extent of the first axis, or -1
 */
export const takeRowsOp: Op<"TakeRows", [x: Value, rows: Value]> = defineOp("TakeRows", {
  since: 18,
  inputs: ["x", "rows"],
  outputs: ["y"],
  infer: ({ x, rows }) => {
    const count = staticDim(x.shape, 0, "TakeRows");
    const wrong = constantIntegers(rows, "TakeRows", "rows").find((row) => row < zeroRow || row >= count);
    if (rows.rank !== 1 || wrong !== undefined) {
      throw new ShapeError("TakeRows: the rows do not fit the input.", {
        subject: "TakeRows",
        expected: `a list of numbers from -1 to ${count - 1}`,
        received: wrong === undefined ? formatShape(rows.shape) : String(wrong),
      });
    }
    return { y: { type: x.type, shape: [dimAt(rows.shape, 0), ...x.shape.slice(1)] } };
  },
  vjp: {
    x: ({ x, rows, dy }) => {
      const lists = inverses(constantIntegers(rows, "TakeRows", "rows"), staticDim(x.shape, 0, "TakeRows"));
      const [first, ...others] = lists.map((list) => takeRows(dy, list));
      return others.reduce<Value | undefined>((sum, part) => (sum ? add(sum, part) : part), first);
    },
    rows: "none",
  },
  expand: ({ x, rows }) => {
    const list = constantIntegers(rows, "TakeRows", "rows");
    if (!list.includes(zeroRow)) return gather(x, rows);
    const count = staticDim(x.shape, 0, "TakeRows");
    return gather(pad(x, [0, 1], { axes: [0] }), integers(list.map((row) => (row === zeroRow ? count : row))));
  },
});

/** Slices along the first axis; see {@link takeRowsOp}. */
export function takeRows(x: Value, rows: readonly number[]): Value {
  const same = rows.length === x.shape[0] && rows.every((row, place) => row === place);
  return same ? x : takeRowsOp(x, integers(rows));
}

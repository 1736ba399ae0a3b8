import type { Value } from "../graph/value.js";
import { defineOp, type Op } from "./define.js";
import { like } from "./elementwise.js";

/** Which triangle {@link trilu} keeps. */
export interface TriluAttributes {
  /** 1 (default): what is on the diagonal and above it; 0: on it and below. */
  readonly upper?: number | undefined;
}

/**
 * A triangle of each matrix of the last two axes, zeros elsewhere; `k` says how far the diagonal is shifted to the right.
 * @see https://onnx.ai/onnx/operators/onnx__Trilu.html
 */
export const trilu: Op<"Trilu", [x: Value, k?: Value, attributes?: TriluAttributes]> = defineOp("Trilu", {
  since: 14,
  inputs: ["x", "k?"],
  outputs: ["y"],
  attributes: { upper: "int" },
  infer: ({ x }) => ({ y: like(x) }),
  vjp: { x: ({ k, dy, attributes }) => trilu(dy, k, attributes), k: "none" },
});

/** How {@link cumSum} adds up. */
export interface CumSumAttributes {
  /** 1: without the element itself; default 0. */
  readonly exclusive?: number | undefined;
  /** 1: from the end on; default 0. */
  readonly reverse?: number | undefined;
}

/**
 * The sum of each element and those before it along an axis.
 * @see https://onnx.ai/onnx/operators/onnx__CumSum.html
 */
export const cumSum: Op<"CumSum", [x: Value, axis: Value, attributes?: CumSumAttributes]> = defineOp("CumSum", {
  since: 14,
  inputs: ["x", "axis"],
  outputs: ["y"],
  attributes: { exclusive: "int", reverse: "int" },
  infer: ({ x }) => ({ y: like(x) }),
  // Each element went into the sums of those behind it.
  vjp: {
    x: ({ axis, dy, attributes: { exclusive, reverse = 0 } }) => cumSum(dy, axis, { exclusive, reverse: 1 - reverse }),
    axis: "none",
  },
});

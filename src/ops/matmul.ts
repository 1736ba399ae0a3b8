import { ShapeError } from "../errors/errors.js";
import { broadcastShapes, type Dim, dimAt, dimProduct, formatShape, type Shape } from "../graph/shape.js";
import type { Value } from "../graph/value.js";
import { scalarLike } from "./constants.js";
import { defineOp, type Op } from "./define.js";
import { mul } from "./elementwise.js";
import { squeeze, transpose, unsqueeze } from "./layout.js";
import { reshapeTo } from "./reshape.js";

function mismatch(operator: string, a: Shape, b: Shape): ShapeError {
  return new ShapeError(`${operator}: the inner extents of the matrices differ.`, {
    subject: operator,
    expected: "[…, n, k] and […, k, m]",
    received: `${formatShape(a)} and ${formatShape(b)}`,
  });
}

/** Swaps the last two axes. */
function transposed(x: Value): Value {
  const axes = x.shape.map((_, axis) => axis);
  return transpose(x, { perm: [...axes.slice(0, -2), x.rank - 1, x.rank - 2] });
}

/** All axes but the last one as one. */
function asMatrix(x: Value): Value {
  return reshapeTo(x, [dimProduct(x.shape.slice(0, -1)), dimAt(x.shape, x.rank - 1)]);
}

/**
 * Matrix product over the last two axes; the axes before them broadcast. A vector is a row on the left and a column on the right.
 * @see https://onnx.ai/onnx/operators/onnx__MatMul.html
 */
export const matmul: Op<"MatMul", [a: Value, b: Value]> = defineOp("MatMul", {
  since: 13,
  inputs: ["a", "b"],
  outputs: ["y"],
  infer: ({ a, b }) => {
    const left = a.rank === 1 ? [1, ...a.shape] : a.shape;
    const right = b.rank === 1 ? [...b.shape, 1] : b.shape;
    if (a.type !== b.type || a.rank === 0 || b.rank === 0 || left.at(-1) !== right.at(-2)) {
      throw mismatch("MatMul", a.shape, b.shape);
    }
    const shape: Dim[] = [...broadcastShapes(left.slice(0, -2), right.slice(0, -2), "MatMul")];
    if (a.rank > 1) shape.push(dimAt(left, left.length - 2));
    if (b.rank > 1) shape.push(dimAt(right, right.length - 1));
    return { y: { type: a.type, shape } };
  },
  vjp: {
    a: ({ a, b, dy }) => {
      if (b.rank === 1) {
        // dy is [… , n] and b is [k]: an outer product.
        return a.rank === 1 ? mul(b, dy) : mul(unsqueeze(dy, [-1]), b);
      }
      if (a.rank === 1) {
        const full = matmul(b, unsqueeze(dy, [-1]));
        return squeeze(full, [-1]);
      }
      // Gemm takes a transposed matrix as it lies.
      if (b.rank === 2) return reshapeTo(gemm(asMatrix(dy), b, undefined, { transB: 1 }), a.shape);
      return matmul(dy, transposed(b));
    },
    b: ({ a, b, dy }) => {
      if (a.rank === 1) return b.rank === 1 ? mul(a, dy) : mul(unsqueeze(a, [-1]), unsqueeze(dy, [-2]));
      if (b.rank === 1)
        return squeeze(gemm(asMatrix(a), reshapeTo(dy, [dimProduct(dy.shape), 1]), undefined, { transA: 1 }), [-1]);
      // One product instead of one a batch element and a sum over them.
      if (b.rank === 2) return gemm(asMatrix(a), asMatrix(dy), undefined, { transA: 1 });
      return matmul(transposed(a), dy);
    },
  },
});

/** Attributes of {@link gemm}. */
export interface GemmAttributes {
  /** Factor of the product; default 1. */
  readonly alpha?: number | undefined;
  /** Factor of `c`; default 1. */
  readonly beta?: number | undefined;
  /** 1: `a` is given transposed; default 0. */
  readonly transA?: number | undefined;
  /** 1: `b` is given transposed; default 0. */
  readonly transB?: number | undefined;
}

/**
 * `alpha · a b + beta · c` for matrices; `c` broadcasts to the product.
 * @see https://onnx.ai/onnx/operators/onnx__Gemm.html
 */
export const gemm: Op<"Gemm", [a: Value, b: Value, c?: Value, attributes?: GemmAttributes]> = defineOp("Gemm", {
  since: 13,
  inputs: ["a", "b", "c?"],
  outputs: ["y"],
  attributes: { alpha: "float", beta: "float", transA: "int", transB: "int" },
  infer: ({ a, b, c, attributes: { transA = 0, transB = 0 } }) => {
    if (a.rank !== 2 || b.rank !== 2 || a.type !== b.type) throw mismatch("Gemm", a.shape, b.shape);
    const [rows, inner] = transA === 0 ? a.shape : [...a.shape].reverse();
    const [innerOfB, columns] = transB === 0 ? b.shape : [...b.shape].reverse();
    if (rows === undefined || columns === undefined || inner !== innerOfB) throw mismatch("Gemm", a.shape, b.shape);
    const shape = [rows, columns];
    if (c !== undefined) {
      const whole = broadcastShapes(shape, c.shape, "Gemm");
      if (whole.some((dim, axis) => dim !== shape[axis])) {
        throw new ShapeError("Gemm: c does not broadcast to the product.", {
          subject: "Gemm",
          expected: `a shape that broadcasts to ${formatShape(shape)}`,
          received: formatShape(c.shape),
        });
      }
    }
    return { y: { type: a.type, shape } };
  },
  vjp: {
    a: ({ b, dy, attributes: { alpha, transA = 0, transB = 0 } }) =>
      transA === 0
        ? gemm(dy, b, undefined, { alpha, transB: 1 - transB })
        : gemm(b, dy, undefined, { alpha, transA: transB, transB: 1 }),
    b: ({ a, dy, attributes: { alpha, transA = 0, transB = 0 } }) =>
      transB === 0
        ? gemm(a, dy, undefined, { alpha, transA: 1 - transA })
        : gemm(dy, a, undefined, { alpha, transA: 1, transB: transA }),
    c: ({ dy, attributes: { beta = 1 } }) => (beta === 1 ? dy : mul(dy, scalarLike(dy, beta))),
  },
});

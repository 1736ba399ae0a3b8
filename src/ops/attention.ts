import { ShapeError } from "../errors/errors.js";
import { type Dim, dimAt, dimProduct, formatShape, staticDim } from "../graph/shape.js";
import { constant, type Value } from "../graph/value.js";
import { allocate } from "../onnx/tensor-data.js";
import { where } from "./comparison.js";
import { scalarLike } from "./constants.js";
import { defineOp, type Op } from "./define.js";
import { add, div, like, mul } from "./elementwise.js";
import { concat } from "./joining.js";
import { transpose, unsqueeze } from "./layout.js";
import { matmul } from "./matmul.js";
import { reshapeTo } from "./reshape.js";
import { softmax } from "./softmax.js";
import { tanh } from "./activations.js";

/** How {@link attention} weighs. */
export interface AttentionAttributes {
  /** 1: each query sees the keys up to its own place; default 0. */
  readonly is_causal?: number | undefined;
  /** Number of heads, for inputs `[N, tokens, heads · width]`. */
  readonly q_num_heads?: number | undefined;
  readonly kv_num_heads?: number | undefined;
  /** Factor of the products; default `1 / √width`. */
  readonly scale?: number | undefined;
  /** Bound of the products, `c · tanh(x / c)`; default 0: none. */
  readonly softcap?: number | undefined;
}

/** `[N, tokens, heads · width]` as `[N, heads, tokens, width]`. */
function inHeads(x: Value, heads: number): Value {
  if (x.rank === 4) return x;
  const width = staticDim(x.shape, 2, "Attention") / heads;
  const apart = reshapeTo(x, [dimAt(x.shape, 0), dimAt(x.shape, 1), heads, width]);
  return transpose(apart, { perm: [0, 2, 1, 3] });
}

/** Keys or values whose heads several queries share, once for each of them. */
function repeated(x: Value, times: number): Value {
  if (times === 1) return x;
  const apart = unsqueeze(x, [2]);
  const copies = concat(
    Array.from({ length: times }, () => apart),
    { axis: 2 },
  );
  const [batch, heads, tokens, width] = [0, 1, 2, 3].map((axis) => dimAt(x.shape, axis)) as [Dim, Dim, Dim, Dim];
  return reshapeTo(copies, [batch, dimProduct([heads, times]), tokens, width]);
}

/** 0 where a query may look, a number beyond all others where it may not. */
function causalMask(like4: Value, queries: number, keys: number): Value {
  const data = allocate(like4.type, queries * keys);
  for (let query = 0; query < queries; query++) {
    for (let key = query + 1; key < keys; key++) data[query * keys + key] = -1e30;
  }
  return constant({ type: like4.type, dims: [queries, keys], data });
}

/** The formula, with standard operators. */
function formula(
  q: Value,
  k: Value,
  v: Value,
  mask: Value | undefined,
  { is_causal, q_num_heads = 1, kv_num_heads = q_num_heads, scale, softcap = 0 }: AttentionAttributes,
): Value {
  const queries = inHeads(q, q_num_heads);
  const shared = Number(queries.shape[1]) / Number(inHeads(k, kv_num_heads).shape[1]);
  const [keys, values] = [k, v].map((x) => repeated(inHeads(x, kv_num_heads), shared)) as [Value, Value];
  const width = staticDim(queries.shape, 3, "Attention");
  const products = mul(
    matmul(queries, transpose(keys, { perm: [0, 1, 3, 2] })),
    scalarLike(q, scale ?? 1 / Math.sqrt(width)),
  );
  const bound = softcap === 0 ? products : mul(tanh(div(products, scalarLike(q, softcap))), scalarLike(q, softcap));
  const [from, to] = [2, 3].map((axis) => staticDim(bound.shape, axis, "Attention")) as [number, number];
  const seen = is_causal === 1 ? add(bound, causalMask(q, from, to)) : bound;
  const masked =
    mask === undefined ? seen : mask.type === "bool" ? where(mask, seen, scalarLike(q, -1e30)) : add(seen, mask);
  const mixed = matmul(softmax(masked, { axis: -1 }), values);
  if (q.rank === 4) return mixed;
  const [batch, heads, tokens, depth] = [0, 1, 2, 3].map((axis) => dimAt(mixed.shape, axis));
  return reshapeTo(transpose(mixed, { perm: [0, 2, 1, 3] }), [
    batch ?? 1,
    tokens ?? 1,
    dimProduct([heads ?? 1, depth ?? 1]),
  ]);
}

/**
 * Scaled dot-product attention: `softmax(q kᵀ · scale + mask) v`, for `[N, heads, tokens, width]` or `[N, tokens, heads · width]`.
 * Several heads of queries may share one of keys and values; there is no cache of earlier ones.
 * @see https://arxiv.org/abs/1706.03762
 * @see https://onnx.ai/onnx/operators/onnx__Attention.html
 */
export const attention: Op<
  "Attention",
  [q: Value, k: Value, v: Value, mask?: Value, attributes?: AttentionAttributes]
> = defineOp("Attention", {
  since: 23,
  inputs: ["q", "k", "v", "mask?"],
  outputs: ["y"],
  attributes: {
    is_causal: "int",
    q_num_heads: "int",
    kv_num_heads: "int",
    scale: "float",
    softcap: "float",
    softmax_precision: "int",
    qk_matmul_output_mode: "int",
  },
  infer: ({ q, k, v, mask, attributes }) => {
    const { q_num_heads: heads = 1, kv_num_heads: others = heads } = attributes;
    const fits = [k, v].every(({ rank }) => rank === q.rank) && (q.rank === 4 || q.rank === 3);
    const shared = q.rank === 4 ? Number(q.shape[1]) / Number(k.shape[1]) : heads / others;
    if (!fits || !Number.isInteger(shared)) {
      throw new ShapeError("Attention: the inputs do not fit each other.", {
        subject: "Attention",
        expected: "queries, keys and values of rank 3 or 4, with as many heads of queries as of keys or a multiple",
        received: [q, k, v].map(({ shape }) => formatShape(shape)).join(", "),
      });
    }
    return { y: like(formula(q, k, v, mask, attributes)) };
  },
  body: ({ q, k, v, mask, attributes }) => formula(q, k, v, mask, attributes),
  expand: ({ q, k, v, mask, attributes }) => formula(q, k, v, mask, attributes),
});

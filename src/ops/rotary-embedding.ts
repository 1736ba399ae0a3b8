import { ShapeError } from "../errors/errors.js";
import { dimAt, formatShape, staticDim } from "../graph/shape.js";
import type { Value } from "../graph/value.js";
import { defineOp, type Op } from "./define.js";
import { add, like, mul, sub } from "./elementwise.js";
import { gather } from "./indexing.js";
import { concat } from "./joining.js";
import { unsqueeze } from "./layout.js";
import { reshapeTo } from "./reshape.js";
import { slice } from "./slicing.js";

/** How {@link rotaryEmbedding} turns. */
export interface RotaryEmbeddingAttributes {
  /** 1: neighbours make a pair; 0 (default): the halves do. */
  readonly interleaved?: number | undefined;
  /** Number of heads, for inputs `[N, tokens, heads · width]`. */
  readonly num_heads?: number | undefined;
  /** How many numbers of each head are turned; default 0: all. */
  readonly rotary_embedding_dim?: number | undefined;
}

/** The part of the last axis from a place to another one, by a step. */
function part(x: Value, from: number, to: number, step = 1): Value {
  return slice(x, { starts: [from], ends: [to], axes: [x.rank - 1], steps: [step] });
}

/** The formula, with standard operators. */
function formula(
  x: Value,
  cos: Value,
  sin: Value,
  positions: Value | undefined,
  { interleaved = 0, num_heads: heads = 1, rotary_embedding_dim: given = 0 }: RotaryEmbeddingAttributes,
): Value {
  const isRow = x.rank === 3;
  const width = isRow ? staticDim(x.shape, 2, "RotaryEmbedding") / heads : staticDim(x.shape, 3, "RotaryEmbedding");
  // Heads stand before tokens, or behind them in rows.
  const inHeads = isRow ? reshapeTo(x, [dimAt(x.shape, 0), dimAt(x.shape, 1), heads, width]) : x;
  const turned = given === 0 ? width : given;
  const [real, imaginary] =
    interleaved === 1
      ? [part(inHeads, 0, turned, 2), part(inHeads, 1, turned, 2)]
      : [part(inHeads, 0, turned / 2), part(inHeads, turned / 2, turned)];
  const [c, s] = [cos, sin].map((table) =>
    unsqueeze(positions === undefined ? table : gather(table, positions, { axis: 0 }), [isRow ? 2 : 1]),
  ) as [Value, Value];
  const pair = [sub(mul(c, real), mul(s, imaginary)), add(mul(s, real), mul(c, imaginary))];
  const whole =
    interleaved === 1
      ? reshapeTo(
          concat(
            pair.map((one) => unsqueeze(one, [4])),
            { axis: 4 },
          ),
          [...inHeads.shape.slice(0, 3), turned],
        )
      : concat(pair, { axis: 3 });
  const y = turned === width ? whole : concat([whole, part(inHeads, turned, width)], { axis: 3 });
  return isRow ? reshapeTo(y, x.shape) : y;
}

/**
 * Turns pairs of numbers of each token by angles that grow with its place, `(a, b) → (a cos - b sin, a sin + b cos)`: for
 * `[N, heads, tokens, width]` or `[N, tokens, heads · width]`, with tables `[N, tokens, width / 2]`, or `[places, width / 2]` out of which
 * `positions` `[N, tokens]` choose.
 * @see https://arxiv.org/abs/2104.09864
 * @see https://onnx.ai/onnx/operators/onnx__RotaryEmbedding.html
 */
export const rotaryEmbedding: Op<
  "RotaryEmbedding",
  [x: Value, cos: Value, sin: Value, positions?: Value, attributes?: RotaryEmbeddingAttributes]
> = defineOp("RotaryEmbedding", {
  since: 23,
  inputs: ["x", "cos", "sin", "positions?"],
  outputs: ["y"],
  attributes: { interleaved: "int", num_heads: "int", rotary_embedding_dim: "int" },
  infer: ({ x, cos, sin, positions, attributes }) => {
    const rank = positions === undefined ? 3 : 2;
    const isRow = x.rank === 3 && (attributes.num_heads ?? 0) > 0;
    if ((x.rank !== 4 && !isRow) || cos.rank !== rank || sin.rank !== rank) {
      throw new ShapeError("RotaryEmbedding: the inputs do not fit each other.", {
        subject: "RotaryEmbedding",
        expected: `tokens of rank 4, or of rank 3 with num_heads, and tables of rank ${rank}`,
        received: [x, cos, sin].map(({ shape }) => formatShape(shape)).join(", "),
      });
    }
    return { y: like(formula(x, cos, sin, positions, attributes)) };
  },
  body: ({ x, cos, sin, positions, attributes }) => formula(x, cos, sin, positions, attributes),
  expand: ({ x, cos, sin, positions, attributes }) => formula(x, cos, sin, positions, attributes),
});

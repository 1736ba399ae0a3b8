import type { Value } from "../../graph/value.js";
import { scalarLike } from "../../ops/constants.js";
import { transpose } from "../../ops/layout.js";

/** The domain of operators that ONNX Runtime has beside those of ONNX; it puts them into files that it optimized. */
export const contributedDomain = "com.microsoft";

type Inputs = readonly (Value | undefined)[];
type Plain = Readonly<Record<string, unknown>>;

/** Makes a standard operator; its first output. */
type Make = (op: string, inputs: Inputs, attributes?: Plain) => Value;

type Writing = (inputs: Inputs, attributes: Plain, make: Make) => Value;

function withBias(x: Value | undefined, bias: Value | undefined, make: Make): Value | undefined {
  return x === undefined || bias === undefined ? x : make("Add", [x, bias]);
}

function swapped(x: Value | undefined, swap: unknown): Value | undefined {
  if (x === undefined || swap !== 1) return x;
  const axes = x.shape.map((_, axis) => axis);
  return transpose(x, { perm: [...axes.slice(0, -2), x.rank - 1, x.rank - 2] });
}

function times(x: Value, factor: unknown, make: Make): Value {
  return factor === undefined || factor === 1 ? x : make("Mul", [x, scalarLike(x, Number(factor))]);
}

/** How contributed operators are written with standard ones. */
const writings: Readonly<Record<string, Writing>> = {
  Gelu: ([x], _, make) => make("Gelu", [x]),
  BiasGelu: ([x, bias], _, make) => make("Gelu", [withBias(x, bias, make)]),
  FastGelu: ([x, bias], _, make) => make("Gelu", [withBias(x, bias, make)], { approximate: "tanh" }),
  QuickGelu: ([x], { alpha = 1.702 }, make) => make("Swish", [x], { alpha }),
  FusedMatMul: ([a, b], { alpha, transA, transB, transBatchA, transBatchB }, make) =>
    transBatchA === 1 || transBatchB === 1
      ? make("FusedMatMul", [a, b])
      : times(make("MatMul", [swapped(a, transA), swapped(b, transB)]), alpha, make),
  LayerNormalization: (inputs, attributes, make) => make("LayerNormalization", inputs, attributes),
  SimplifiedLayerNormalization: (inputs, attributes, make) => make("SimplifiedLayerNormalization", inputs, attributes),
  RotaryEmbedding: ([x, positions, cos, sin], { interleaved, num_heads, rotary_embedding_dim }, make) =>
    make("RotaryEmbedding", [x, cos, sin, positions], { interleaved, num_heads, rotary_embedding_dim }),
  SkipLayerNormalization: ([x, skip, gamma, beta, bias], { epsilon = 1e-12 }, make) =>
    make("LayerNormalization", [withBias(make("Add", [x, skip]), bias, make), gamma, beta], { axis: -1, epsilon }),
  SkipSimplifiedLayerNormalization: ([x, skip, gamma, bias], { epsilon = 1e-12 }, make) =>
    make("SimplifiedLayerNormalization", [withBias(make("Add", [x, skip]), bias, make), gamma], { axis: -1, epsilon }),
};

/** How an operator of the {@link contributedDomain} is written with standard ones; `undefined` for one that is not here. */
export function contributed(op: string): Writing | undefined {
  return Object.hasOwn(writings, op) ? writings[op] : undefined;
}

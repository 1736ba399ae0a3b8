import { ShapeError } from "../errors/errors.js";
import type { Value } from "../graph/value.js";
import { and, greater, less, where } from "./comparison.js";
import { scalarLike } from "./constants.js";
import { defineOp, type Op } from "./define.js";
import {
  abs,
  add,
  type Binary,
  broadcast,
  erf,
  keptWhere,
  like,
  mul,
  reciprocal,
  square,
  sub,
  type Unary,
} from "./elementwise.js";

/** `max(x, 0)`; its derivative at 0 is 0. @see https://onnx.ai/onnx/operators/onnx__Relu.html */
export const relu: Unary<"Relu"> = defineOp("Relu", {
  since: 14,
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }) => ({ y: like(x) }),
  // From y rather than x: then x need not be kept until the backward pass.
  vjp: { x: ({ y, dy }) => keptWhere(greater(y, scalarLike(y, 0)), dy) },
});

/**
 * `x` where `x > 0`, `alpha · x` elsewhere; its derivative at 0 is `alpha`. Default `alpha` 0.01.
 * @see https://onnx.ai/onnx/operators/onnx__LeakyRelu.html
 */
export const leakyRelu: Op<"LeakyRelu", [x: Value, attributes?: { readonly alpha?: number | undefined }]> = defineOp(
  "LeakyRelu",
  {
    since: 16,
    inputs: ["x"],
    outputs: ["y"],
    attributes: { alpha: "float" },
    infer: ({ x }) => ({ y: like(x) }),
    vjp: {
      x: ({ x, dy, attributes }) =>
        where(greater(x, scalarLike(x, 0)), dy, mul(dy, scalarLike(dy, attributes.alpha ?? 0.01))),
    },
  },
);

/**
 * `x` where `x > 0`, `slope · x` elsewhere; `slope` broadcasts to `x`. Its derivative at 0 is `slope`.
 * @see https://onnx.ai/onnx/operators/onnx__PRelu.html
 */
export const prelu: Binary<"PRelu"> = defineOp("PRelu", {
  since: 16,
  inputs: ["a", "b"],
  outputs: ["y"],
  infer: ({ a, b }) => ({ y: broadcast("PRelu", a, b) }),
  vjp: {
    a: ({ a, b, dy }) => where(greater(a, scalarLike(a, 0)), dy, mul(dy, b)),
    b: ({ a, dy }) => where(greater(a, scalarLike(a, 0)), scalarLike(dy, 0), mul(dy, a)),
  },
});

/**
 * `x` where `x ≥ 0`, `alpha (eˣ - 1)` elsewhere; its derivative at 0 is 1. Default `alpha` 1.
 * @see https://onnx.ai/onnx/operators/onnx__Elu.html
 */
export const elu: Op<"Elu", [x: Value, attributes?: { readonly alpha?: number | undefined }]> = defineOp("Elu", {
  since: 6,
  inputs: ["x"],
  outputs: ["y"],
  attributes: { alpha: "float" },
  infer: ({ x }) => ({ y: like(x) }),
  // alpha eˣ = y + alpha
  vjp: {
    x: ({ x, y, dy, attributes }) =>
      where(less(x, scalarLike(x, 0)), mul(dy, add(y, scalarLike(y, attributes.alpha ?? 1))), dy),
  },
});

/** ONNX's defaults, which are the numbers of the paper. */
const selu1 = { alpha: 1.67326319217681884765625, gamma: 1.05070102214813232421875 };

/**
 * `gamma x` where `x > 0`, `gamma alpha (eˣ - 1)` elsewhere; its derivative at 0 is `gamma alpha`.
 * @see https://arxiv.org/abs/1706.02515
 * @see https://onnx.ai/onnx/operators/onnx__Selu.html
 */
export const selu: Op<
  "Selu",
  [x: Value, attributes?: { readonly alpha?: number | undefined; readonly gamma?: number | undefined }]
> = defineOp("Selu", {
  since: 6,
  inputs: ["x"],
  outputs: ["y"],
  attributes: { alpha: "float", gamma: "float" },
  infer: ({ x }) => ({ y: like(x) }),
  vjp: {
    x: ({ x, y, dy, attributes }) => {
      const { alpha = selu1.alpha, gamma = selu1.gamma } = attributes;
      // gamma alpha eˣ = y + gamma alpha
      const below = mul(dy, add(y, scalarLike(y, gamma * alpha)));
      return where(greater(x, scalarLike(x, 0)), mul(dy, scalarLike(dy, gamma)), below);
    },
  },
});

/** `1 / (1 + e⁻ˣ)`. @see https://onnx.ai/onnx/operators/onnx__Sigmoid.html */
export const sigmoid: Unary<"Sigmoid"> = defineOp("Sigmoid", {
  since: 13,
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }) => ({ y: like(x) }),
  vjp: { x: ({ y, dy }) => mul(dy, mul(y, sub(scalarLike(y, 1), y))) },
});

/** The hyperbolic tangent. @see https://onnx.ai/onnx/operators/onnx__Tanh.html */
export const tanh: Unary<"Tanh"> = defineOp("Tanh", {
  since: 13,
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }) => ({ y: like(x) }),
  vjp: { x: ({ y, dy }) => mul(dy, sub(scalarLike(y, 1), square(y))) },
});

/** `ln(1 + eˣ)`, without overflow. @see https://onnx.ai/onnx/operators/onnx__Softplus.html */
export const softplus: Unary<"Softplus"> = defineOp("Softplus", {
  since: 1,
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }) => ({ y: like(x) }),
  vjp: { x: ({ x, dy }) => mul(dy, sigmoid(x)) },
});

/** `x / (1 + |x|)`. @see https://onnx.ai/onnx/operators/onnx__Softsign.html */
export const softsign: Unary<"Softsign"> = defineOp("Softsign", {
  since: 1,
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }) => ({ y: like(x) }),
  // 1 / (1 + |x|)²
  vjp: { x: ({ x, dy }) => mul(dy, square(reciprocal(add(abs(x), scalarLike(x, 1))))) },
});

/**
 * `max(0, min(1, alpha x + beta))`; its derivative is 0 where it reaches 0 or 1. Defaults 0.2 and 0.5.
 * @see https://onnx.ai/onnx/operators/onnx__HardSigmoid.html
 */
export const hardSigmoid: Op<
  "HardSigmoid",
  [x: Value, attributes?: { readonly alpha?: number | undefined; readonly beta?: number | undefined }]
> = defineOp("HardSigmoid", {
  since: 6,
  inputs: ["x"],
  outputs: ["y"],
  attributes: { alpha: "float", beta: "float" },
  infer: ({ x }) => ({ y: like(x) }),
  vjp: {
    x: ({ y, dy, attributes }) => {
      const inside = and(greater(y, scalarLike(y, 0)), less(y, scalarLike(y, 1)));
      return keptWhere(inside, mul(dy, scalarLike(dy, attributes.alpha ?? 0.2)));
    },
  },
});

/** `x · max(0, min(1, x/6 + 1/2))`. @see https://onnx.ai/onnx/operators/onnx__HardSwish.html */
export const hardSwish: Unary<"HardSwish"> = defineOp("HardSwish", {
  since: 14,
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }) => ({ y: like(x) }),
  body: ({ x }) => mul(x, hardSigmoid(x, { alpha: 1 / 6, beta: 0.5 })),
});

/**
 * `x / (1 + e^(-alpha x))`; default `alpha` 1, which is called SiLU, too.
 * @see https://arxiv.org/abs/1710.05941
 * @see https://onnx.ai/onnx/operators/onnx__Swish.html
 */
export const swish: Op<"Swish", [x: Value, attributes?: { readonly alpha?: number | undefined }]> = defineOp("Swish", {
  since: 24,
  inputs: ["x"],
  outputs: ["y"],
  attributes: { alpha: "float" },
  infer: ({ x }) => ({ y: like(x) }),
  body: ({ x, attributes: { alpha = 1 } }) => mul(x, sigmoid(mul(x, scalarLike(x, alpha)))),
  expand: ({ x, attributes: { alpha = 1 } }) => mul(x, sigmoid(mul(x, scalarLike(x, alpha)))),
});

/** `x · tanh(ln(1 + eˣ))`. @see https://onnx.ai/onnx/operators/onnx__Mish.html */
export const mish: Unary<"Mish"> = defineOp("Mish", {
  since: 18,
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }) => ({ y: like(x) }),
  body: ({ x }) => mul(x, tanh(softplus(x))),
});

/**
 * `max(0, x) + min(0, alpha (e^(x/alpha) - 1))`; its derivative at 0 is 1. Default `alpha` 1.
 * @see https://onnx.ai/onnx/operators/onnx__Celu.html
 */
export const celu: Op<"Celu", [x: Value, attributes?: { readonly alpha?: number | undefined }]> = defineOp("Celu", {
  since: 12,
  inputs: ["x"],
  outputs: ["y"],
  attributes: { alpha: "float" },
  infer: ({ x }) => ({ y: like(x) }),
  // e^(x/alpha) = y / alpha + 1
  vjp: {
    x: ({ x, y, dy, attributes: { alpha = 1 } }) =>
      where(less(x, scalarLike(x, 0)), mul(dy, add(mul(y, scalarLike(y, 1 / alpha)), scalarLike(y, 1))), dy),
  },
});

/**
 * `x` where `x > alpha`, 0 elsewhere; its derivative at `alpha` is 0. Default `alpha` 1.
 * @see https://onnx.ai/onnx/operators/onnx__ThresholdedRelu.html
 */
export const thresholdedRelu: Op<"ThresholdedRelu", [x: Value, attributes?: { readonly alpha?: number | undefined }]> =
  defineOp("ThresholdedRelu", {
    since: 10,
    inputs: ["x"],
    outputs: ["y"],
    attributes: { alpha: "float" },
    infer: ({ x }) => ({ y: like(x) }),
    vjp: {
      x: ({ x, dy, attributes: { alpha = 1 } }) => keptWhere(greater(x, scalarLike(x, alpha)), dy),
    },
  });

/**
 * `x · Φ(x)` with the normal distribution's Φ: `x / 2 · (1 + erf(x / √2))`; with `approximate: "tanh"`,
 * `x / 2 · (1 + tanh(√(2/π) (x + 0.044715 x³)))`. Default `"none"`. Files of Graft are of an older version of ONNX, so it
 * is written in them with those operators.
 * @see https://arxiv.org/abs/1606.08415
 * @see https://onnx.ai/onnx/operators/onnx__Gelu.html
 */
export const gelu: Op<"Gelu", [x: Value, attributes?: { readonly approximate?: string | undefined }]> = defineOp(
  "Gelu",
  {
    since: 20,
    inputs: ["x"],
    outputs: ["y"],
    attributes: { approximate: "string" },
    infer: ({ x, attributes: { approximate = "none" } }) => {
      if (approximate !== "none" && approximate !== "tanh") {
        throw new ShapeError("Gelu: there is no such approximation.", {
          subject: "Gelu",
          expected: "none or tanh",
          received: approximate,
        });
      }
      return { y: like(x) };
    },
    body: ({ x, attributes: { approximate } }) => geluFormula(x, approximate === "tanh"),
    expand: ({ x, attributes: { approximate } }) => geluFormula(x, approximate === "tanh"),
  },
);

function geluFormula(x: Value, approximate: boolean): Value {
  const number = (value: number): Value => scalarLike(x, value);
  const bent = approximate
    ? tanh(mul(number(Math.sqrt(2 / Math.PI)), add(x, mul(number(0.044715), mul(x, square(x))))))
    : erf(mul(x, number(Math.SQRT1_2)));
  return mul(mul(x, number(0.5)), add(bent, number(1)));
}

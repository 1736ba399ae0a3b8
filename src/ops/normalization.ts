import { ShapeError } from "../errors/errors.js";
import { broadcastShapes, dimAt, dimProduct, dimQuotient, formatShape, normalizeAxis } from "../graph/shape.js";
import { constant, type Value } from "../graph/value.js";
import { allocate } from "../onnx/tensor-data.js";
import { scalarLike } from "./constants.js";
import { defineOp, type Op } from "./define.js";
import { add, div, like, mul, pow, sqrt, square, sub } from "./elementwise.js";
import { averagePool } from "./pooling.js";
import { reduceL1, reduceL2, reduceMean, reduceSum } from "./reduction.js";
import { reshapeTo } from "./reshape.js";

/**
 * Batch normalization with given statistics, channel by channel of `[N, C, …]`: `scale (x - mean) / √(variance + epsilon) + bias`.
 *
 * Training, which computes the statistics from the batch, is written with elementary operators by the layer. Default `epsilon` 1e-5.
 * @see https://onnx.ai/onnx/operators/onnx__BatchNormalization.html
 */
export const batchNormalization: Op<
  "BatchNormalization",
  [
    x: Value,
    scale: Value,
    bias: Value,
    mean: Value,
    variance: Value,
    attributes?: { readonly epsilon?: number | undefined },
  ]
> = defineOp("BatchNormalization", {
  since: 15,
  inputs: ["x", "scale", "bias", "mean", "variance"],
  outputs: ["y"],
  attributes: { epsilon: "float", momentum: "float", training_mode: "int" },
  infer: ({ x, scale, bias, mean, variance, attributes }) => {
    if (attributes.training_mode === 1) {
      throw new ShapeError("BatchNormalization: only the form for inference is an operator of Graft.", {
        subject: "BatchNormalization",
        expected: "training_mode 0",
        received: "1",
        advice: "Export the network for inference.",
      });
    }
    const channels = dimAt(x.shape, 1);
    for (const value of [scale, bias, mean, variance]) {
      if (value.rank !== 1 || value.shape[0] !== channels) {
        throw new ShapeError("BatchNormalization: a parameter does not fit the channels.", {
          subject: "BatchNormalization",
          expected: `[${channels}]`,
          received: formatShape(value.shape),
        });
      }
    }
    return { y: like(x) };
  },
  body: ({ x, scale, bias, mean, variance, attributes: { epsilon = 1e-5 } }) => {
    const byChannel = (value: Value): Value => reshapeTo(value, [dimAt(x.shape, 1), ...x.shape.slice(2).map(() => 1)]);
    const factor = div(scale, sqrt(add(variance, scalarLike(variance, epsilon))));
    return add(mul(sub(x, byChannel(mean)), byChannel(factor)), byChannel(bias));
  },
});

/** Mean and (biased) variance over some axes, which stay with extent 1. */
export function moments(x: Value, axes: readonly number[]): { readonly mean: Value; readonly variance: Value } {
  const mean = reduceMean(x, axes, { keepdims: 1 });
  return { mean, variance: reduceMean(square(sub(x, mean)), axes, { keepdims: 1 }) };
}

/**
 * Makes mean and variance over some axes those that are given: `scale (x - mean) / √(variance + epsilon) + bias`, with the
 * {@link moments} of `x`, through which the derivative goes. With x̂ = (x - mean) / √(variance + epsilon) it is
 *
 *     dx = scale / √(variance + epsilon) · (dy - mean(dy) - x̂ · mean(dy · x̂))
 *
 * in half as many passes over the numbers as the derivatives of the elementary operators take. Batch normalization in training
 * is this over all axes but the channels'.
 *
 * No runtime has this operator; `prepare` writes it with elementary ones.
 *
 * @param scale of the rank of `x`, with extent 1 along the axes
 * @param bias like `scale`
 * @param attributes `axes` from 0 on; default `epsilon` 1e-5
 * @see https://arxiv.org/abs/1502.03167
 */
export const standardize: Op<
  "Standardize",
  [
    x: Value,
    scale: Value,
    bias: Value,
    attributes: { readonly axes: readonly number[]; readonly epsilon?: number | undefined },
  ]
> = defineOp("Standardize", {
  since: 18,
  inputs: ["x", "scale", "bias"],
  outputs: ["y"],
  attributes: { axes: "ints", epsilon: "float" },
  infer: ({ x, scale, bias, attributes: { axes = [] } }) => {
    const fits = ({ shape, rank }: Value): boolean =>
      rank === x.rank && shape.every((dim, axis) => dim === 1 || (dim === x.shape[axis] && !axes.includes(axis)));
    for (const value of [scale, bias]) {
      if (fits(value)) continue;
      throw new ShapeError("Standardize: a parameter does not fit the input.", {
        subject: "Standardize",
        expected: `${formatShape(x.shape)} with 1 along the axes ${axes.join(", ")}`,
        received: formatShape(value.shape),
      });
    }
    return { y: like(x) };
  },
  vjp: {
    x: ({ x, scale, dy, attributes: { axes = [], epsilon = 1e-5 } }) => {
      const { mean, variance } = moments(x, axes);
      const centred = sub(x, mean);
      const widened = add(variance, scalarLike(variance, epsilon));
      const factor = div(scale, sqrt(widened));
      const slope = div(reduceMean(mul(dy, centred), axes, { keepdims: 1 }), widened);
      const level = reduceMean(dy, axes, { keepdims: 1 });
      return sub(mul(sub(dy, level), factor), mul(centred, mul(factor, slope)));
    },
    scale: ({ x, dy, attributes: { axes = [], epsilon = 1e-5 } }) => {
      const { mean, variance } = moments(x, axes);
      const deviation = sqrt(add(variance, scalarLike(variance, epsilon)));
      return div(reduceSum(mul(dy, sub(x, mean)), axes, { keepdims: 1 }), deviation);
    },
    bias: ({ dy, attributes: { axes = [] } }) => reduceSum(dy, axes, { keepdims: 1 }),
  },
  expand: ({ x, scale, bias, attributes: { axes = [], epsilon = 1e-5 } }) => {
    const { mean, variance } = moments(x, axes);
    const deviation = sqrt(add(variance, scalarLike(variance, epsilon)));
    return add(mul(sub(x, mean), div(scale, deviation)), bias);
  },
});

/**
 * Layer normalization over `axis` and all behind it: `scale (x - mean) / √(variance + epsilon) + bias`.
 * Defaults: `axis` -1, `epsilon` 1e-5.
 * @see https://arxiv.org/abs/1607.06450
 * @see https://onnx.ai/onnx/operators/onnx__LayerNormalization.html
 */
export const layerNormalization: Op<
  "LayerNormalization",
  [
    x: Value,
    scale: Value,
    bias?: Value,
    attributes?: { readonly axis?: number | undefined; readonly epsilon?: number | undefined },
  ]
> = defineOp("LayerNormalization", {
  since: 17,
  inputs: ["x", "scale", "bias?"],
  outputs: ["y"],
  attributes: { axis: "int", epsilon: "float", stash_type: "int" },
  infer: ({ x, scale, bias, attributes: { axis = -1 } }) => {
    normalizeAxis(axis, x.rank, "LayerNormalization");
    for (const value of bias === undefined ? [scale] : [scale, bias]) {
      const whole = broadcastShapes(x.shape, value.shape, "LayerNormalization");
      if (whole.some((dim, index) => dim !== x.shape[index])) {
        throw new ShapeError("LayerNormalization: a parameter does not broadcast to the input.", {
          subject: "LayerNormalization",
          expected: `a shape that broadcasts to ${formatShape(x.shape)}`,
          received: formatShape(value.shape),
        });
      }
    }
    return { y: like(x) };
  },
  body: ({ x, scale, bias, attributes: { axis = -1, epsilon = 1e-5 } }) => {
    const first = normalizeAxis(axis, x.rank, "LayerNormalization");
    const axes = x.shape.flatMap((_, index) => (index < first ? [] : [index]));
    const one = (value: number): Value =>
      reshapeTo(
        scalarLike(x, value),
        x.shape.map(() => 1),
      );
    const scaled = mul(standardize(x, one(1), one(0), { axes, epsilon }), scale);
    return bias === undefined ? scaled : add(scaled, bias);
  },
});

/**
 * Normalization of each channel of each image of `[N, C, …]` by its own mean and variance. Default `epsilon` 1e-5.
 * @see https://arxiv.org/abs/1607.08022
 * @see https://onnx.ai/onnx/operators/onnx__InstanceNormalization.html
 */
export const instanceNormalization: Op<
  "InstanceNormalization",
  [x: Value, scale: Value, bias: Value, attributes?: { readonly epsilon?: number | undefined }]
> = defineOp("InstanceNormalization", {
  since: 6,
  inputs: ["x", "scale", "bias"],
  outputs: ["y"],
  attributes: { epsilon: "float" },
  infer: ({ x, scale, bias }) => {
    for (const value of [scale, bias]) {
      if (x.rank < 3 || value.rank !== 1 || value.shape[0] !== x.shape[1]) {
        throw new ShapeError("InstanceNormalization: a parameter does not fit the channels.", {
          subject: "InstanceNormalization",
          expected: "x [N, C, …] and parameters [C]",
          received: `${formatShape(x.shape)} and ${formatShape(value.shape)}`,
        });
      }
    }
    return { y: like(x) };
  },
  body: ({ x, scale, bias, attributes: { epsilon = 1e-5 } }) => {
    const axes = x.shape.flatMap((_, axis) => (axis < 2 ? [] : [axis]));
    const byChannel = (value: Value): Value => reshapeTo(value, [1, dimAt(x.shape, 1), ...axes.map(() => 1)]);
    return standardize(x, byChannel(scale), byChannel(bias), { axes, epsilon });
  },
});

/** Attributes of {@link groupNormalization}. */
export interface GroupNormalizationAttributes {
  readonly num_groups: number;
  /** Default 1e-5. */
  readonly epsilon?: number | undefined;
}

/** `scale x + bias` for each channel. */
function scaledByChannel(x: Value, scale: Value, bias: Value): Value {
  const shape = [1, dimAt(x.shape, 1), ...x.shape.slice(2).map(() => 1)];
  return add(mul(x, reshapeTo(scale, shape)), reshapeTo(bias, shape));
}

/** Each group of channels as one row. */
function inGroups(x: Value, groups: number): Value {
  return reshapeTo(x, [dimAt(x.shape, 0), groups, dimQuotient(dimProduct(x.shape.slice(1)), groups) ?? 1]);
}

/** A list of as many equal numbers as there are groups, of the type of `x`. */
function equalNumbers(x: Value, count: number, value: number): Value {
  return constant({ type: x.type, dims: [count], data: allocate(x.type, count).fill(value as never) });
}

/**
 * Normalization of each group of channels of each image of `[N, C, …]` by its own mean and variance, with a scale and a bias for
 * each channel (as since opset 21; before, files had them for each group).
 * @see https://arxiv.org/abs/1803.08494
 * @see https://onnx.ai/onnx/operators/onnx__GroupNormalization.html
 */
export const groupNormalization: Op<
  "GroupNormalization",
  [x: Value, scale: Value, bias: Value, attributes: GroupNormalizationAttributes]
> = defineOp("GroupNormalization", {
  since: 21,
  inputs: ["x", "scale", "bias"],
  outputs: ["y"],
  attributes: { num_groups: "int", epsilon: "float", stash_type: "int" },
  infer: ({ x, scale, bias, attributes: { num_groups: groups = 0 } }) => {
    const fits = [scale, bias].every(({ rank, shape }) => rank === 1 && shape[0] === x.shape[1]);
    if (x.rank < 2 || !fits || groups < 1 || dimQuotient(dimAt(x.shape, 1), groups) === undefined) {
      throw new ShapeError("GroupNormalization: the channels do not fit.", {
        subject: "GroupNormalization",
        expected: `x [N, C, …] with C a multiple of ${groups}, and parameters [C]`,
        received: `${formatShape(x.shape)} and ${formatShape(scale.shape)}`,
      });
    }
    return { y: like(x) };
  },
  body: ({ x, scale, bias, attributes: { num_groups: groups = 1, epsilon = 1e-5 } }) => {
    const one = (value: number): Value => reshapeTo(scalarLike(x, value), [1, 1, 1]);
    const rows = standardize(inGroups(x, groups), one(1), one(0), { axes: [2], epsilon });
    return scaledByChannel(reshapeTo(rows, x.shape), scale, bias);
  },
  expand: ({ x, scale, bias, attributes: { num_groups: groups = 1, epsilon = 1e-5 } }) => {
    const plain = [equalNumbers(x, groups, 1), equalNumbers(x, groups, 0)] as const;
    const rows = instanceNormalization(inGroups(x, groups), ...plain, { epsilon });
    return scaledByChannel(reshapeTo(rows, x.shape), scale, bias);
  },
});

/** Attributes of {@link rmsNormalization}. */
export interface RmsNormalizationAttributes {
  /** First axis that is normalized; default -1. */
  readonly axis?: number | undefined;
  /** Default 1e-5. */
  readonly epsilon?: number | undefined;
}
type RmsNormalization<Name extends string> = Op<
  Name,
  [x: Value, scale: Value, attributes?: RmsNormalizationAttributes]
>;

function byRootMeanSquare(x: Value, scale: Value, { axis = -1, epsilon = 1e-5 }: RmsNormalizationAttributes): Value {
  const first = normalizeAxis(axis, x.rank, "RMSNormalization");
  const axes = x.shape.flatMap((_, index) => (index < first ? [] : [index]));
  const level = add(reduceMean(square(x), axes, { keepdims: 1 }), scalarLike(x, epsilon));
  return mul(div(x, sqrt(level)), scale);
}

/**
 * Layer normalization without mean and bias: `scale x / √(mean(x²) + epsilon)` over `axis` and all behind it.
 * @see https://arxiv.org/abs/1910.07467
 * @see https://onnx.ai/onnx/operators/onnx__RMSNormalization.html
 */
export const rmsNormalization: RmsNormalization<"RMSNormalization"> = defineOp("RMSNormalization", {
  since: 23,
  inputs: ["x", "scale"],
  outputs: ["y"],
  attributes: { axis: "int", epsilon: "float", stash_type: "int" },
  infer: ({ x, scale, attributes }) => ({ y: like(byRootMeanSquare(x, scale, attributes)) }),
  body: ({ x, scale, attributes }) => byRootMeanSquare(x, scale, attributes),
  expand: ({ x, scale, attributes }) => byRootMeanSquare(x, scale, attributes),
});

/** {@link rmsNormalization} under the name that ONNX Runtime had for it before it was an operator of ONNX. */
export const simplifiedLayerNormalization: RmsNormalization<"SimplifiedLayerNormalization"> = defineOp(
  "SimplifiedLayerNormalization",
  {
    since: 1,
    inputs: ["x", "scale"],
    outputs: ["y"],
    attributes: { axis: "int", epsilon: "float", stash_type: "int" },
    infer: ({ x, scale, attributes }) => ({ y: like(byRootMeanSquare(x, scale, attributes)) }),
    body: ({ x, scale, attributes }) => byRootMeanSquare(x, scale, attributes),
    expand: ({ x, scale, attributes }) => byRootMeanSquare(x, scale, attributes),
  },
);

/**
 * A vector along an axis (default the last) divided by its norm: the Euclidean one, or with `p` 1 the sum of magnitudes.
 * @see https://onnx.ai/onnx/operators/onnx__LpNormalization.html
 */
export const lpNormalization: Op<
  "LpNormalization",
  [x: Value, attributes?: { readonly axis?: number | undefined; readonly p?: number | undefined }]
> = defineOp("LpNormalization", {
  since: 1,
  inputs: ["x"],
  outputs: ["y"],
  attributes: { axis: "int", p: "int" },
  infer: ({ x }) => ({ y: like(x) }),
  body: ({ x, attributes: { axis = -1, p = 2 } }) =>
    div(x, p === 1 ? reduceL1(x, [axis], { keepdims: 1 }) : reduceL2(x, [axis], { keepdims: 1 })),
});

/**
 * Local response normalization over `size` neighbouring channels of `[N, C, …]`:
 * `x / (bias + alpha · mean(x² of the neighbours))^beta`. Defaults: `alpha` 1e-4, `beta` 0.75, `bias` 1.
 * @see https://proceedings.neurips.cc/paper/2012/hash/c399862d3b9d6b76c8436e924a68c45b-Abstract.html
 * @see https://onnx.ai/onnx/operators/onnx__LRN.html
 */
export const lrn: Op<
  "LRN",
  [
    x: Value,
    attributes: {
      readonly size: number;
      readonly alpha?: number | undefined;
      readonly beta?: number | undefined;
      readonly bias?: number | undefined;
    },
  ]
> = defineOp("LRN", {
  since: 13,
  inputs: ["x"],
  outputs: ["y"],
  attributes: { alpha: "float", beta: "float", bias: "float", size: "int" },
  infer: ({ x }) => ({ y: like(x) }),
  body: ({ x, attributes: { size = 1, alpha = 1e-4, beta = 0.75, bias = 1 } }) => {
    // The channels as the height of a picture, over which a window slides; channels beyond the ends count as 0.
    const [batch, channels] = [dimAt(x.shape, 0), dimAt(x.shape, 1)];
    const picture = reshapeTo(square(x), [batch, 1, channels, dimProduct(x.shape.slice(2))]);
    const before = Math.floor((size - 1) / 2);
    const neighbours = averagePool(picture, {
      kernel_shape: [size, 1],
      pads: [before, 0, size - 1 - before, 0],
      count_include_pad: 1,
    });
    const scaled = mul(reshapeTo(neighbours, x.shape), scalarLike(x, alpha));
    return div(x, pow(add(scaled, scalarLike(x, bias)), scalarLike(x, beta)));
  },
});

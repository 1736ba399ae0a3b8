import { ShapeError } from "../errors/errors.js";
import { allocate } from "../onnx/tensor-data.js";
import { dimAt, dimProduct, formatShape, staticDim } from "../graph/shape.js";
import { constant, type Value, type ValueType } from "../graph/value.js";
import { convTranspose } from "./convolution.js";
import { defineOp, type Op } from "./define.js";
import { mul } from "./elementwise.js";
import { gatherElements, scatterElements } from "./indexing.js";
import { shapeFrom } from "./reshape.js";
import { reduceMax, reduceMean } from "./reduction.js";
import { shapeOf, zerosLike } from "./shape-of.js";
import { reshapeTo } from "./reshape.js";
import { pad } from "./slicing.js";
import { span, type Window, type WindowAttributes, windowOf } from "./window.js";

/** Attributes of {@link maxPool}, under ONNX's names; lists hold one number a spatial axis. */
export interface PoolAttributes extends WindowAttributes {
  /** Extent of the window. */
  readonly kernel_shape: readonly number[];
}

/** Attributes of {@link averagePool}. */
export interface AveragePoolAttributes extends Omit<PoolAttributes, "dilations"> {
  /** 1: the margin counts, with zeros; default 0: the mean is taken over the pixels of the picture only. */
  readonly count_include_pad?: number | undefined;
}

/** Attributes as a file may have them. */
interface GivenAttributes extends WindowAttributes {
  readonly kernel_shape?: readonly number[] | undefined;
}

function poolGeometry(operator: string, x: Value, attributes: GivenAttributes): Window {
  const kernel = attributes.kernel_shape;
  if (kernel === undefined || x.rank < 3) {
    throw new ShapeError(`${operator}: the window or the input has no spatial axes.`, {
      subject: operator,
      expected: "kernel_shape, and an input [N, C, …]",
      received: `kernel_shape [${(kernel ?? []).join(", ")}] and ${formatShape(x.shape)}`,
    });
  }
  return windowOf(operator, x.shape, kernel, attributes);
}

function pooled(operator: string, x: Value, attributes: GivenAttributes): ValueType {
  const { output } = poolGeometry(operator, x, attributes);
  return { type: x.type, shape: [dimAt(x.shape, 0), dimAt(x.shape, 1), ...output] };
}

/** Maximum over windows, with the places of the maxima; see {@link maxPool}. */
export const maxPoolOp: Op<
  "MaxPool",
  [x: Value, attributes: PoolAttributes & { readonly storage_order?: number | undefined }],
  { readonly y: Value; readonly indices: Value }
> = defineOp("MaxPool", {
  since: 12,
  inputs: ["x"],
  outputs: ["y", "indices?"],
  attributes: {
    auto_pad: "string",
    ceil_mode: "int",
    dilations: "ints",
    kernel_shape: "ints",
    pads: "ints",
    storage_order: "int",
    strides: "ints",
  },
  infer: ({ x, attributes }) => {
    if (attributes.storage_order === 1) {
      throw new ShapeError("MaxPool: indices in column-major order are not supported.", {
        subject: "MaxPool",
        expected: "storage_order 0",
        received: "1",
      });
    }
    const y = pooled("MaxPool", x, attributes);
    return { y, indices: { type: "int64", shape: y.shape } };
  },
  vjp: {
    x: ({ x, indices, dy, attributes }) => {
      const window = poolGeometry("MaxPool", x, attributes);
      const { kernel, strides, dilations, begins } = window;
      const overlapping = kernel.some((extent, axis) => span(extent, dilations[axis] ?? 1) > (strides[axis] ?? 1));
      if (overlapping) return addedAtIndices(x, indices, dy);
      const ends = beyond(x, window);
      return maxUnpool(dy, indices, shapeOf(x), {
        kernel_shape: kernel,
        strides,
        pads: [...begins, ...ends].some((width) => width > 0) ? [...begins, ...ends] : undefined,
      });
    },
  },
});

/** How far the last windows reach over the picture's end. */
function beyond(x: Value, { kernel, strides, begins, output }: Window): readonly number[] {
  return kernel.map((extent, axis) => {
    const covered = (staticDim(output, axis, "MaxPool") - 1) * (strides[axis] ?? 1) + extent;
    return Math.max(0, covered - (begins[axis] ?? 0) - staticDim(x.shape, axis + 2, "MaxPool"));
  });
}

/** A pixel that is the maximum of several windows gets the sum of their cotangents. */
function addedAtIndices(x: Value, indices: Value, dy: Value): Value {
  const flat = reshapeTo(x, [dimProduct(x.shape)]);
  const places = dimProduct(indices.shape);
  const sums = scatterElements(zerosLike(flat), reshapeTo(indices, [places]), reshapeTo(dy, [places]), {
    axis: 0,
    reduction: "add",
  });
  return reshapeTo(sums, x.shape);
}

/**
 * Maximum over windows of `[N, C, …]`; of equal pixels the first in row-major order gets the derivative.
 * @see https://onnx.ai/onnx/operators/onnx__MaxPool.html
 */
export function maxPool(x: Value, attributes: PoolAttributes): Value {
  return maxPoolOp(x, attributes).y;
}

/**
 * Puts each element at the place that MaxPool says, among zeros; the places must be different.
 *
 * @param outputShape the shape that MaxPool's input had
 * @see https://onnx.ai/onnx/operators/onnx__MaxUnpool.html
 */
export const maxUnpool: Op<
  "MaxUnpool",
  [
    x: Value,
    indices: Value,
    outputShape: Value,
    attributes: {
      readonly kernel_shape: readonly number[];
      readonly pads?: readonly number[] | undefined;
      readonly strides?: readonly number[] | undefined;
    },
  ]
> = defineOp("MaxUnpool", {
  since: 11,
  inputs: ["x", "indices", "outputShape"],
  outputs: ["y"],
  attributes: { kernel_shape: "ints", pads: "ints", strides: "ints" },
  infer: ({ x, outputShape }) => ({ y: { type: x.type, shape: shapeFrom(outputShape, "MaxUnpool") } }),
  vjp: {
    x: ({ x, indices, dy }) => {
      const places = dimProduct(indices.shape);
      const taken = gatherElements(reshapeTo(dy, [dimProduct(dy.shape)]), reshapeTo(indices, [places]), { axis: 0 });
      return reshapeTo(taken, x.shape);
    },
    indices: "none",
    outputShape: "none",
  },
});

/** Mean over windows of `[N, C, …]`. @see https://onnx.ai/onnx/operators/onnx__AveragePool.html */
export const averagePool: Op<"AveragePool", [x: Value, attributes: AveragePoolAttributes]> = defineOp("AveragePool", {
  since: 11,
  inputs: ["x"],
  outputs: ["y"],
  attributes: {
    auto_pad: "string",
    ceil_mode: "int",
    count_include_pad: "int",
    kernel_shape: "ints",
    pads: "ints",
    strides: "ints",
  },
  infer: ({ x, attributes }) => ({ y: pooled("AveragePool", x, attributes) }),
  vjp: {
    x: ({ x, dy, attributes }) => {
      const window = poolGeometry("AveragePool", x, attributes);
      return spreadOverWindows(x, mul(dy, weights(x, window, attributes.count_include_pad === 1)), window);
    },
  },
});

/** What each pixel of a window counts, `[1, 1, …windows]`: one over the number of pixels that the mean is taken over. */
function weights(x: Value, { kernel, strides, begins, ends, output }: Window, countsMargin: boolean): Value {
  const counts = kernel.map((extent, axis) => {
    const image = staticDim(x.shape, axis + 2, "AveragePool");
    const before = begins[axis] ?? 0;
    // A window that ceil_mode lets reach over the margin counts what lies in the margin at most.
    const [first, last] = countsMargin ? [-before, image + (ends[axis] ?? 0)] : [0, image];
    return Array.from({ length: staticDim(output, axis, "AveragePool") }, (_, index) => {
      const start = index * (strides[axis] ?? 1) - before;
      return Math.min(start + extent, last) - Math.max(start, first);
    });
  });
  const products = counts.reduce((all, axis) => all.flatMap((product) => axis.map((count) => product * count)), [1]);
  const data = allocate(x.type, products.length);
  products.forEach((product, index) => (data[index] = 1 / product));
  return constant({ type: x.type, dims: [1, 1, ...counts.map(({ length }) => length)], data });
}

/** Adds each cotangent to all pixels of its window: a transposed convolution with ones, channel by channel. */
function spreadOverWindows(x: Value, dy: Value, { kernel, strides, begins, output }: Window): Value {
  const channels = staticDim(x.shape, 1, "AveragePool");
  const size = [channels, 1, ...kernel];
  const data = allocate(
    x.type,
    size.reduce((product, extent) => product * extent, 1),
  );
  data.fill(1 as never);
  const ones = constant({ type: x.type, dims: size, data });
  // All windows side by side; then the margin is cut away and pixels that no window reached are added.
  const whole = convTranspose(dy, ones, undefined, { group: channels, strides });
  const axes = kernel.map((_, axis) => axis + 2);
  const cut = kernel.map((extent, axis) => {
    const covered = (staticDim(output, axis, "AveragePool") - 1) * (strides[axis] ?? 1) + extent;
    const image = staticDim(x.shape, axis + 2, "AveragePool");
    return { before: -(begins[axis] ?? 0), after: image + (begins[axis] ?? 0) - covered };
  });
  return cut.every(({ before, after }) => before === 0 && after === 0)
    ? whole
    : pad(whole, [...cut.map(({ before }) => before), ...cut.map(({ after }) => after)], { axes });
}

const spatialAxes = (x: Value): readonly number[] => x.shape.slice(2).map((_, axis) => axis + 2);

function pooledToOne(operator: string, x: Value): ValueType {
  if (x.rank < 3) {
    throw new ShapeError(`${operator}: the input has no spatial axes.`, {
      subject: operator,
      expected: "[N, C, …]",
      received: formatShape(x.shape),
    });
  }
  return { type: x.type, shape: x.shape.map((dim, axis) => (axis < 2 ? dim : 1)) };
}

/** Mean over all pixels: `[N, C, H, W]` → `[N, C, 1, 1]`. @see https://onnx.ai/onnx/operators/onnx__GlobalAveragePool.html */
export const globalAveragePool: Op<"GlobalAveragePool", [x: Value]> = defineOp("GlobalAveragePool", {
  since: 1,
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }) => ({ y: pooledToOne("GlobalAveragePool", x) }),
  body: ({ x }) => reduceMean(x, spatialAxes(x), { keepdims: 1 }),
});

/**
 * Maximum over all pixels: `[N, C, H, W]` → `[N, C, 1, 1]`; equal pixels share the derivative equally.
 * @see https://onnx.ai/onnx/operators/onnx__GlobalMaxPool.html
 */
export const globalMaxPool: Op<"GlobalMaxPool", [x: Value]> = defineOp("GlobalMaxPool", {
  since: 1,
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }) => ({ y: pooledToOne("GlobalMaxPool", x) }),
  body: ({ x }) => reduceMax(x, spatialAxes(x), { keepdims: 1 }),
});

import { ShapeError } from "../errors/errors.js";
import { dimAt, dimProduct, formatShape, staticDim } from "../graph/shape.js";
import type { Value } from "../graph/value.js";
import { defineOp, type Op } from "./define.js";
import { concat } from "./joining.js";
import { pad, slice, spreadAxis } from "./slicing.js";
import { transpose } from "./layout.js";
import { gemm } from "./matmul.js";
import { reduceSum } from "./reduction.js";
import { reshapeTo } from "./reshape.js";
import { perAxis, tapsOf, type Window } from "./window.js";

/** Attributes of {@link convHwnc}, one number for the height and one for the width. */
export interface ConvHwncAttributes {
  /** Extent of the kernel. */
  readonly kernel_shape: readonly number[];
  /** Margins of zeros: top, left, bottom, right; negative ones take pixels away. Default 0. */
  readonly pads?: readonly number[] | undefined;
  /** Distance of the windows; default 1. */
  readonly strides?: readonly number[] | undefined;
  /** 1: the kernel's rows stand in the reverse order of the taps; default 0. */
  readonly reversed_taps?: number | undefined;
}

/** Attributes as a node has them. */
type GivenAttributes = { readonly [Name in keyof ConvHwncAttributes]?: ConvHwncAttributes[Name] | undefined };

function windowsOf(x: Value, attributes: GivenAttributes): Window {
  const kernel = perAxis("ConvHwnc", "kernel_shape", attributes.kernel_shape, 2, 1);
  const strides = perAxis("ConvHwnc", "strides", attributes.strides, 2, 1);
  const pads = perAxis("ConvHwnc", "pads", attributes.pads, 4, 0);
  const begins = pads.slice(0, 2);
  const ends = pads.slice(2);
  const output = kernel.map((extent, axis) => {
    const padded = staticDim(x.shape, axis, "ConvHwnc") + (begins[axis] ?? 0) + (ends[axis] ?? 0);
    if (padded < extent) {
      throw new ShapeError("ConvHwnc: the kernel is larger than the padded image.", {
        subject: "ConvHwnc",
        expected: `a padded extent of ${extent} or more`,
        received: `${padded}, of ${formatShape(x.shape)}`,
      });
    }
    return Math.floor((padded - extent) / (strides[axis] ?? 1)) + 1;
  });
  return { kernel, strides, dilations: [1, 1], begins, ends, output };
}

/**
 * The pixels under each window side by side: `[H, W, N, C]` → `[oh · ow · N, taps · C]`.
 *
 * One Slice a tap and one Concat. The forward pass and the weight gradient of {@link convHwnc} make the same nodes, of
 * which `prepare` keeps one.
 */
function im2col(x: Value, { kernel, strides, begins, ends, output }: Window, reversed: boolean): Value {
  const margins = [...begins, ...ends];
  const padded = margins.every((margin) => margin === 0) ? x : pad(x, margins, { axes: [0, 1] });
  const taps = tapsOf(kernel);
  const pixels = (reversed ? taps.toReversed() : taps).map((tap) => {
    const ends = tap.map((first, axis) => first + (staticDim(output, axis, "ConvHwnc") - 1) * (strides[axis] ?? 1) + 1);
    const whole = ends.every((end, axis) => tap[axis] === 0 && end === padded.shape[axis]);
    return whole && strides.every((stride) => stride === 1)
      ? padded
      : slice(padded, { starts: tap, ends, axes: [0, 1], steps: strides });
  });
  const [first] = pixels;
  const columns = first !== undefined && pixels.length === 1 ? first : concat(pixels, { axis: 3 });
  const rows = dimProduct([...output, dimAt(x.shape, 2)]);
  return reshapeTo(columns, [rows, taps.length * staticDim(x.shape, 3, "ConvHwnc")]);
}

/** All axes but the last one as one. */
function asMatrix(x: Value): Value {
  return reshapeTo(x, [dimProduct(x.shape.slice(0, -1)), dimAt(x.shape, x.rank - 1)]);
}

/**
 * Convolution of `x [H, W, N, C]` with a kernel `[kh · kw · C, O]`, which is Keras's `[kh, kw, C, O]` as a matrix, and a
 * bias `b [O]`: one im2col and one matrix product. Made for small maps, where ONNX's `Conv` reaches little more than half
 * of the speed of a matrix product.
 *
 * No runtime has this operator; `prepare` writes it with standard ones.
 */
export const convHwnc: Op<"ConvHwnc", [x: Value, kernel: Value, b: Value | undefined, attributes: ConvHwncAttributes]> =
  defineOp("ConvHwnc", {
    since: 18,
    inputs: ["x", "kernel", "b?"],
    outputs: ["y"],
    attributes: { kernel_shape: "ints", pads: "ints", reversed_taps: "int", strides: "ints" },
    infer: ({ x, kernel, b, attributes }) => {
      const rows = dimProduct([...(attributes.kernel_shape ?? []), dimAt(x.shape, x.rank - 1)]);
      if (x.rank !== 4 || kernel.rank !== 2 || kernel.shape[0] !== rows || kernel.type !== x.type) {
        throw new ShapeError("ConvHwnc: the kernel does not fit the input.", {
          subject: "ConvHwnc",
          expected: `x [H, W, N, C] and a kernel [${rows}, O] of one type`,
          received: `${x.type} ${formatShape(x.shape)} and ${kernel.type} ${formatShape(kernel.shape)}`,
        });
      }
      const channels = dimAt(kernel.shape, 1);
      if (b !== undefined && (b.rank !== 1 || b.shape[0] !== channels)) {
        throw new ShapeError("ConvHwnc: the bias does not fit the kernel.", {
          subject: "ConvHwnc",
          expected: `[${channels}]`,
          received: formatShape(b.shape),
        });
      }
      return { y: { type: x.type, shape: [...windowsOf(x, attributes).output, dimAt(x.shape, 2), channels] } };
    },
    vjp: {
      x: ({ x, kernel, dy, attributes }) => inputGradient(x, kernel, dy, attributes),
      kernel: ({ x, dy, attributes }) => {
        const columns = im2col(x, windowsOf(x, attributes), attributes.reversed_taps === 1);
        return gemm(columns, asMatrix(dy), undefined, { transA: 1 });
      },
      b: ({ dy }) => reduceSum(dy, [0, 1, 2], { keepdims: 0 }),
    },
    expand: ({ x, kernel, b, attributes }) => {
      const window = windowsOf(x, attributes);
      const product = gemm(im2col(x, window, attributes.reversed_taps === 1), kernel, b);
      return reshapeTo(product, [...window.output, dimAt(x.shape, 2), dimAt(kernel.shape, 1)]);
    },
  });

/**
 * dx[q, c] = Σ dy[p, o] kernel[t, c, o] over all windows p and taps t with stride · p + t - pad = q: for stride 1 a
 * convolution of `dy` with the taps in reverse order and each tap's matrix transposed; for larger strides of `dy` with
 * zeros between its pixels. The taps are reversed in im2col, where that costs nothing, not in the kernel.
 */
function inputGradient(x: Value, kernel: Value, dy: Value, attributes: GivenAttributes): Value {
  const window = windowsOf(x, attributes);
  const { strides, begins } = window;
  const [channels, outputs] = [staticDim(x.shape, 3, "ConvHwnc"), dimAt(kernel.shape, 1)];
  const taps = tapsOf(window.kernel).length;
  const single = taps === 1;
  // For a single tap the product comes first: between the pixels of dy there is nothing to multiply.
  const source = single
    ? reshapeTo(gemm(asMatrix(dy), kernel, undefined, { transB: 1 }), [...dy.shape.slice(0, 3), channels])
    : dy;
  const spread = [0, 1].reduce((value, axis) => spreadAxis(value, axis, strides[axis] ?? 1), source);
  const before = window.kernel.map((extent, axis) => extent - 1 - (begins[axis] ?? 0));
  const after = window.kernel.map(
    (extent, axis) =>
      staticDim(x.shape, axis, "ConvHwnc") +
      extent -
      1 -
      (before[axis] ?? 0) -
      staticDim(spread.shape, axis, "ConvHwnc"),
  );
  const pads = [...before, ...after];
  if (single) return pads.every((width) => width === 0) ? spread : pad(spread, pads, { axes: [0, 1] });
  const byTap = transpose(reshapeTo(kernel, [taps, channels, outputs]), { perm: [0, 2, 1] });
  return convHwnc(spread, reshapeTo(byTap, [dimProduct([taps, outputs]), channels]), undefined, {
    kernel_shape: window.kernel,
    pads,
    reversed_taps: attributes.reversed_taps === 1 ? 0 : 1,
  });
}

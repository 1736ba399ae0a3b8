import { ShapeError } from "../errors/errors.js";
import { dimAt, dimProduct, dimQuotient, formatShape, staticDim } from "../graph/shape.js";
import type { Value } from "../graph/value.js";
import { constantIntegers } from "./constants.js";
import { defineOp, type Op } from "./define.js";
import { concat } from "./joining.js";
import { reshapeTo } from "./reshape.js";
import { pad, slice } from "./slicing.js";
import { tapsOf, type Window, windowOf } from "./window.js";

/** Attributes of {@link col2Im}, one number for each axis of the picture. */
export interface Col2ImAttributes {
  /** Distance of the taps of a window; default 1. */
  readonly dilations?: readonly number[] | undefined;
  /** Margins of zeros, those at the beginning of all axes first; default 0. */
  readonly pads?: readonly number[] | undefined;
  /** Distance of the windows; default 1. */
  readonly strides?: readonly number[] | undefined;
}

/** The pixels under the windows of a picture `[N, C, …]`: `[N, C · taps, windows]`. */
function im2col(image: Value, { kernel, strides, dilations, begins, ends, output }: Window): Value {
  const axes = kernel.map((_, axis) => axis + 2);
  const margins = [...begins, ...ends];
  const padded = margins.every((margin) => margin === 0) ? image : pad(image, margins, { axes });
  const [batch, channels, windows] = [dimAt(image.shape, 0), dimAt(image.shape, 1), dimProduct(output)];
  const taps = tapsOf(kernel).map((tap) => {
    const starts = tap.map((place, axis) => place * (dilations[axis] ?? 1));
    const last = (axis: number): number => (staticDim(output, axis, "Col2Im") - 1) * (strides[axis] ?? 1);
    const pixels = slice(padded, {
      starts,
      ends: starts.map((start, axis) => start + last(axis) + 1),
      axes,
      steps: strides,
    });
    return reshapeTo(pixels, [batch, channels, 1, windows]);
  });
  return reshapeTo(concat(taps, { axis: 2 }), [batch, dimProduct([channels, taps.length]), windows]);
}

/**
 * Lays windows into a picture and adds up where they overlap, PyTorch's `fold`: of `x [N, C · taps, windows]` a picture `[N, C, …]`.
 * @see https://onnx.ai/onnx/operators/onnx__Col2Im.html
 */
export const col2Im: Op<"Col2Im", [x: Value, imageShape: Value, blockShape: Value, attributes?: Col2ImAttributes]> =
  defineOp("Col2Im", {
    since: 18,
    inputs: ["x", "imageShape", "blockShape"],
    outputs: ["y"],
    attributes: { dilations: "ints", pads: "ints", strides: "ints" },
    infer: ({ x, imageShape, blockShape, attributes }) => {
      const image = constantIntegers(imageShape, "Col2Im", "image_shape");
      const block = constantIntegers(blockShape, "Col2Im", "block_shape");
      const channels = x.rank === 3 ? dimQuotient(dimAt(x.shape, 1), dimProduct(block)) : undefined;
      const y = [x.shape[0] ?? 1, channels ?? 1, ...image];
      const windows = channels === undefined ? undefined : dimProduct(windowOf("Col2Im", y, block, attributes).output);
      if (windows === undefined || windows !== x.shape[2]) {
        throw new ShapeError("Col2Im: the windows do not fit the picture.", {
          subject: "Col2Im",
          expected: `[N, a multiple of ${String(dimProduct(block))}, ${String(windows ?? "windows")}]`,
          received: formatShape(x.shape),
        });
      }
      return { y: { type: x.type, shape: y } };
    },
    vjp: {
      x: ({ blockShape, dy, attributes }) =>
        im2col(dy, windowOf("Col2Im", dy.shape, constantIntegers(blockShape, "Col2Im", "block_shape"), attributes)),
      imageShape: "none",
      blockShape: "none",
    },
  });

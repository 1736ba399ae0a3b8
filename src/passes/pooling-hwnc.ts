import { dimAt, dimProduct } from "../graph/shape.js";
import type { Value } from "../graph/value.js";
import { max } from "../ops/elementwise.js";
import { reshapeTo } from "../ops/reshape.js";
import { takeRows } from "../ops/take-rows.js";
import { tapsOf, type Window } from "../ops/window.js";

/**
 * Maximum over windows of `x [H, W, N, C]`, as the maximum of the pixels at each tap. Of equal pixels the first in
 * row-major order gets the derivative.
 *
 * @param x `[H, W, N, C]`
 * @returns `[oh, ow, N, C]`, or `undefined` where a window reaches over the image, in which case there are taps without pixels
 */
export function maxPoolHwnc(x: Value, { kernel, strides, dilations, begins, output }: Window): Value | undefined {
  const [height, width] = x.shape;
  const [oh, ow] = output;
  const known = [height, width, oh, ow].every((extent) => typeof extent === "number");
  if (!known || typeof width !== "number" || begins.some((begin) => begin !== 0)) return undefined;
  const last = kernel.map(
    (extent, axis) => (Number(output[axis]) - 1) * (strides[axis] ?? 1) + (extent - 1) * (dilations[axis] ?? 1),
  );
  if (last.some((position, axis) => position >= Number(x.shape[axis]))) return undefined;
  const pixels = reshapeTo(x, [dimProduct([Number(height), width]), dimAt(x.shape, 2), dimAt(x.shape, 3)]);
  const windows = tapsOf([Number(oh), Number(ow)]);
  const taps = tapsOf(kernel).map((tap) => {
    const rows = windows.map((place) => {
      const [y = 0, z = 0] = place.map(
        (position, axis) => position * (strides[axis] ?? 1) + (tap[axis] ?? 0) * (dilations[axis] ?? 1),
      );
      return y * width + z;
    });
    return takeRows(pixels, rows);
  });
  return reshapeTo(max(taps), [Number(oh), Number(ow), dimAt(x.shape, 2), dimAt(x.shape, 3)]);
}

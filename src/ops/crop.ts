import { type Dim, normalizeAxis } from "../graph/shape.js";
import { constantData, type Value } from "../graph/value.js";
import { concat } from "./joining.js";
import { cast, shapeOp } from "./layout.js";
import { scalar } from "./constants.js";
import { defineOp, type NonDifferentiableOp } from "./define.js";
import { max, mul, round } from "./elementwise.js";
import { reduceMin } from "./reduction.js";

/** What extents are called that are only known when the graph runs. */
const cropped = (axis: number): Dim => `crop_${axis}`;

/**
 * The middle of a value along some axes, or the value in the middle of zeros where it is smaller.
 *
 * Used for photos, in front of everything that learns, and has no derivative here.
 *
 * @see https://onnx.ai/onnx/operators/onnx__CenterCropPad.html
 */
export const centerCropPad: NonDifferentiableOp<
  "CenterCropPad",
  [x: Value, shape: Value, attributes?: { readonly axes?: readonly number[] | undefined }]
> = defineOp("CenterCropPad", {
  since: 18,
  inputs: ["x", "shape"],
  outputs: ["y"],
  attributes: { axes: "ints" },
  infer: ({ x, shape, attributes }) => {
    const extents = constantData(shape)?.data;
    const axes = (attributes.axes ?? x.shape.map((_, axis) => axis)).map((axis) =>
      normalizeAxis(axis, x.rank, "CenterCropPad"),
    );
    const made = x.shape.map((dim, axis): Dim => {
      const place = axes.indexOf(axis);
      if (place < 0) return dim;
      return extents === undefined ? cropped(axis) : Number(extents[place]);
    });
    return { y: { type: x.type, shape: made } };
  },
  nonDifferentiable: true,
});

/**
 * The middle of each picture.
 *
 * @param pictures `[N, H, W, C]`; height and width may be known only when the graph runs
 * @param part `share` of the sides, in (0, 1]; `square`: of the shorter one, for both
 * @param axis of the height, in front of that of the width: 2 for `[N, C, H, W]`; default 1
 * @returns `[N, h, w, C]`, a pixel or more in each direction
 */
export function centerOf(
  pictures: Value,
  { share, square }: { readonly share: number; readonly square: boolean },
  axis: 1 | 2 = 1,
): Value {
  const sides = shapeOp(pictures, { start: axis, end: axis + 2 });
  const shorter = square ? reduceMin(sides, [0], { keepdims: 1 }) : sides;
  const one = scalar("float32", 1);
  const shown =
    share === 1 ? shorter : cast(max([one, round(mul(cast(shorter, "float32"), scalar("float32", share)))]), "int64");
  const shape = square ? concat([shown, shown], { axis: 0 }) : shown;
  return centerCropPad(pictures, shape, { axes: [axis, axis + 1] });
}

import { dimProduct, dimQuotient, staticDim } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { graphAxis } from "../../../nn/channels.js";
import { resizeImages } from "../../../nn/layers/preprocessing/resize-images.js";
import { transpose } from "../../../ops/layout.js";
import { reshapeTo } from "../../../ops/reshape.js";
import { pad, slice } from "../../../ops/slicing.js";
import { attributeOf } from "../attributes.js";
import { first, inOrder, type NodeInputs, type Operators } from "./node-inputs.js";

function padded(inputs: NodeInputs, mode: "constant" | "reflect"): Value {
  const pads = inputs.integers(1);
  const x = inputs.value();
  const axes = x.shape.map((_, axis) => graphAxis(axis, x.rank, inputs.node.op));
  const ends = [0, 1].flatMap((end) => axes.map((_, axis) => pads[2 * axis + end] ?? 0));
  const value = inputs.count > 2 ? (inputs.constant(2).data[0] ?? 0) : 0;
  return pad(x, ends, { mode, value, axes });
}

function resized(inputs: NodeInputs, interpolation: "bilinear" | "nearest"): Value {
  if (!attributeOf(inputs.node, "half_pixel_centers", "bool", false)) {
    throw inputs.refuse("half_pixel_centers, as TensorFlow 2 resizes", "the older way");
  }
  const [height = 1, width = 1] = inputs.integers(1);
  return resizeImages(inputs.value(), [height, width], interpolation, false);
}

/** Height and width of the blocks that space is cut into, which TensorFlow writes around a convolution with dilation. */
function blockOf(inputs: NodeInputs): [number, number] {
  const [height = 1, width = 1, ...more] = inputs.integers(1);
  if (more.length > 0) throw inputs.refuse("blocks over height and width", `${more.length + 2} axes`);
  return [height, width];
}

/** Pixels of the same place in each block become a picture of their own. */
function spaceToBatch(inputs: NodeInputs): Value {
  const [high, wide] = blockOf(inputs);
  const [top = 0, bottom = 0, left = 0, right = 0] = inputs.integers(2);
  return inOrder(inputs.values(0, 1), (values) => {
    const x = pad(first(inputs, values), [0, top, left, 0, 0, bottom, right, 0]);
    const [n = 1, , , c = 1] = x.shape;
    const [rows, columns] = [
      staticDim(x.shape, 1, "SpaceToBatchND") / high,
      staticDim(x.shape, 2, "SpaceToBatchND") / wide,
    ];
    const blocks = transpose(reshapeTo(x, [n, rows, high, columns, wide, c]), { perm: [2, 4, 0, 1, 3, 5] });
    return reshapeTo(blocks, [dimProduct([high, wide, n]), rows, columns, c]);
  });
}

/** The reverse of {@link spaceToBatch}. */
function batchToSpace(inputs: NodeInputs): Value {
  const [high, wide] = blockOf(inputs);
  const [top = 0, bottom = 0, left = 0, right = 0] = inputs.integers(2);
  return inOrder(inputs.values(0, 1), (values) => {
    const x = first(inputs, values);
    const [all = 1, , , c = 1] = x.shape;
    const n = dimQuotient(all, high * wide);
    if (n === undefined) throw inputs.refuse(`a multiple of ${high * wide} pictures`, `${all}`);
    const [rows, columns] = [staticDim(x.shape, 1, "BatchToSpaceND"), staticDim(x.shape, 2, "BatchToSpaceND")];
    const blocks = transpose(reshapeTo(x, [high, wide, n, rows, columns, c]), { perm: [2, 3, 0, 4, 1, 5] });
    const whole = reshapeTo(blocks, [n, rows * high, columns * wide, c]);
    return slice(whole, { axes: [1, 2], starts: [top, left], ends: [rows * high - bottom, columns * wide - right] });
  });
}

/** Margins, sizes and blocks of pictures. */
export const pictureOperators: Operators = {
  BatchToSpaceND: batchToSpace,
  MirrorPad(inputs) {
    const mode = attributeOf(inputs.node, "mode", "string");
    if (mode !== "REFLECT") throw inputs.refuse("mode REFLECT", mode);
    return padded(inputs, "reflect");
  },
  Pad: (inputs) => padded(inputs, "constant"),
  PadV2: (inputs) => padded(inputs, "constant"),
  ResizeBilinear: (inputs) => resized(inputs, "bilinear"),
  ResizeNearestNeighbor: (inputs) => resized(inputs, "nearest"),
  SpaceToBatchND: spaceToBatch,
};

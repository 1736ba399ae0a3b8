import { constantData, type Node } from "../../../graph/value.js";
import type { ResizeAttributes } from "../../../ops/resampling.js";
import { extent, type LayerBuilder } from "../layer-builder.js";
import { attributesOf, inputOf, outputOf, type Rules } from "./rule.js";

/** Ways to find the pixel that is nearest which, where each is repeated a whole number of times, all repeat it in its place. */
function repeatsEach({ coordinate_transformation_mode: mode, nearest_mode: nearest }: ResizeAttributes): boolean {
  const rounds = nearest === undefined || nearest.startsWith("round");
  return mode === "asymmetric"
    ? nearest === "floor"
    : mode === undefined || mode.endsWith("half_pixel")
      ? rounds
      : false;
}

/** A picture that is made larger by repeating its pixels. What lies between pixels is another number in TensorFlow.js than elsewhere. */
function resize(node: Node, build: LayerBuilder): void {
  const [value, output, placed] = [inputOf(node), outputOf(node), build.input(node)];
  const attributes = attributesOf<ResizeAttributes>(node);
  const { mode = "nearest", axes } = attributes;
  const sides = [2, 3].map((axis) => [extent(value.shape[axis]), extent(output.shape[axis])] as const);
  const size = sides.map(([from, to]) => to / from);
  // Scales that the sizes are not a multiple by would take other pixels.
  const scales = constantData(node.inputs[2])?.data;
  const isExact = [2, 3].every((axis, side) => {
    const place = axes === undefined ? axis : axes.indexOf(axis);
    return scales === undefined || scales.length === 0 || Number(scales[place]) === size[side];
  });
  const isWhole = isExact && size.every((factor) => Number.isInteger(factor) && factor >= 1);
  if (placed.form !== "channels-last" || mode !== "nearest" || !isWhole || !repeatsEach(attributes)) {
    const sizes = sides.map(([from, to]) => `${from} to ${to}`).join(" and ");
    throw build.refusal(node, `sides of ${sizes} pixels by the mode ${mode}`);
  }
  // Nothing of a channel's arithmetic is changed by repeating it.
  const layer = build.add("UpSampling2D", [placed.layer], { size, interpolation: "nearest" });
  build.place(output, { ...placed, layer });
}

/** Operators that change how large a picture is. */
export const resizing: Rules = { Resize: resize };

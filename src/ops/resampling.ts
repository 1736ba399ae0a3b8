import { ShapeError } from "../errors/errors.js";
import { dimAt, formatShape, type Dim } from "../graph/shape.js";
import { constantData, type Value } from "../graph/value.js";
import { integers } from "./constants.js";
import { defineOp, type Op } from "./define.js";
import { concat } from "./joining.js";
import { shapeFrom, shapeOp } from "./layout.js";

/** Attributes of {@link gridSample}. */
export interface GridSampleAttributes {
  readonly mode?: "bilinear" | "nearest" | "bicubic";
  readonly padding_mode?: "zeros" | "border" | "reflection";
  /** 1: -1 and 1 are the centres of the outer pixels; 0: their outer edges. */
  readonly align_corners?: 0 | 1;
}

/**
 * Samples pictures at given places: x `[N, C, H, W]`, grid `[N, h, w, 2]` of (x, y) from -1 to 1 → `[N, C, h, w]`.
 *
 * Used for augmentation, in front of everything that learns, and has no derivative here.
 *
 * @see https://onnx.ai/onnx/operators/onnx__GridSample.html version 16
 */
export const gridSample: Op<[x: Value, grid: Value, attributes?: GridSampleAttributes]> = defineOp("GridSample", {
  since: 16,
  inputs: ["x", "grid"],
  outputs: ["y"],
  attributes: { mode: "string", padding_mode: "string", align_corners: "int" },
  infer: ({ x, grid }) => {
    if (x.rank !== 4 || grid.rank !== 4 || grid.shape[3] !== 2 || grid.shape[0] !== x.shape[0]) {
      throw new ShapeError("GridSample: the shapes do not fit.", {
        subject: "GridSample",
        expected: "x [N, C, H, W] and grid [N, h, w, 2]",
        received: `${formatShape(x.shape)} and ${formatShape(grid.shape)}`,
      });
    }
    const shape = [dimAt(x.shape, 0), dimAt(x.shape, 1), dimAt(grid.shape, 1), dimAt(grid.shape, 2)];
    return { y: { type: x.type, shape } };
  },
  nonDifferentiable: true,
});

/** Attributes of `Resize` that Graft uses. */
export interface ResizeAttributes {
  readonly mode?: "nearest" | "linear" | "cubic";
  /** 1: smooth while shrinking, so that no pixel is left out. */
  readonly antialias?: 0 | 1;
  readonly coordinate_transformation_mode?: "half_pixel" | "pytorch_half_pixel" | "align_corners" | "asymmetric";
  readonly nearest_mode?: "round_prefer_floor" | "round_prefer_ceil" | "floor" | "ceil";
  readonly cubic_coeff_a?: number;
  readonly axes?: readonly number[];
}

const resizeOp: Op<[x: Value, roi?: Value, scales?: Value, sizes?: Value, attributes?: ResizeAttributes]> = defineOp(
  "Resize",
  {
    since: 18,
    inputs: ["x", "roi?", "scales?", "sizes?"],
    outputs: ["y"],
    attributes: {
      mode: "string",
      antialias: "int",
      coordinate_transformation_mode: "string",
      nearest_mode: "string",
      cubic_coeff_a: "float",
      axes: "ints",
    },
    infer: ({ x, scales, sizes, attributes }) => {
      const target = sizes === undefined ? undefined : shapeFrom(sizes, "Resize");
      const factors = constantData(scales)?.data;
      const axes = attributes.axes ?? x.shape.map((_, axis) => axis);
      const shape = x.shape.map((dim, axis): Dim => {
        const place = axes.indexOf(axis);
        if (place < 0) return dim;
        if (target !== undefined) return target[place] ?? dim;
        const factor = Number(factors?.[place]);
        if (factor === 1) return dim;
        if (typeof dim === "number" && Number.isFinite(factor)) return Math.floor(dim * factor);
        throw new ShapeError("Resize: the size must be known when the graph is built.", {
          subject: "Resize",
          expected: "constant sizes, or constant scales of known extents",
          received: formatShape(x.shape),
        });
      });
      return { y: { type: x.type, shape } };
    },
    nonDifferentiable: true,
  },
);
export { resizeOp };

/**
 * Resizes pictures of any size: `[N, C, H, W]` → `[N, C, height, width]`.
 *
 * @see https://onnx.ai/onnx/operators/onnx__Resize.html
 */
export function resize(x: Value, height: number, width: number, attributes: ResizeAttributes): Value {
  // onnxruntime 1.30 refuses constant sizes together with `axes` ("Number of elements of input 'sizes' (0)").
  const sizes = concat([shapeOp(x, { start: 0, end: 2 }), integers([height, width])], { axis: 0 });
  return resizeOp(x, undefined, undefined, sizes, attributes);
}

import { ShapeError, UsageError } from "../errors/errors.js";
import { type Dim, dimAt, formatShape, staticDim } from "../graph/shape.js";
import { constant, constantData, type Value } from "../graph/value.js";
import { allocate } from "../onnx/tensor-data.js";
import { integers } from "./constants.js";
import { defineOp, type NonDifferentiableOp, type Op } from "./define.js";
import { concat } from "./joining.js";
import { shapeOp, transpose } from "./layout.js";
import { shapeFrom } from "./reshape.js";
import { matmul } from "./matmul.js";

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
export const gridSample: NonDifferentiableOp<"GridSample", [x: Value, grid: Value, attributes?: GridSampleAttributes]> =
  defineOp("GridSample", {
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
  readonly nearest_mode?: "round_prefer_floor" | "round_prefer_ceil" | "floor" | "ceil" | undefined;
  readonly cubic_coeff_a?: number;
  readonly axes?: readonly number[];
}

const resizeOp: Op<"Resize", [x: Value, roi?: Value, scales?: Value, sizes?: Value, attributes?: ResizeAttributes]> =
  defineOp("Resize", {
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
      exclude_outside: "int",
      extrapolation_value: "float",
      keep_aspect_ratio_policy: "string",
    },
    infer: ({ x, scales, sizes, attributes }) => {
      const policy = attributes.keep_aspect_ratio_policy ?? "stretch";
      if (policy !== "stretch") {
        throw new ShapeError("Resize: only stretching to the given size is supported.", {
          subject: "Resize",
          expected: 'keep_aspect_ratio_policy "stretch"',
          received: policy,
        });
      }
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
    vjp: {
      // Along each axis the picture is multiplied by a matrix; its cotangent by the transposed one.
      x: ({ x, scales, y, dy, attributes }) => {
        const axes = attributes.axes ?? x.shape.map((_, axis) => axis);
        const factors = constantData(scales)?.data;
        return x.shape.reduce((cotangent: Value, from, axis) => {
          const to = dimAt(y.shape, axis);
          if (from === to) return cotangent;
          const place = axes.indexOf(axis);
          const factor = factors === undefined ? undefined : Number(factors[place]);
          const [rows, columns] = [staticDim(y.shape, axis, "Resize"), staticDim(x.shape, axis, "Resize")];
          const data = allocate(x.type, rows * columns);
          interpolation(columns, rows, factor, attributes).forEach((weight, index) => (data[index] = weight));
          const weights = constant({ type: x.type, dims: [rows, columns], data });
          // The axis goes behind the others and comes back.
          const last = x.rank - 1;
          const swap = x.shape.map((_, index) => (index === axis ? last : index === last ? axis : index));
          if (axis === last) return matmul(cotangent, weights);
          return transpose(matmul(transpose(cotangent, { perm: swap }), weights), { perm: swap });
        }, dy);
      },
      roi: "none",
      scales: "none",
      sizes: "none",
    },
  });
export { resizeOp };

/** Attributes as a file may have them. */
interface GivenAttributes {
  readonly mode?: string | undefined;
  readonly antialias?: number | undefined;
  readonly exclude_outside?: number | undefined;
  readonly cubic_coeff_a?: number | undefined;
  readonly coordinate_transformation_mode?: string | undefined;
  readonly nearest_mode?: string | undefined;
}

/** The weights with which each pixel of the input goes into each pixel of the output along one axis, `[to, from]`. */
function interpolation(
  from: number,
  to: number,
  given: number | undefined,
  attributes: GivenAttributes,
): readonly number[] {
  const { mode = "nearest", antialias = 0, exclude_outside: excludes = 0 } = attributes;
  if (!["nearest", "linear", "cubic"].includes(mode) || antialias === 1) {
    throw new UsageError("Resize: only interpolation without antialias has a derivative here.", {
      subject: "Resize",
      expected: "antialias 0",
      received: `mode ${mode}, antialias ${antialias}`,
      advice: "Freeze the weights behind it.",
    });
  }
  const scale = given ?? to / from;
  const matrix = Array.from({ length: to * from }, () => 0);
  const put = (row: number, column: number, weight: number): void => {
    const inside = Math.min(Math.max(column, 0), from - 1);
    matrix[row * from + inside] = (matrix[row * from + inside] ?? 0) + weight;
  };
  for (let row = 0; row < to; row++) {
    const position = originOf(row, scale, from, to, attributes.coordinate_transformation_mode ?? "half_pixel");
    if (mode === "nearest") {
      put(row, nearest(position, attributes.nearest_mode ?? "round_prefer_floor"), 1);
    } else if (mode === "cubic") {
      const below = Math.floor(position);
      const near = [-1, 0, 1, 2].map((step) => below + step);
      const taken = near.filter((place) => excludes === 0 || (place >= 0 && place < from));
      const weights = taken.map((place) => cubic(Math.abs(position - place), attributes.cubic_coeff_a ?? -0.75));
      const sum = weights.reduce((total, weight) => total + weight, 0);
      taken.forEach((place, index) => {
        put(row, place, (weights[index] ?? 0) / sum);
      });
    } else {
      const inside = Math.min(Math.max(position, 0), from - 1);
      const below = Math.floor(inside);
      put(row, below, 1 - (inside - below));
      put(row, below + 1, inside - below);
    }
  }
  return matrix;
}

/**
 * How much a pixel counts at a distance, in cubic convolution.
 * @see https://ieeexplore.ieee.org/document/1163711
 */
function cubic(distance: number, a: number): number {
  if (distance <= 1) return (a + 2) * distance ** 3 - (a + 3) * distance ** 2 + 1;
  return distance < 2 ? a * (distance ** 3 - 5 * distance ** 2 + 8 * distance - 4) : 0;
}

/** Where in the input a pixel of the output lies. */
function originOf(position: number, scale: number, from: number, to: number, mode: string): number {
  switch (mode) {
    case "half_pixel":
      return (position + 0.5) / scale - 0.5;
    case "pytorch_half_pixel":
      return to > 1 ? (position + 0.5) / scale - 0.5 : 0;
    case "asymmetric":
      return position / scale;
    case "align_corners":
      return to > 1 ? (position * (from - 1)) / (to - 1) : 0;
    default:
      throw new UsageError("Resize: there is no derivative for this coordinate transformation.", {
        subject: "Resize",
        expected: "half_pixel, pytorch_half_pixel, asymmetric or align_corners",
        received: mode,
      });
  }
}

function nearest(position: number, mode: string): number {
  switch (mode) {
    case "floor":
      return Math.floor(position);
    case "ceil":
      return Math.ceil(position);
    case "round_prefer_ceil":
      return Math.floor(position + 0.5);
    default:
      return Math.ceil(position - 0.5);
  }
}

/**
 * Resizes pictures of any size: `[N, C, H, W]` → `[N, C, height, width]`.
 *
 * Without antialias it has a derivative.
 *
 * @see https://onnx.ai/onnx/operators/onnx__Resize.html
 */
export function resize(x: Value, height: number, width: number, attributes: ResizeAttributes): Value {
  // onnxruntime 1.30 refuses constant sizes together with `axes` ("Number of elements of input 'sizes' (0)").
  const sizes = concat([shapeOp(x, { start: 0, end: 2 }), integers([height, width])], { axis: 0 });
  return resizeOp(x, undefined, undefined, sizes, attributes);
}

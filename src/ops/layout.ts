import { ShapeError } from "../errors/errors.js";
import {
  broadcastShapes,
  type Dim,
  dimAt,
  dimProduct,
  dimQuotient,
  formatShape,
  normalizeAxis,
} from "../graph/shape.js";
import type { Value } from "../graph/value.js";
import { elementTypeCode, elementTypeOf } from "../onnx/element-types.js";
import type { ElementType } from "../onnx/tensor-data.js";
import { constantIntegers, integers } from "./constants.js";
import { defineOp, type NonDifferentiableOp, type Op } from "./define.js";
import { reshapeTo, shapeFrom } from "./reshape.js";

/** The value itself. @see https://onnx.ai/onnx/operators/onnx__Identity.html */
export const identity: Op<"Identity", [x: Value]> = defineOp("Identity", {
  since: 16,
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }) => ({ y: { type: x.type, shape: x.shape } }),
  vjp: { x: ({ dy }) => dy },
});

/**
 * The value itself, but no gradient flows through it.
 *
 * No runtime has this operator; `prepare` takes it out.
 */
export const stopGradient: Op<"StopGradient", [x: Value]> = defineOp("StopGradient", {
  since: 18,
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }) => ({ y: { type: x.type, shape: x.shape } }),
  vjp: { x: "none" },
  expand: ({ x }) => x,
});

const isFloat = (type: ElementType): boolean => type.startsWith("float");

const castOp: Op<"Cast", [x: Value, attributes: { readonly to: number }]> = defineOp("Cast", {
  since: 13,
  inputs: ["x"],
  outputs: ["y"],
  attributes: { to: "int", saturate: "int" },
  infer: ({ x, attributes }) => {
    const type = elementTypeOf(attributes.to ?? 0);
    if (type === undefined) {
      throw new ShapeError("Cast: there is no such element type.", {
        subject: "Cast",
        expected: "the number of an element type of the ONNX definition that Graft uses",
        received: String(attributes.to),
      });
    }
    return { y: { type, shape: x.shape } };
  },
  // Whole numbers and booleans do not vary smoothly, so nothing flows through them.
  vjp: { x: ({ x, y, dy }) => (isFloat(x.type) && isFloat(y.type) ? cast(dy, x.type) : undefined) },
});
export { castOp };

/** The same numbers in another element type; the value itself when it has that type. @see https://onnx.ai/onnx/operators/onnx__Cast.html */
export function cast(x: Value, type: ElementType): Value {
  return x.type === type ? x : castOp(x, { to: elementTypeCode(type) });
}

/** The shape of a value when the graph runs, `[rank]` int64. @see https://onnx.ai/onnx/operators/onnx__Shape.html */
export const shapeOp: NonDifferentiableOp<
  "Shape",
  [x: Value, attributes?: { readonly start?: number | undefined; readonly end?: number | undefined }]
> = defineOp("Shape", {
  since: 15,
  inputs: ["x"],
  outputs: ["y"],
  attributes: { start: "int", end: "int" },
  infer: ({ x, attributes }) => {
    const { length } = x.shape.slice(attributes.start ?? 0, attributes.end);
    return { y: { type: "int64", shape: [length] } };
  },
  nonDifferentiable: true,
});

/** Permutes the axes. @see https://onnx.ai/onnx/operators/onnx__Transpose.html */
export const transpose: Op<"Transpose", [x: Value, attributes: { perm: readonly number[] }]> = defineOp("Transpose", {
  since: 13,
  inputs: ["x"],
  outputs: ["y"],
  attributes: { perm: "ints" },
  infer: ({ x, attributes }) => {
    const perm = permutation(x, attributes.perm);
    return { y: { type: x.type, shape: perm.map((axis) => dimAt(x.shape, axis)) } };
  },
  vjp: {
    x: ({ x, dy, attributes }) => {
      const perm = permutation(x, attributes.perm);
      return transpose(dy, { perm: perm.map((_, axis) => perm.indexOf(axis)) });
    },
  },
});

function permutation(x: Value, perm: readonly number[] | undefined): readonly number[] {
  const axes = x.shape.map((_, axis) => axis);
  if (perm === undefined) return axes.reverse();
  if (perm.length !== x.rank || axes.some((axis) => !perm.includes(axis))) {
    throw new ShapeError("Transpose: perm must name each axis once.", {
      subject: "Transpose",
      expected: `a permutation of ${axes.join(", ")}`,
      received: perm.join(", "),
    });
  }
  return perm;
}

/** Repeats along axes of extent 1, as broadcasting does. @see https://onnx.ai/onnx/operators/onnx__Expand.html */
export const expand: Op<"Expand", [x: Value, shape: Value]> = defineOp("Expand", {
  since: 13,
  inputs: ["x", "shape"],
  outputs: ["y"],
  infer: ({ x, shape }) => ({
    y: { type: x.type, shape: broadcastShapes(x.shape, shapeFrom(shape, "Expand"), "Expand") },
  }),
  vjp: { x: ({ dy }) => dy, shape: "none" },
});

const unsqueezeOp: Op<"Unsqueeze", [x: Value, axes: Value]> = defineOp("Unsqueeze", {
  since: 13,
  inputs: ["x", "axes"],
  outputs: ["y"],
  infer: ({ x, axes }) => {
    const given = constantIntegers(axes, "Unsqueeze", "axes");
    const rank = x.rank + given.length;
    const added = new Set(given.map((axis) => normalizeAxis(axis, rank, "Unsqueeze")));
    if (added.size !== given.length) {
      throw new ShapeError("Unsqueeze: an axis is named twice.", {
        subject: "Unsqueeze",
        expected: "different axes",
        received: given.join(", "),
      });
    }
    const rest = x.shape.values();
    const shape = Array.from({ length: rank }, (_, axis): Dim => (added.has(axis) ? 1 : (rest.next().value ?? 1)));
    return { y: { type: x.type, shape } };
  },
  vjp: { x: ({ axes, dy }) => squeezeOp(dy, axes), axes: "none" },
});
export { unsqueezeOp };

/** Adds axes of extent 1 where `axes`, counted in the result, say. @see https://onnx.ai/onnx/operators/onnx__Unsqueeze.html */
export function unsqueeze(x: Value, axes: readonly number[]): Value {
  return unsqueezeOp(x, integers(axes));
}

const squeezeOp: Op<"Squeeze", [x: Value, axes?: Value]> = defineOp("Squeeze", {
  since: 13,
  inputs: ["x", "axes?"],
  outputs: ["y"],
  infer: ({ x, axes }) => ({
    y: { type: x.type, shape: x.shape.filter((_, axis) => !squeezedAxes(x, axes).includes(axis)) },
  }),
  vjp: { x: ({ x, axes, dy }) => unsqueeze(dy, squeezedAxes(x, axes)), axes: "none" },
});
export { squeezeOp };

/** The axes that Squeeze takes away: all of extent 1 when none is named. */
function squeezedAxes(x: Value, axes: Value | undefined): readonly number[] {
  if (axes === undefined) return x.shape.flatMap((dim, axis) => (dim === 1 ? [axis] : []));
  const given = constantIntegers(axes, "Squeeze", "axes").map((axis) => normalizeAxis(axis, x.rank, "Squeeze"));
  if (given.some((axis) => x.shape[axis] !== 1)) {
    throw new ShapeError("Squeeze: only axes of extent 1 can be taken away.", {
      subject: "Squeeze",
      expected: `extent 1 at axes ${given.join(", ")}`,
      received: formatShape(x.shape),
    });
  }
  return given;
}

/** Takes axes of extent 1 away; all of them when `axes` is absent. @see https://onnx.ai/onnx/operators/onnx__Squeeze.html */
export function squeeze(x: Value, axes?: readonly number[]): Value {
  return squeezeOp(x, axes && integers(axes));
}

/**
 * A matrix: the axes before `axis` become its rows, the others its columns; default 1.
 * @see https://onnx.ai/onnx/operators/onnx__Flatten.html
 */
export const flatten: Op<"Flatten", [x: Value, attributes?: { readonly axis?: number | undefined }]> = defineOp(
  "Flatten",
  {
    since: 13,
    inputs: ["x"],
    outputs: ["y"],
    attributes: { axis: "int" },
    infer: ({ x, attributes }) => {
      const given = attributes.axis ?? 1;
      const axis = given === x.rank ? given : normalizeAxis(given, x.rank, "Flatten");
      return { y: { type: x.type, shape: [dimProduct(x.shape.slice(0, axis)), dimProduct(x.shape.slice(axis))] } };
    },
    vjp: { x: ({ x, dy }) => reshapeTo(dy, x.shape) },
  },
);

/**
 * The pixels of a block of `blocksize²` channels, laid out in space: `[N, C·b², H, W]` → `[N, C, H·b, W·b]`.
 * `mode` `"DCR"` (default) takes the block's offset from the slow part of the channel number, `"CRD"` from the fast one.
 * @see https://onnx.ai/onnx/operators/onnx__DepthToSpace.html
 */
export const depthToSpace: Op<
  "DepthToSpace",
  [x: Value, attributes: { readonly blocksize: number; readonly mode?: string | undefined }]
> = defineOp("DepthToSpace", {
  since: 13,
  inputs: ["x"],
  outputs: ["y"],
  attributes: { blocksize: "int", mode: "string" },
  infer: ({ x, attributes: { blocksize = 0 } }) => {
    const channels = dimQuotient(dimAt(x.shape, 1), blocksize * blocksize);
    if (x.rank !== 4 || channels === undefined) {
      throw new ShapeError("DepthToSpace: the channels do not divide into blocks.", {
        subject: "DepthToSpace",
        expected: `[N, C, H, W] with C a multiple of ${blocksize} · ${blocksize}`,
        received: formatShape(x.shape),
      });
    }
    const [height, width] = [dimProduct([dimAt(x.shape, 2), blocksize]), dimProduct([dimAt(x.shape, 3), blocksize])];
    return { y: { type: x.type, shape: [dimAt(x.shape, 0), channels, height, width] } };
  },
  body: ({ x, attributes: { blocksize: block = 1, mode = "DCR" } }) => {
    const [batch, channels, height, width] = [0, 1, 2, 3].map((axis) => dimAt(x.shape, axis)) as [Dim, Dim, Dim, Dim];
    const depth = dimQuotient(channels, block * block) ?? 1;
    const blocks =
      mode === "DCR"
        ? transpose(reshapeTo(x, [batch, block, block, depth, height, width]), { perm: [0, 3, 4, 1, 5, 2] })
        : transpose(reshapeTo(x, [batch, depth, block, block, height, width]), { perm: [0, 1, 4, 2, 5, 3] });
    return reshapeTo(blocks, [batch, depth, dimProduct([height, block]), dimProduct([width, block])]);
  },
});

/**
 * Blocks of `blocksize²` pixels as channels, the inverse of {@link depthToSpace} in mode DCR: `[N, C, H·b, W·b]` → `[N, C·b², H, W]`.
 * @see https://onnx.ai/onnx/operators/onnx__SpaceToDepth.html
 */
export const spaceToDepth: Op<"SpaceToDepth", [x: Value, attributes: { readonly blocksize: number }]> = defineOp(
  "SpaceToDepth",
  {
    since: 13,
    inputs: ["x"],
    outputs: ["y"],
    attributes: { blocksize: "int" },
    infer: ({ x, attributes: { blocksize = 0 } }) => {
      const height = dimQuotient(dimAt(x.shape, 2), blocksize);
      const width = dimQuotient(dimAt(x.shape, 3), blocksize);
      if (x.rank !== 4 || height === undefined || width === undefined) {
        throw new ShapeError("SpaceToDepth: the picture does not divide into blocks.", {
          subject: "SpaceToDepth",
          expected: `[N, C, H, W] with H and W multiples of ${blocksize}`,
          received: formatShape(x.shape),
        });
      }
      const channels = dimProduct([dimAt(x.shape, 1), blocksize * blocksize]);
      return { y: { type: x.type, shape: [dimAt(x.shape, 0), channels, height, width] } };
    },
    vjp: {
      x: ({ dy, attributes: { blocksize = 1 } }) => depthToSpace(dy, { blocksize }),
    },
  },
);

import { ShapeError } from "../errors/errors.js";
import { dimAt, formatShape, normalizeAxis, type Shape } from "../graph/shape.js";
import { constant, type Value } from "../graph/value.js";
import { float32 } from "../onnx/tensor-data.js";
import { constantIntegers, integers } from "./constants.js";
import { defineOp, type NonDifferentiableOp, type Op } from "./define.js";
import { transpose, unsqueeze } from "./layout.js";
import { zerosLike } from "./shape-of.js";

type AlongAxis = Readonly<Record<"axis", number | undefined>>;

/**
 * Takes slices along an axis: `y[…, i, …] = x[…, indices[i], …]`; the axes of `indices` stand in the place of `axis` (default 0).
 * @see https://onnx.ai/onnx/operators/onnx__Gather.html
 */
export const gather: Op<"Gather", [x: Value, indices: Value, attributes?: Partial<AlongAxis>]> = defineOp("Gather", {
  since: 13,
  inputs: ["x", "indices"],
  outputs: ["y"],
  attributes: { axis: "int" },
  infer: ({ x, indices, attributes: { axis = 0 } }) => {
    checkIndices("Gather", indices);
    const at = normalizeAxis(axis, x.rank, "Gather");
    return { y: { type: x.type, shape: [...x.shape.slice(0, at), ...indices.shape, ...x.shape.slice(at + 1)] } };
  },
  vjp: {
    x: ({ x, indices, dy, attributes: { axis = 0 } }) => {
      const at = normalizeAxis(axis, x.rank, "Gather");
      const all = Array.from({ length: dy.rank }, (_, index) => index);
      const taken = all.slice(at, at + indices.rank);
      // The taken slices go in front, are added up in their places, and the axis goes back to its place.
      const front = transpose(dy, { perm: [...taken, ...all.filter((index) => !taken.includes(index))] });
      const axes = x.shape.map((_, index) => index);
      const perm = [at, ...axes.filter((index) => index !== at)];
      const places = transpose(zerosLike(x), { perm });
      const sums = scatterNd(places, unsqueeze(indices, [-1]), front, { reduction: "add" });
      return transpose(sums, { perm: axes.map((index) => perm.indexOf(index)) });
    },
    indices: "none",
  },
});

function checkIndices(operator: string, indices: Value): void {
  if (indices.type !== "int64" && indices.type !== "int32") {
    throw new ShapeError(`${operator}: indices must be whole numbers.`, {
      subject: operator,
      expected: "int64 or int32",
      received: indices.type,
    });
  }
}

function checkSameRank(operator: string, x: Value, indices: Value): void {
  checkIndices(operator, indices);
  if (x.rank !== indices.rank) {
    throw new ShapeError(`${operator}: the indices must have as many axes as the data.`, {
      subject: operator,
      expected: `${x.rank} axes`,
      received: formatShape(indices.shape),
    });
  }
}

/**
 * Takes elements along an axis: `y[i, j] = x[indices[i, j], j]` for axis 0 (the default).
 * @see https://onnx.ai/onnx/operators/onnx__GatherElements.html
 */
export const gatherElements: Op<"GatherElements", [x: Value, indices: Value, attributes?: Partial<AlongAxis>]> =
  defineOp("GatherElements", {
    since: 13,
    inputs: ["x", "indices"],
    outputs: ["y"],
    attributes: { axis: "int" },
    infer: ({ x, indices, attributes: { axis = 0 } }) => {
      checkSameRank("GatherElements", x, indices);
      normalizeAxis(axis, x.rank, "GatherElements");
      return { y: { type: x.type, shape: indices.shape } };
    },
    vjp: {
      x: ({ x, indices, dy, attributes: { axis = 0 } }) =>
        scatterElements(zerosLike(x), indices, dy, { axis, reduction: "add" }),
      indices: "none",
    },
  });

/** What to do with elements that land at the same place: the last one (default), or the sum of all and of what was there. */
export interface ScatterAttributes {
  readonly axis?: number | undefined;
  /** `"none"` (default) or `"add"`. */
  readonly reduction?: string | undefined;
}

function checkReduction(operator: string, reduction: string | undefined): void {
  if (reduction !== undefined && reduction !== "none" && reduction !== "add") {
    throw new ShapeError(`${operator}: there is no such reduction.`, {
      subject: operator,
      expected: "none or add",
      received: reduction,
    });
  }
}

/**
 * Puts elements into a copy of `x`: `y[indices[i, j], j] = updates[i, j]` for axis 0 (the default).
 * Without `reduction` the places must be different where a derivative is taken.
 * @see https://onnx.ai/onnx/operators/onnx__ScatterElements.html
 */
export const scatterElements: Op<
  "ScatterElements",
  [x: Value, indices: Value, updates: Value, attributes?: ScatterAttributes]
> = defineOp("ScatterElements", {
  since: 18,
  inputs: ["x", "indices", "updates"],
  outputs: ["y"],
  attributes: { axis: "int", reduction: "string" },
  infer: ({ x, indices, updates, attributes: { axis = 0, reduction } }) => {
    checkSameRank("ScatterElements", x, indices);
    checkReduction("ScatterElements", reduction);
    normalizeAxis(axis, x.rank, "ScatterElements");
    if (updates.type !== x.type || !updates.shape.every((dim, i) => dim === indices.shape[i])) {
      throw new ShapeError("ScatterElements: there must be an update for each index.", {
        subject: "ScatterElements",
        expected: `${x.type} ${formatShape(indices.shape)}`,
        received: `${updates.type} ${formatShape(updates.shape)}`,
      });
    }
    return { y: { type: x.type, shape: x.shape } };
  },
  vjp: {
    x: ({ indices, updates, dy, attributes: { axis = 0, reduction } }) =>
      reduction === "add" ? dy : scatterElements(dy, indices, zerosLike(updates), { axis }),
    indices: "none",
    updates: ({ indices, dy, attributes: { axis = 0 } }) => gatherElements(dy, indices, { axis }),
  },
});

/**
 * Takes slices: the last axis of `indices` says a place along the first axes of `x`.
 * @see https://onnx.ai/onnx/operators/onnx__GatherND.html
 */
export const gatherNd: Op<"GatherND", [x: Value, indices: Value]> = defineOp("GatherND", {
  since: 13,
  inputs: ["x", "indices"],
  outputs: ["y"],
  infer: ({ x, indices }) => ({ y: { type: x.type, shape: slicesAt("GatherND", x, indices) } }),
  vjp: {
    x: ({ x, indices, dy }) => scatterNd(zerosLike(x), indices, dy, { reduction: "add" }),
    indices: "none",
  },
});

/** Shape of the slices that `indices` names. */
function slicesAt(operator: string, x: Value, indices: Value): Shape {
  checkIndices(operator, indices);
  const depth = dimAt(indices.shape, indices.rank - 1);
  if (typeof depth !== "number" || depth > x.rank) {
    throw new ShapeError(`${operator}: an index has more parts than the data has axes.`, {
      subject: operator,
      expected: `a last axis of extent up to ${x.rank}`,
      received: formatShape(indices.shape),
    });
  }
  return [...indices.shape.slice(0, -1), ...x.shape.slice(depth)];
}

/**
 * Puts slices into a copy of `x`; the last axis of `indices` says a place along the first axes of `x`.
 * Without `reduction` the places must be different where a derivative is taken.
 * @see https://onnx.ai/onnx/operators/onnx__ScatterND.html
 */
export const scatterNd: Op<
  "ScatterND",
  [x: Value, indices: Value, updates: Value, attributes?: { readonly reduction?: string | undefined }]
> = defineOp("ScatterND", {
  since: 18,
  inputs: ["x", "indices", "updates"],
  outputs: ["y"],
  attributes: { reduction: "string" },
  infer: ({ x, indices, updates, attributes: { reduction } }) => {
    checkReduction("ScatterND", reduction);
    const expected = slicesAt("ScatterND", x, indices);
    const fits = updates.rank === expected.length && updates.shape.every((dim, axis) => dim === expected[axis]);
    if (!fits || updates.type !== x.type) {
      throw new ShapeError("ScatterND: there must be an update for each index.", {
        subject: "ScatterND",
        expected: `${x.type} ${formatShape(expected)}`,
        received: `${updates.type} ${formatShape(updates.shape)}`,
      });
    }
    return { y: { type: x.type, shape: x.shape } };
  },
  vjp: {
    x: ({ indices, updates, dy, attributes: { reduction } }) =>
      reduction === "add" ? dy : scatterNd(dy, indices, zerosLike(updates)),
    indices: "none",
    updates: ({ indices, dy }) => gatherNd(dy, indices),
  },
});

/**
 * For each index a vector of `depth` numbers, `values[1]` at the index and `values[0]` elsewhere, along a new axis (default the last).
 * Indices out of range give a vector without a `values[1]`.
 * @see https://onnx.ai/onnx/operators/onnx__OneHot.html
 */
export const oneHotOp: NonDifferentiableOp<
  "OneHot",
  [indices: Value, depth: Value, values: Value, attributes?: Partial<AlongAxis>]
> = defineOp("OneHot", {
  since: 11,
  inputs: ["indices", "depth", "values"],
  outputs: ["y"],
  attributes: { axis: "int" },
  infer: ({ indices, depth, values, attributes: { axis = -1 } }) => {
    const [extent = 0] = constantIntegers(depth, "OneHot", "depth");
    const at = normalizeAxis(axis, indices.rank + 1, "OneHot");
    return { y: { type: values.type, shape: [...indices.shape.slice(0, at), extent, ...indices.shape.slice(at)] } };
  },
  nonDifferentiable: true,
});

/** For each class number a vector with 1 at its place and 0 elsewhere, float32, along a new last axis. */
export function oneHot(indices: Value, classes: number): Value {
  return oneHotOp(indices, integers([classes]), constant(float32([0, 1], [2])));
}

/**
 * A matrix of the shape of another one, with 1 on the diagonal and 0 elsewhere.
 * @see https://onnx.ai/onnx/operators/onnx__EyeLike.html
 */
export const eyeLike: NonDifferentiableOp<"EyeLike", [x: Value]> = defineOp("EyeLike", {
  since: 9,
  inputs: ["x"],
  outputs: ["y"],
  attributes: { dtype: "int", k: "int" },
  infer: ({ x, attributes: { dtype } }) => {
    if (x.rank !== 2 || dtype !== undefined) {
      throw new ShapeError("EyeLike: only for a matrix, and of its own type.", {
        subject: "EyeLike",
        expected: "two axes, and no dtype",
        received: formatShape(x.shape),
      });
    }
    return { y: { type: x.type, shape: x.shape } };
  },
  nonDifferentiable: true,
});

/**
 * The `k` greatest elements along an axis (default the last), greatest first, and their indices.
 * @see https://onnx.ai/onnx/operators/onnx__TopK.html
 */
export const topK: Op<
  "TopK",
  [
    x: Value,
    k: Value,
    attributes?: Partial<AlongAxis> & { readonly largest?: number | undefined; readonly sorted?: number | undefined },
  ],
  { readonly y: Value; readonly indices: Value }
> = defineOp("TopK", {
  since: 11,
  inputs: ["x", "k"],
  outputs: ["y", "indices"],
  attributes: { axis: "int", largest: "int", sorted: "int" },
  infer: ({ x, k, attributes: { axis = -1 } }) => {
    const [count = 0] = constantIntegers(k, "TopK", "k");
    const at = normalizeAxis(axis, x.rank, "TopK");
    const shape = x.shape.map((dim, index) => (index === at ? count : dim));
    return { y: { type: x.type, shape }, indices: { type: "int64", shape } };
  },
  vjp: {
    x: ({ x, indices, dy, attributes: { axis = -1 } }) =>
      scatterElements(zerosLike(x), indices, dy, { axis, reduction: "add" }),
    k: "none",
  },
});

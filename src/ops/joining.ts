import { ShapeError } from "../errors/errors.js";
import { type Dim, dimAt, dimProduct, formatShape, normalizeAxis, type Shape, staticDim } from "../graph/shape.js";
import { Node, type Value } from "../graph/value.js";
import { constantIntegers, integers } from "./constants.js";
import { defineOp, defineVariadic, encode, type Op, type OpRow } from "./define.js";
import { reduceSum } from "./reduction.js";
import { reshapeTo } from "./reshape.js";
import { slice } from "./slicing.js";

/** The sum of extents: of numbers, or of one symbol repeated. */
function dimSum(dims: Shape, operator: string): Dim {
  const [first = 0] = dims;
  if (dims.every((dim) => typeof dim === "number")) return dims.reduce((total, dim) => total + dim, 0);
  if (dims.every((dim) => dim === first)) return dimProduct([dims.length, first]);
  throw new ShapeError(`${operator}: the extents along the axis must be known when the graph is built.`, {
    subject: operator,
    expected: "numbers",
    received: formatShape(dims),
  });
}

/**
 * The inputs one behind the other along an axis; all other extents are equal.
 * @see https://onnx.ai/onnx/operators/onnx__Concat.html
 */
export const concat: Op<"Concat", [inputs: readonly Value[], attributes: { readonly axis: number }]> = defineVariadic(
  "Concat",
  {
    since: 13,
    attributes: { axis: "int" },
    infer: ({ inputs, attributes: { axis: given = 0 } }) => {
      const [first] = inputs;
      if (first === undefined) {
        throw new ShapeError("Concat has no input.", { subject: "Concat", expected: "one or more", received: "none" });
      }
      const axis = normalizeAxis(given, first.rank, "Concat");
      for (const { type, shape } of inputs) {
        const fits = shape.length === first.rank && shape.every((dim, i) => i === axis || dim === first.shape[i]);
        if (!fits || type !== first.type) {
          throw new ShapeError(`Concat: the inputs must have the same type and extents but along axis ${axis}.`, {
            subject: "Concat",
            expected: `${first.type} ${formatShape(first.shape.map((dim, i) => (i === axis ? "any" : dim)))}`,
            received: `${type} ${formatShape(shape)}`,
          });
        }
      }
      const total = dimSum(
        inputs.map(({ shape }) => dimAt(shape, axis)),
        "Concat",
      );
      return { type: first.type, shape: first.shape.map((dim, i) => (i === axis ? total : dim)) };
    },
    vjp: ({ inputs, index, y, dy, attributes: { axis: given = 0 } }) => {
      const axis = normalizeAxis(given, y.rank, "Concat");
      const ends = inputs
        .slice(0, index + 1)
        .reduce((offsets, { shape }) => [...offsets, (offsets.at(-1) ?? 0) + staticDim(shape, axis, "Concat")], [0]);
      const [start = 0, end = 0] = ends.slice(-2);
      return slice(dy, { starts: [start], ends: [end], axes: [axis] });
    },
  },
);

/** The extents of the parts: given, or equal ones (the last may be smaller). */
function splitSizes(
  x: Value,
  sizes: Value | undefined,
  { axis, num_outputs: count }: { axis: number; num_outputs: number | undefined },
): readonly number[] {
  const extent = staticDim(x.shape, normalizeAxis(axis, x.rank, "Split"), "Split");
  const parts = Math.ceil(extent / (count ?? 1));
  const given =
    sizes === undefined
      ? Array.from({ length: count ?? 1 }, (_, part) => Math.max(0, Math.min(parts, extent - part * parts)))
      : constantIntegers(sizes, "Split", "split");
  if (given.reduce((total, size) => total + size, 0) !== extent) {
    throw new ShapeError("Split: the parts do not make up the whole.", {
      subject: "Split",
      expected: `parts of ${extent} together`,
      received: given.join(", "),
    });
  }
  return given;
}

const splitKinds = { axis: "int", num_outputs: "int" } as const;

/** Split has as many outputs as parts, so its row is written out. */
const splitRow: OpRow<"Split", false> = {
  op: "Split",
  since: 18,
  inputs: ["x", "split"],
  outputs: ["y"],
  attributeKinds: splitKinds,
  create: ([x, sizes], attributes) => {
    if (x === undefined) {
      throw new ShapeError('Split lacks its input "x".', { subject: "Split", expected: "x", received: "nothing" });
    }
    const axis = (attributes["axis"] ?? 0) as number;
    const count = attributes["num_outputs"] as number | undefined;
    const along = normalizeAxis(axis, x.rank, "Split");
    const parts = splitSizes(x, sizes, { axis, num_outputs: count });
    return new Node(
      "Split",
      sizes === undefined ? [x] : [x, sizes],
      encode("Split", splitKinds, { axis, num_outputs: count }),
      parts.map((part) => ({ type: x.type, shape: x.shape.map((dim, index) => (index === along ? part : dim)) })),
    );
  },
  nonDifferentiable: false,
  vjp: (node, index, cotangents) => {
    const axis = node.attributes["axis"];
    return index === 0 ? concat(cotangents, { axis: axis?.type === "int" ? axis.value : 0 }) : undefined;
  },
  body: undefined,
  expand: undefined,
};

/**
 * Cuts a value into parts along an axis.
 *
 * @param sizes extent of each part
 * @param options.axis default 0
 * @returns one value a part
 * @see https://onnx.ai/onnx/operators/onnx__Split.html
 */
export const split: Op<
  "Split",
  [x: Value, sizes: readonly number[], options?: { readonly axis?: number }],
  readonly Value[]
> = Object.assign(
  (x: Value, sizes: readonly number[], { axis = 0 }: { readonly axis?: number } = {}): readonly Value[] =>
    splitRow.create([x, integers(sizes)], { axis }).outputs,
  { row: splitRow },
);

const tileOp: Op<"Tile", [x: Value, repeats: Value]> = defineOp("Tile", {
  since: 13,
  inputs: ["x", "repeats"],
  outputs: ["y"],
  infer: ({ x, repeats }) => {
    const counts = constantIntegers(repeats, "Tile", "repeats");
    if (counts.length !== x.rank) {
      throw new ShapeError("Tile: there must be one number of repeats an axis.", {
        subject: "Tile",
        expected: `${x.rank} numbers`,
        received: counts.join(", "),
      });
    }
    return { y: { type: x.type, shape: x.shape.map((dim, axis) => dimProduct([dim, counts[axis] ?? 1])) } };
  },
  vjp: {
    x: ({ x, repeats, dy }) => {
      const counts = constantIntegers(repeats, "Tile", "repeats");
      // Each repeated axis becomes (repeat, element), and the repeats are summed.
      const apart = x.shape.flatMap((dim, axis): Dim[] => (counts[axis] === 1 ? [dim] : [counts[axis] ?? 1, dim]));
      const repeated = x.shape.flatMap((_, axis) => (counts[axis] === 1 ? [false] : [true, false]));
      return reduceSum(
        reshapeTo(dy, apart),
        repeated.flatMap((isRepeat, axis) => (isRepeat ? [axis] : [])),
        { keepdims: 0 },
      );
    },
    repeats: "none",
  },
});
export { tileOp };

/** The value repeated along each axis. @see https://onnx.ai/onnx/operators/onnx__Tile.html */
export function tile(x: Value, repeats: readonly number[]): Value {
  return tileOp(x, integers(repeats));
}

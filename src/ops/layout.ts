import { ShapeError } from "../errors/errors.js";
import { broadcastShapes, type Dim, dimAt, dimProduct, dimQuotient, formatShape, type Shape } from "../graph/shape.js";
import { constantData, producer, type Value } from "../graph/value.js";
import { defineOp, type Op } from "./define.js";
import { reshapeTo } from "./shape-of.js";

/** The shape of a value when the graph runs, `[rank]` int64. @see https://onnx.ai/onnx/operators/onnx__Shape.html */
export const shapeOp: Op<[x: Value]> = defineOp("Shape", {
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

/** The numbers of an int64 value that says a shape, as far as they are known when the graph is built. */
function shapeFrom(value: Value, operator: string): Shape {
  const data = constantData(value);
  if (data !== undefined) return Array.from(data.data as BigInt64Array, Number);
  const node = producer(value);
  const [source] = node?.inputs ?? [];
  if (node?.op === "Shape" && source !== undefined && Object.keys(node.attributes).length === 0) return source.shape;
  throw new ShapeError(`${operator}: the shape must be a constant or the shape of a value.`, {
    subject: operator,
    expected: "a constant, or Shape of a value",
    received: node?.op ?? value.source.kind,
    advice: "Give the network a fixed image size, so that its shapes are known when the graph is built.",
  });
}

/**
 * The same elements in another shape; 0 copies an extent, -1 is what is left.
 * @see https://onnx.ai/onnx/operators/onnx__Reshape.html
 */
export const reshape: Op<[x: Value, shape: Value]> = defineOp("Reshape", {
  since: 14,
  inputs: ["x", "shape"],
  outputs: ["y"],
  infer: ({ x, shape }) => {
    const known = shapeFrom(shape, "Reshape");
    const copied = known.map((dim, axis) => (dim === 0 ? dimAt(x.shape, axis) : dim));
    const given = dimProduct(copied.filter((dim) => dim !== -1));
    const rest = dimQuotient(dimProduct(x.shape), given);
    if (rest === undefined || (rest !== 1 && !copied.includes(-1))) {
      throw new ShapeError("Reshape: the number of elements changes.", {
        subject: "Reshape",
        expected: `as many elements as ${formatShape(x.shape)}`,
        received: formatShape(known),
      });
    }
    return { y: { type: x.type, shape: copied.map((dim): Dim => (dim === -1 ? rest : dim)) } };
  },
  vjp: { x: ({ x, dy }) => reshapeTo(dy, x.shape), shape: "none" },
});

/** Permutes the axes. @see https://onnx.ai/onnx/operators/onnx__Transpose.html */
export const transpose: Op<[x: Value, attributes: { perm: readonly number[] }]> = defineOp("Transpose", {
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
export const expand: Op<[x: Value, shape: Value]> = defineOp("Expand", {
  since: 13,
  inputs: ["x", "shape"],
  outputs: ["y"],
  infer: ({ x, shape }) => ({
    y: { type: x.type, shape: broadcastShapes(x.shape, shapeFrom(shape, "Expand"), "Expand") },
  }),
  vjp: { x: ({ dy }) => dy, shape: "none" },
});

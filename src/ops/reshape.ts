import { ShapeError } from "../errors/errors.js";
import { type Dim, dimAt, dimProduct, dimQuotient, formatShape, sameShape, type Shape } from "../graph/shape.js";
import { constantData, producer, type Value } from "../graph/value.js";
import { integers } from "./constants.js";
import { defineOp, type Op } from "./define.js";

/** The numbers of an int64 value that says a shape, as far as they are known when the graph is built. */
export function shapeFrom(value: Value, operator: string): Shape {
  const data = constantData(value);
  if (data !== undefined) return Array.from(data.data as BigInt64Array, Number);
  const node = producer(value);
  const [source] = node?.inputs ?? [];
  if (node?.op === "Shape" && source !== undefined) {
    const [start, end] = [node.attributes["start"]?.value, node.attributes["end"]?.value];
    return source.shape.slice(Number(start ?? 0), end === undefined ? undefined : Number(end));
  }
  if (node?.op === "Concat") {
    return node.inputs.flatMap((part) => (part === undefined ? [] : shapeFrom(part, operator)));
  }
  if (node?.op === "Mul") {
    const [a = [], b = []] = node.inputs.map((part) => (part === undefined ? [] : shapeFrom(part, operator)));
    if (a.length === b.length) return a.map((dim, index) => dimProduct([dim, b[index] ?? 1]));
  }
  throw new ShapeError(`${operator}: the shape must be made of constants and of shapes of values.`, {
    subject: operator,
    expected: "constants, Shape of values, or products and Concat of these",
    received: node?.op ?? value.source.kind,
    advice: "Give the network a fixed image size, so that its shapes are known when the graph is built.",
  });
}

/**
 * The same elements in another shape; 0 copies an extent, -1 is what is left.
 * @see https://onnx.ai/onnx/operators/onnx__Reshape.html
 */
export const reshape: Op<"Reshape", [x: Value, shape: Value]> = defineOp("Reshape", {
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

/**
 * What Reshape must be told to make `shape` of `from`, or `undefined` where too little is known or the number of elements
 * differs. In ONNX 0 copies the extent of the input at the same place, and -1 is what is left.
 */
function reshapeTarget(from: Shape, shape: Shape): readonly number[] | undefined {
  const target = shape.map((dim, axis) => (typeof dim === "number" ? dim : dim === from[axis] ? 0 : -1));
  const unknown = target.filter((extent) => extent === -1).length;
  return unknown > 1 || dimQuotient(dimProduct(from), dimProduct(shape)) !== 1 ? undefined : target;
}

/** Whether {@link reshapeTo} can make `shape` of a value of shape `from`. */
export function canReshape(from: Shape, shape: Shape): boolean {
  return sameShape(from, shape) || reshapeTarget(from, shape) !== undefined;
}

/**
 * Reshapes to extents of which some may be known only when the graph runs.
 *
 * @throws ShapeError when two or more extents are unknown and differ from those of `x` at the same place
 */
export function reshapeTo(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  const target = reshapeTarget(x.shape, shape);
  if (target === undefined) {
    throw new ShapeError(
      "Reshape: the shapes do not hold the same number of elements, or too little is known of them.",
      {
        subject: "Reshape",
        expected: `as many elements as ${formatShape(x.shape)}`,
        received: formatShape(shape),
      },
    );
  }
  return reshape(x, integers(target));
}

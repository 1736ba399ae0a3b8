import { ShapeError } from "../errors/errors.js";
import { type Dim, normalizeAxis, type Shape } from "../graph/shape.js";
import { constantData, type Value } from "../graph/value.js";
import { integers } from "./constants.js";
import { defineOp, type Op } from "./define.js";
import { expandTo, reshapeTo } from "./shape-of.js";

/** The axes that a reduction runs over: all of them when none is named. */
function reducedAxes(operator: string, x: Value, axes: Value | undefined): readonly number[] {
  if (axes === undefined) return x.shape.map((_, axis) => axis);
  const data = constantData(axes);
  if (data === undefined) {
    throw new ShapeError(`${operator}: the axes must be known when the graph is built.`, {
      subject: operator,
      expected: "constant axes",
      received: "axes computed in the graph",
    });
  }
  return Array.from(data.data as BigInt64Array, (axis) => normalizeAxis(Number(axis), x.rank, operator));
}

/** The shape with the reduced axes at 1. */
function keptShape(operator: string, x: Value, axes: Value | undefined): Shape {
  const reduced = reducedAxes(operator, x, axes);
  return x.shape.map((dim, axis): Dim => (reduced.includes(axis) ? 1 : dim));
}

function reducedType(
  operator: string,
  x: Value,
  axes: Value | undefined,
  keepdims = 1,
): { y: Pick<Value, "type" | "shape"> } {
  const reduced = reducedAxes(operator, x, axes);
  const shape = keepdims === 0 ? x.shape.filter((_, axis) => !reduced.includes(axis)) : keptShape(operator, x, axes);
  return { y: { type: x.type, shape } };
}

type Reduction = Op<[x: Value, axes: Value | undefined, attributes?: { readonly keepdims?: number }]>;

const reduceSumOp: Reduction = defineOp("ReduceSum", {
  since: 13,
  inputs: ["x", "axes?"],
  outputs: ["y"],
  attributes: { keepdims: "int" },
  infer: ({ x, axes, attributes }) => reducedType("ReduceSum", x, axes, attributes.keepdims),
  vjp: { x: ({ x, axes, dy }) => expandTo(reshapeTo(dy, keptShape("ReduceSum", x, axes)), x), axes: "none" },
});
export { reduceSumOp };

/** Sum over some axes; all of them when `axes` is absent. */
export function reduceSum(x: Value, axes?: readonly number[], attributes: { readonly keepdims?: number } = {}): Value {
  return reduceSumOp(x, axes && integers(axes), attributes);
}

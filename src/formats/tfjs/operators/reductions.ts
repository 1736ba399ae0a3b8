import { dimProduct, normalizeAxis } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { graphAxis, toChannelsLast } from "../../../nn/channels.js";
import { reduceMax, reduceMean, reduceMin, reduceProd, reduceSum } from "../../../ops/reduction.js";
import { attributeOf } from "../attributes.js";
import type { NodeInputs, Operators } from "./node-inputs.js";

type Reduce = (x: Value, axes: readonly number[] | undefined, attributes: { readonly keepdims: 0 | 1 }) => Value;

function reduction(inputs: NodeInputs, reduce: Reduce): Value {
  const x = inputs.value();
  const given = inputs.integers(1).map((axis) => normalizeAxis(axis, x.rank, inputs.node.op));
  const axes = given.map((axis) => graphAxis(axis, x.rank, inputs.node.op));
  if (attributeOf(inputs.node, "keep_dims", "bool", false)) return reduce(x, axes, { keepdims: 1 });
  // What is left of [N, C, H, W] is in TensorFlow's order where no spatial axis stays behind the channels.
  const isInOrder = x.rank !== 4 || given.includes(3) || (given.includes(1) && given.includes(2));
  return isInOrder ? reduce(x, axes, { keepdims: 0 }) : reduce(toChannelsLast(x), given, { keepdims: 0 });
}

/** What makes one number of several along axes. */
export const reductionOperators: Operators = {
  Max: (inputs) => reduction(inputs, reduceMax),
  Mean: (inputs) => reduction(inputs, reduceMean),
  Min: (inputs) => reduction(inputs, reduceMin),
  Prod(inputs) {
    if (inputs.at(0).kind !== "extents") return reduction(inputs, reduceProd);
    // The extents of a shape are multiplied to flatten what lies behind the batch.
    return { kind: "extents", scalar: true, extents: [dimProduct(inputs.extents(0))] };
  },
  Sum: (inputs) => reduction(inputs, reduceSum),
};

import { checkOptionNames } from "../../errors/check.js";
import { ShapeError } from "../../errors/errors.js";
import { staticDim } from "../../graph/shape.js";
import { type Value } from "../../graph/value.js";
import { sigmoid } from "../../ops/activations.js";
import { mul } from "../../ops/elementwise.js";
import { split } from "../../ops/joining.js";
import { graphAxis } from "../channels.js";

/** Options of {@link glu}. */
export interface GluOptions {
  /** Axis in Keras's order; default -1, the channels. */
  readonly axis?: number;
}

/**
 * The first half of the channels times the sigmoid of the second half.
 *
 * @throws ShapeError when the extent is odd
 * @see https://arxiv.org/abs/1612.08083
 */
export function glu(x: Value, options: GluOptions = {}): Value {
  checkOptionNames("glu", options, ["axis"]);
  const { axis = -1 } = options;
  const along = graphAxis(axis, x.rank, "glu");
  const extent = staticDim(x.shape, along, "glu");
  if (extent % 2 !== 0) {
    throw new ShapeError("glu: the axis does not fall into halves.", {
      subject: "axis",
      expected: "an even extent",
      received: String(extent),
    });
  }
  const [values = x, gates = x] = split(x, [extent / 2, extent / 2], { axis: along });
  return mul(values, sigmoid(gates));
}

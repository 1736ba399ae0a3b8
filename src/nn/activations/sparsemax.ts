import { checkOptionNames } from "../../errors/check.js";
import { staticDim } from "../../graph/shape.js";
import { constant, type Value } from "../../graph/value.js";
import { float32 } from "../../onnx/tensor-data.js";
import { greater, where } from "../../ops/comparison.js";
import { integers, scalarLike } from "../../ops/constants.js";
import { div, mul, sub } from "../../ops/elementwise.js";
import { relu } from "../../ops/activations.js";
import { topK } from "../../ops/indexing.js";
import { transpose } from "../../ops/layout.js";
import { matmul } from "../../ops/matmul.js";
import { reduceSum } from "../../ops/reduction.js";
import { graphAxis } from "../channels.js";

/** Options of {@link sparsemax}. */
export interface SparsemaxOptions {
  /** Axis in Keras's order; default -1, the channels. */
  readonly axis?: number;
}

/**
 * `max(x − τ, 0)` along an axis, with Keras's threshold: over the sorted values that are in the support, the running sums
 * are added up, `τ = (Σ sums − 1) / k`. In the paper τ has the last running sum alone; both agree where `k` is 1.
 *
 * @throws ShapeError when the extent is not known
 * @see https://arxiv.org/abs/1602.02068
 * @see https://keras.io/api/layers/activations/ – the numbers are those of Keras 3.15.1
 */
export function sparsemax(x: Value, options: SparsemaxOptions = {}): Value {
  checkOptionNames("sparsemax", options, ["axis"]);
  const { axis = -1 } = options;
  const along = graphAxis(axis, x.rank, "sparsemax");
  const last = x.rank - 1;
  const swap = x.shape.map((_, index) => (index === along ? last : index === last ? along : index));
  const values = along === last ? x : transpose(x, { perm: swap });
  const extent = staticDim(values.shape, last, "sparsemax");
  const { y: sorted } = topK(values, integers([extent]), { axis: last });
  const upper = Float32Array.from({ length: extent * extent }, (_, index) =>
    Math.floor(index / extent) <= index % extent ? 1 : 0,
  );
  const sums = matmul(sorted, constant(float32(upper, [extent, extent])));
  const counts = constant(
    float32(
      Array.from({ length: extent }, (_, index) => index + 1),
      [extent],
    ),
  );
  const [zero, one] = [scalarLike(values, 0), scalarLike(values, 1)];
  const inSupport = greater(sub(sorted, div(sub(sums, one), counts)), zero);
  const total = reduceSum(mul(where(inSupport, one, zero), sums), [last], { keepdims: 1 });
  const size = reduceSum(where(inSupport, one, zero), [last], { keepdims: 1 });
  const result = relu(sub(values, div(sub(total, one), size)));
  return along === last ? result : transpose(result, { perm: swap });
}

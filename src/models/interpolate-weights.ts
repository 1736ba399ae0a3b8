import { numberWithin, refuse } from "../errors/check.js";
import { ShapeError } from "../errors/errors.js";
import { formatShape, sameShape } from "../graph/shape.js";
import { isTensor, Tensor } from "../runtime/runtime.js";

/** @throws UsageError for what is no list of tensors */
function weightsOf(option: string, given: unknown): readonly Tensor[] {
  const isList = Array.isArray(given) && given.every((one) => isTensor(one) && one.type === "float32");
  return isList ? (given as readonly Tensor[]) : refuse("interpolateWeights", option, "what getWeights gives", given);
}

/**
 * Weights on the straight line between two sets of them: `(1 − share) · from + share · to`.
 *
 * Between a network with a new head alone and the same one fine-tuned they often do better than either, on photos that are unlike
 * those that were learned from above all. `model.setWeights` takes them.
 *
 * @param from weights of a model, as `getWeights` gives them
 * @param to other weights of the same model
 * @param share how far from the first to the second, in [0, 1]; default 0.5, the mean of both
 * @throws UsageError when an argument is not usable
 * @throws ShapeError when the two are of different models
 * @see https://arxiv.org/abs/2109.01903
 *
 * @example
 * ```ts
 * import { Tensor, utils } from "graft-ml";
 *
 * const [before, after] = [[0, 4], [1, 0]].map((values) => [new Tensor("float32", values, [2])]);
 * console.log(utils.interpolateWeights(before ?? [], after ?? [], 0.25)[0]?.data); // → Float32Array(2) [ 0.25, 3 ]
 * ```
 */
export function interpolateWeights(from: readonly Tensor[], to: readonly Tensor[], share = 0.5): Tensor[] {
  const [first, second] = [weightsOf("from", from), weightsOf("to", to)];
  numberWithin("interpolateWeights", "share", share, 0, 1);
  const different = first.findIndex(({ dims }, index) => !sameShape(dims, second[index]?.dims ?? [-1]));
  if (different >= 0 || first.length !== second.length) {
    const [one, other] = [first[different], second[different]];
    throw new ShapeError("Weights of different models have nothing between them.", {
      subject: "to",
      expected: one === undefined ? `${first.length} weights` : `weight ${different} of shape ${formatShape(one.dims)}`,
      received: other === undefined ? `${second.length} weights` : `one of shape ${formatShape(other.dims)}`,
    });
  }
  return first.map(({ data, dims }, index) => {
    const [start, end] = [data as Float32Array, second[index]?.data as Float32Array];
    const values = start.map((value, place) => (1 - share) * value + share * (end[place] ?? value));
    return new Tensor("float32", values, dims);
  });
}

import type { Shape } from "../../graph/shape.js";
import { input } from "../../graph/value.js";
import type { Loss } from "../../nn/losses/loss.js";
import { followLabels, metBy, type MetLabels } from "../../nn/met-labels.js";
import { inGraphOrder } from "../../nn/operations/operand.js";

/** By loss and shapes: a loss is written down once more to find it out. */
const known = new WeakMap<Loss, Map<string, readonly MetLabels[]>>();

/**
 * The losses of the package that a loss of a user's own gives its labels to as they are: these say what the labels must be.
 *
 * @param output shape of the predictions in Keras's order
 * @param labels extents of the labels of a batch
 */
export function metByLoss(loss: Loss, output: Shape, labels: readonly number[]): readonly MetLabels[] {
  const [, ...extents] = labels;
  const key = JSON.stringify([output, extents]);
  const found = known.get(loss)?.get(key);
  if (found !== undefined) return found;
  const truth = input("labels", "float32", ["N", ...extents]);
  followLabels(truth);
  loss.perSample(truth, inGraphOrder(input("predictions", "float32", output)));
  const met = metBy(truth);
  known.set(loss, (known.get(loss) ?? new Map<string, readonly MetLabels[]>()).set(key, met));
  return met;
}

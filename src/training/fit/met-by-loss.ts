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
 * @param output shape of the predictions in Keras's order; extents that it leaves open are those of the labels
 * @param labels extents of the labels of a batch
 * @returns none where the loss cannot be written for these shapes: when the step is written, with the shapes that come, it says why
 */
export function metByLoss(loss: Loss, output: Shape, labels: readonly number[]): readonly MetLabels[] {
  const [, ...extents] = labels;
  const key = JSON.stringify([output, extents]);
  const found = known.get(loss)?.get(key);
  if (found !== undefined) return found;
  const met = writtenFor(loss, output, extents);
  known.set(loss, (known.get(loss) ?? new Map<string, readonly MetLabels[]>()).set(key, met));
  return met;
}

function writtenFor(loss: Loss, output: Shape, extents: readonly number[]): readonly MetLabels[] {
  const predicted = output.map((extent, axis) =>
    axis === 0 || typeof extent === "number" ? extent : (extents[axis - 1] ?? extent),
  );
  const truth = input("labels", "float32", ["N", ...extents]);
  followLabels(truth);
  try {
    loss.perSample(truth, inGraphOrder(input("predictions", "float32", predicted)));
  } catch {
    // A layer whose sizes its first samples said may see others now. What is wrong in any case is thrown by the step.
    return [];
  }
  return metBy(truth);
}

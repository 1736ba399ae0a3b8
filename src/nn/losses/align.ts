import { ShapeError } from "../../errors/errors.js";
import { formatShape } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import { squeeze, unsqueeze } from "../../ops/layout.js";
import { toChannelsLast } from "../channels.js";

/**
 * Brings truth and prediction to Keras's order and the same rank: an axis of extent 1 at the end of the longer one is
 * matched, so truth `[N]` fits prediction `[N, 1]`.
 *
 * @param truth in Keras's order
 * @param prediction rank 4 is `[N, C, H, W]`
 * @throws ShapeError when the shapes do not fit together
 */
export function align(truth: Value, prediction: Value, owner: string): { truth: Value; prediction: Value } {
  const predicted = toChannelsLast(prediction);
  const matched =
    truth.rank === predicted.rank - 1 && predicted.shape.at(-1) === 1
      ? unsqueeze(truth, [predicted.rank - 1])
      : truth.rank === predicted.rank + 1 && truth.shape.at(-1) === 1
        ? squeeze(truth, [truth.rank - 1])
        : truth;
  const fits =
    matched.rank === predicted.rank &&
    matched.shape.every((dim, axis) => {
      const other = predicted.shape[axis];
      return dim === other || typeof dim === "string" || typeof other === "string";
    });
  if (!fits) {
    throw new ShapeError(`${owner}: labels and predictions have different shapes.`, {
      subject: owner,
      expected: `labels of the shape of the model's output, ${formatShape(predicted.shape)}`,
      received: formatShape(truth.shape),
      advice: "Give the last layer as many units as there are label columns, or use a sparse loss for class numbers.",
    });
  }
  return { truth: matched, prediction: predicted };
}

import { ShapeError } from "../../errors/errors.js";
import { formatShape } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import { squeeze } from "../../ops/layout.js";

/**
 * Labels that are class numbers, without an axis of extent 1 at the end.
 *
 * @param prediction in Keras's order
 * @throws ShapeError when there is not one label for each prediction
 */
export function classNumbers(labels: Value, prediction: Value, owner: string): Value {
  const axis = prediction.rank - 1;
  const numbers = labels.rank === prediction.rank && labels.shape.at(-1) === 1 ? squeeze(labels, [axis]) : labels;
  if (numbers.rank === axis) return numbers;
  throw new ShapeError(`${owner}: the labels are not class numbers.`, {
    subject: owner,
    expected: `one number for each prediction, ${formatShape(prediction.shape.slice(0, -1))}`,
    received: formatShape(labels.shape),
    advice: "One-hot labels go with the categorical losses and metrics, class numbers with the sparse ones.",
  });
}

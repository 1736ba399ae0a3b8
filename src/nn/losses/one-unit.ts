import { warnOnce } from "../../errors/warn.js";
import type { Value } from "../../graph/value.js";
import type { Loss } from "./loss.js";

/**
 * Warns, as Keras does, of a comparison of classes where there is one alone.
 *
 * @param prediction in Keras's order
 */
export function warnOfOneUnit(loss: Loss, prediction: Value): void {
  if (prediction.shape.at(-1) !== 1) return;
  warnOnce(
    loss,
    `${loss.name} compares classes, but the output has one unit, for which the loss is always 0. Give the last layer as ` +
      "many units as there are classes, or, for two classes, use binary_crossentropy with a sigmoid.",
  );
}

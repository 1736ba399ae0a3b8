import type { Value } from "../../graph/value.js";
import { reduceMean } from "../../ops/reduction.js";
import { align } from "./align.js";
import { Loss } from "./loss.js";

/** A loss that is a function of elements, averaged over the last axis in Keras's order. */
export abstract class ElementwiseLoss extends Loss {
  /** The loss of each element, for truth and prediction of the same shape. */
  protected abstract between(truth: Value, prediction: Value): Value;

  protected override perElement(labels: Value, output: Value): Value {
    const { truth, prediction } = align(labels, output, this.name);
    const losses = this.between(truth, prediction);
    return losses.rank === 1 ? losses : reduceMean(losses, [losses.rank - 1], { keepdims: 0 });
  }
}

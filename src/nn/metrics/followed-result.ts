import { UsageError } from "../../errors/errors.js";
import type { Metric } from "./metric.js";

/**
 * What `metric.result()` gives inside of a `trainStep`, in the place of a number that nobody knows before the step has run: it
 * goes into the record that `trainStep` returns.
 */
export class FollowedResult {
  constructor(readonly metric: Metric) {}

  /** @throws UsageError when something is to be computed with it */
  [Symbol.toPrimitive](): never {
    throw new UsageError(`The metric "${this.metric.name}" has no value while the step is being written down.`, {
      subject: this.metric.name,
      expected: "its result() in the record that trainStep returns",
      received: "a computation with it",
      advice: "Look at the figures in a callback, or at what fit gives.",
    });
  }
}

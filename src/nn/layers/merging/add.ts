import type { Value } from "../../../graph/value.js";
import { add } from "../../../ops/elementwise.js";
import { BaseMerge } from "./base-merge.js";

/**
 * The sum of the inputs, element by element; extents of 1 are repeated.
 *
 * @see https://keras.io/api/layers/merging_layers/add/
 */
export class Add extends BaseMerge {
  static readonly className: string = "Add";

  protected merge(first: Value, others: readonly Value[]): Value {
    return others.reduce((sum, x) => add(sum, x), first);
  }
}

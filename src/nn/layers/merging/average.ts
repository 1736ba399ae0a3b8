import type { Value } from "../../../graph/value.js";
import { scalarLike } from "../../../ops/constants.js";
import { add, div } from "../../../ops/elementwise.js";
import { BaseMerge } from "./base-merge.js";

/**
 * The mean of the inputs, element by element; extents of 1 are repeated.
 *
 * @see https://keras.io/api/layers/merging_layers/average/
 */
export class Average extends BaseMerge {
  static readonly className: string = "Average";

  protected merge(first: Value, others: readonly Value[]): Value {
    return div(
      others.reduce((sum, x) => add(sum, x), first),
      scalarLike(first, others.length + 1),
    );
  }
}

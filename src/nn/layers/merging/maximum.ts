import type { Value } from "../../../graph/value.js";
import { max } from "../../../ops/elementwise.js";
import { BaseMerge } from "./base-merge.js";

/**
 * The greatest of the inputs, element by element; extents of 1 are repeated.
 *
 * @see https://keras.io/api/layers/merging_layers/maximum/
 */
export class Maximum extends BaseMerge {
  static readonly className: string = "Maximum";

  protected merge(first: Value, others: readonly Value[]): Value {
    return others.length === 0 ? first : max([first, ...others]);
  }
}

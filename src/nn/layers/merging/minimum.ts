import type { Value } from "../../../graph/value.js";
import { min } from "../../../ops/elementwise.js";
import { BaseMerge } from "./base-merge.js";

/**
 * The least of the inputs, element by element; extents of 1 are repeated.
 *
 * @see https://keras.io/api/layers/merging_layers/minimum/
 */
export class Minimum extends BaseMerge {
  static readonly className: string = "Minimum";

  protected merge(first: Value, others: readonly Value[]): Value {
    return others.length === 0 ? first : min([first, ...others]);
  }
}

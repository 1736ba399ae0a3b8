import type { Value } from "../../../graph/value.js";
import { mul } from "../../../ops/elementwise.js";
import { BaseMerge } from "./base-merge.js";

/**
 * The product of the inputs, element by element; extents of 1 are repeated.
 *
 * @see https://keras.io/api/layers/merging_layers/multiply/
 */
export class Multiply extends BaseMerge {
  static readonly className: string = "Multiply";

  protected merge(first: Value, others: readonly Value[]): Value {
    return others.reduce((product, x) => mul(product, x), first);
  }
}

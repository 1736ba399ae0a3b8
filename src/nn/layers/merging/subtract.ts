import type { Value } from "../../../graph/value.js";
import { sub } from "../../../ops/elementwise.js";
import { BaseMerge } from "./base-merge.js";

/**
 * The first input minus the second, element by element; extents of 1 are repeated.
 *
 * @see https://keras.io/api/layers/merging_layers/subtract/
 */
export class Subtract extends BaseMerge {
  static readonly className: string = "Subtract";
  protected override readonly arity = [2, 2] as const;

  protected merge(first: Value, others: readonly Value[]): Value {
    return others.reduce((difference, x) => sub(difference, x), first);
  }
}

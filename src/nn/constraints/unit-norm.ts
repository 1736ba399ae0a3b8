import type { Value } from "../../graph/value.js";
import { div } from "../../ops/elementwise.js";
import type { Config } from "../config.js";
import { byName } from "../named.js";
import { Constraint } from "./constraint.js";
import { type Axes, norms } from "./norms.js";

/** Options of {@link UnitNorm}. */
export interface UnitNormOptions {
  /** Axes that the norm is taken along, in the weight's own shape; default 0. */
  readonly axis?: Axes;
}

/** Norms are 1. @see https://keras.io/api/layers/constraints/ */
export class UnitNorm extends Constraint {
  static readonly className: string = "UnitNorm";
  static readonly positional: readonly string[] = ["axis"] satisfies readonly (keyof UnitNormOptions)[];
  private readonly axis: Axes;

  /** @param axis axes that the norm is taken along, in the weight's own shape, or the options; default 0 */
  constructor(axis?: Axes | UnitNormOptions) {
    const options = byName<UnitNormOptions>(UnitNorm, [axis]);
    super(options);
    this.axis = options.axis ?? 0;
  }

  override project(weight: Value): Value {
    return div(weight, norms(weight, this.axis).divisor);
  }

  override getConfig(): Config {
    return { axis: this.axis };
  }
}

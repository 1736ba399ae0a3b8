import type { Value } from "../../graph/value.js";
import { div } from "../../ops/elementwise.js";
import type { Config } from "../config.js";
import type { Constraint } from "./constraint.js";
import { type Axes, norms } from "./norms.js";
import { Named } from "../named.js";

/** Options of {@link UnitNorm}. */
export interface UnitNormOptions {
  /** Axes that the norm is taken along, in the weight's own shape; default 0. */
  readonly axis?: Axes;
}

/** Norms are 1. @see https://keras.io/api/layers/constraints/ */
export class UnitNorm extends Named implements Constraint {
  static readonly className: string = "UnitNorm";
  static readonly options: readonly string[] = ["axis"] satisfies readonly (keyof UnitNormOptions)[];
  private readonly axis: Axes;

  constructor(options: UnitNormOptions = {}) {
    super(options);
    const { axis = 0 } = options;
    this.axis = axis;
  }

  apply(weight: Value): Value {
    return div(weight, norms(weight, this.axis).divisor);
  }

  getConfig(): Config {
    return { axis: this.axis };
  }
}

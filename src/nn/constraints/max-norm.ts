import type { Value } from "../../graph/value.js";
import { clip, div, mul } from "../../ops/elementwise.js";
import { numberWithin } from "../../errors/check.js";
import type { Config } from "../config.js";
import type { Constraint } from "./constraint.js";
import { type Axes, norms } from "./norms.js";
import { Named } from "../named.js";

/** Options of {@link MaxNorm}. */
export interface MaxNormOptions {
  /** Greatest norm, not negative; default 2. */
  readonly maxValue?: number;
  /** Axes that the norm is taken along, in the weight's own shape; default 0. */
  readonly axis?: Axes;
}

/** Norms are at most `maxValue`. @see https://keras.io/api/layers/constraints/ */
export class MaxNorm extends Named implements Constraint {
  static readonly className: string = "MaxNorm";
  static readonly options: readonly string[] = ["maxValue", "axis"] satisfies readonly (keyof MaxNormOptions)[];
  private readonly maxValue: number;
  private readonly axis: Axes;

  /** @throws UsageError when the norm is negative */
  constructor(options: MaxNormOptions = {}) {
    super(options);
    const { maxValue = 2, axis = 0 } = options;
    this.maxValue = numberWithin("MaxNorm", "maxValue", maxValue, 0);
    this.axis = axis;
  }

  apply(weight: Value): Value {
    const { norm, divisor } = norms(weight, this.axis);
    return mul(weight, div(clip(norm, 0, this.maxValue), divisor));
  }

  getConfig(): Config {
    return { max_value: this.maxValue, axis: this.axis };
  }
}

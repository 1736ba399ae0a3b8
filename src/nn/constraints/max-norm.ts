import type { Value } from "../../graph/value.js";
import { clip, div, mul } from "../../ops/elementwise.js";
import { numberWithin } from "../../errors/check.js";
import type { Config } from "../config.js";
import { byName } from "../named.js";
import { Constraint } from "./constraint.js";
import { type Axes, norms } from "./norms.js";

/** Options of {@link MaxNorm}. */
export interface MaxNormOptions {
  /** Greatest norm, not negative; default 2. */
  readonly maxValue?: number;
  /** Axes that the norm is taken along, in the weight's own shape; default 0. */
  readonly axis?: Axes;
}

/** Norms are at most `maxValue`. @see https://keras.io/api/layers/constraints/ */
export class MaxNorm extends Constraint {
  static readonly className: string = "MaxNorm";
  static readonly positional: readonly string[] = ["maxValue", "axis"] satisfies readonly (keyof MaxNormOptions)[];
  private readonly maxValue: number;
  private readonly axis: Axes;

  /**
   * @param maxValue greatest norm, or the options; default 2
   * @param axis axes that the norm is taken along, in the weight's own shape; default 0
   * @throws UsageError when the norm is negative
   */
  constructor(maxValue?: number | MaxNormOptions, axis?: Axes) {
    const options = byName<MaxNormOptions>(MaxNorm, [maxValue, axis]);
    super(options);
    const { maxValue: greatest = 2, axis: axes = 0 } = options;
    this.maxValue = numberWithin("MaxNorm", "maxValue", greatest, 0);
    this.axis = axes;
  }

  override project(weight: Value): Value {
    const { norm, divisor } = norms(weight, this.axis);
    return mul(weight, div(clip(norm, 0, this.maxValue), divisor));
  }

  override getConfig(): Config {
    return { max_value: this.maxValue, axis: this.axis };
  }
}

import type { Value } from "../../graph/value.js";
import { scalarLike } from "../../ops/constants.js";
import { add, clip, div, mul } from "../../ops/elementwise.js";
import { numberWithin } from "../../errors/check.js";
import type { Config } from "../config.js";
import type { Constraint } from "./constraint.js";
import { type Axes, norms } from "./norms.js";
import { Named } from "../named.js";

/** Options of {@link MinMaxNorm}. */
export interface MinMaxNormOptions {
  /** Least norm, not negative; default 0. */
  readonly minValue?: number;
  /** Greatest norm, not below `minValue`; default 1. */
  readonly maxValue?: number;
  /** How much of the way is gone at each step, in [0, 1]; default 1. */
  readonly rate?: number;
  /** Axes that the norm is taken along, in the weight's own shape; default 0. */
  readonly axis?: Axes;
}

/** Norms lie between two bounds. @see https://keras.io/api/layers/constraints/ */
export class MinMaxNorm extends Named implements Constraint {
  static readonly className: string = "MinMaxNorm";
  static readonly options: readonly string[] = [
    "minValue",
    "maxValue",
    "rate",
    "axis",
  ] satisfies readonly (keyof MinMaxNormOptions)[];
  private readonly minValue: number;
  private readonly maxValue: number;
  private readonly rate: number;
  private readonly axis: Axes;

  /** @throws UsageError when an option is not usable */
  constructor(options: MinMaxNormOptions = {}) {
    super(options);
    const { minValue = 0, maxValue = 1, rate = 1, axis = 0 } = options;
    this.minValue = numberWithin("MinMaxNorm", "minValue", minValue, 0);
    this.maxValue = numberWithin("MinMaxNorm", "maxValue", maxValue, minValue);
    this.rate = numberWithin("MinMaxNorm", "rate", rate, 0, 1);
    this.axis = axis;
  }

  apply(weight: Value): Value {
    const { norm, divisor } = norms(weight, this.axis);
    const bounded = mul(scalarLike(norm, this.rate), clip(norm, this.minValue, this.maxValue));
    const desired = this.rate === 1 ? bounded : add(bounded, mul(scalarLike(norm, 1 - this.rate), norm));
    return mul(weight, div(desired, divisor));
  }

  getConfig(): Config {
    return { min_value: this.minValue, max_value: this.maxValue, rate: this.rate, axis: this.axis };
  }
}

import type { Value } from "../../graph/value.js";
import { scalarLike } from "../../ops/constants.js";
import { add, clip, div, mul } from "../../ops/elementwise.js";
import { numberWithin } from "../../errors/check.js";
import type { Config } from "../config.js";
import { byName } from "../named.js";
import { Constraint } from "./constraint.js";
import { type Axes, norms } from "./norms.js";

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
export class MinMaxNorm extends Constraint {
  static readonly className: string = "MinMaxNorm";
  static readonly positional: readonly string[] = [
    "minValue",
    "maxValue",
    "rate",
    "axis",
  ] satisfies readonly (keyof MinMaxNormOptions)[];
  private readonly minValue: number;
  private readonly maxValue: number;
  private readonly rate: number;
  private readonly axis: Axes;

  /**
   * @param minValue least norm, or the options; default 0
   * @param maxValue greatest norm; default 1
   * @param rate how much of the way is gone at each step, in [0, 1]; default 1
   * @param axis axes that the norm is taken along, in the weight's own shape; default 0
   * @throws UsageError when an option is not usable
   */
  constructor(minValue?: number | MinMaxNormOptions, maxValue?: number, rate?: number, axis?: Axes) {
    const options = byName<MinMaxNormOptions>(MinMaxNorm, [minValue, maxValue, rate, axis]);
    super(options);
    this.minValue = numberWithin("MinMaxNorm", "minValue", options.minValue ?? 0, 0);
    this.maxValue = numberWithin("MinMaxNorm", "maxValue", options.maxValue ?? 1, this.minValue);
    this.rate = numberWithin("MinMaxNorm", "rate", options.rate ?? 1, 0, 1);
    this.axis = options.axis ?? 0;
  }

  override project(weight: Value): Value {
    const { norm, divisor } = norms(weight, this.axis);
    const bounded = mul(scalarLike(norm, this.rate), clip(norm, this.minValue, this.maxValue));
    const desired = this.rate === 1 ? bounded : add(bounded, mul(scalarLike(norm, 1 - this.rate), norm));
    return mul(weight, div(desired, divisor));
  }

  override getConfig(): Config {
    return { min_value: this.minValue, max_value: this.maxValue, rate: this.rate, axis: this.axis };
  }
}

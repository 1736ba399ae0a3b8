import type { Value } from "../../graph/value.js";
import { scalar, scalarLike } from "../../ops/constants.js";
import { abs, add, mul } from "../../ops/elementwise.js";
import { reduceSum, reduceSumSquare } from "../../ops/reduction.js";
import { numberWithin } from "../../errors/check.js";
import type { Config } from "../config.js";
import { byName } from "../named.js";
import { Regularizer } from "./regularizer.js";

/** Options of {@link L1L2}. */
export interface L1L2Options {
  /** Factor of the sum of absolute values, not negative; default 0. */
  readonly l1?: number;
  /** Factor of the sum of squares, not negative; default 0. */
  readonly l2?: number;
}

/** The penalty `l1 · Σ|w| + l2 · Σw²`. @see https://keras.io/api/layers/regularizers/ */
export class L1L2 extends Regularizer {
  static readonly className: string = "L1L2";
  static readonly positional: readonly string[] = ["l1", "l2"] satisfies readonly (keyof L1L2Options)[];
  readonly l1: number;
  readonly l2: number;

  /**
   * @param l1 factor of the sum of absolute values, or the options; default 0
   * @param l2 factor of the sum of squares; default 0
   * @throws UsageError when a factor is negative
   */
  constructor(l1?: number | L1L2Options, l2?: number) {
    const options = byName<L1L2Options>(L1L2, [l1, l2]);
    super(options);
    const { l1: absolute = 0, l2: squared = 0 } = options;
    this.l1 = numberWithin(this.className, "l1", absolute, 0);
    this.l2 = numberWithin(this.className, "l2", squared, 0);
  }

  override penalty(weight: Value): Value {
    const terms = [
      ...(this.l1 === 0 ? [] : [mul(scalarLike(weight, this.l1), reduceSum(abs(weight), undefined, { keepdims: 0 }))]),
      ...(this.l2 === 0 ? [] : [mul(scalarLike(weight, this.l2), reduceSumSquare(weight, undefined, { keepdims: 0 }))]),
    ];
    const [first = scalar("float32", 0), ...others] = terms;
    return others.reduce((sum, term) => add(sum, term), first);
  }

  override getConfig(): Config {
    return { l1: this.l1, l2: this.l2 };
  }
}

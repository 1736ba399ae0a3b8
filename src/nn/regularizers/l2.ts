import { withFirst } from "../../errors/check.js";
import type { Config } from "../config.js";
import { L1L2 } from "./l1-l2.js";

/** Options of {@link L2}. */
export interface L2Options {
  /** Factor, not negative; default 0.01. */
  readonly l2?: number;
}

/** The penalty `l2 · Σw²`. @see https://keras.io/api/layers/regularizers/ */
export class L2 extends L1L2 {
  static override readonly className: string = "L2";

  /**
   * @param l2 the factor, or the options; default 0.01
   * @throws UsageError when the factor is negative
   */
  constructor(l2?: number | L2Options) {
    super({ l2: withFirst<L2Options>(l2, undefined, "l2").l2 ?? 0.01 });
  }

  override getConfig(): Config {
    return { l2: this.l2 };
  }
}

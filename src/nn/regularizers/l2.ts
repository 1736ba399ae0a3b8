import type { Config } from "../config.js";
import { L1L2 } from "./l1-l2.js";
import { byName, checkOwnOptions } from "../named.js";

/** Options of {@link L2}. */
export interface L2Options {
  /** Factor, not negative; default 0.01. */
  readonly l2?: number;
}

/** The penalty `l2 · Σw²`. @see https://keras.io/api/layers/regularizers/ */
export class L2 extends L1L2 {
  static override readonly className: string = "L2";
  static readonly fixedOptions: readonly string[] = ["l1"];
  static override readonly positional: readonly string[] = ["l2"];

  /**
   * @param l2 the factor, or the options; default 0.01
   * @throws UsageError when the factor is negative
   */
  constructor(l2?: number | L2Options) {
    const options = byName<L2Options>(L2, [l2]);
    checkOwnOptions(L2, options);
    super({ l2: options.l2 ?? 0.01 });
  }

  override getConfig(): Config {
    return { l2: this.l2 };
  }
}

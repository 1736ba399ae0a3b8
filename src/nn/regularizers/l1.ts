import type { Config } from "../config.js";
import { L1L2 } from "./l1-l2.js";
import { byName, checkOwnOptions } from "../named.js";

/** Options of {@link L1}. */
export interface L1Options {
  /** Factor, not negative; default 0.01. */
  readonly l1?: number;
}

/** The penalty `l1 · Σ|w|`. @see https://keras.io/api/layers/regularizers/ */
export class L1 extends L1L2 {
  static override readonly className: string = "L1";
  static readonly fixedOptions: readonly string[] = ["l2"];
  static override readonly positional: readonly string[] = ["l1"];

  /**
   * @param l1 the factor, or the options; default 0.01
   * @throws UsageError when the factor is negative
   */
  constructor(l1?: number | L1Options) {
    const options = byName<L1Options>(L1, [l1]);
    checkOwnOptions(L1, options);
    super({ l1: options.l1 ?? 0.01 });
  }

  override getConfig(): Config {
    return { l1: this.l1 };
  }
}

import type { Value } from "../../../graph/value.js";
import { elu } from "../../activations/elu.js";
import { numberWithin } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import { type LayerOptions, UnaryLayer } from "../../layer.js";
import { byName } from "../../named.js";

/** Options of {@link ELU}. */
export interface ELUOptions extends LayerOptions {
  /** Minus the limit for small inputs; default 1. */
  readonly alpha?: number;
}

/**
 * `x` above 0, `alpha · (eˣ − 1)` below.
 *
 * @see https://keras.io/api/layers/activation_layers/elu/
 */
export class ELU extends UnaryLayer {
  static readonly className: string = "ELU";
  static readonly positional: readonly string[] = ["alpha"];
  private readonly alpha: number;

  /**
   * @param alpha the number, or all options; default 1
   * @throws UsageError when it is not usable
   */
  constructor(alpha?: number | ELUOptions, options?: ELUOptions) {
    const all = byName<ELUOptions>(ELU, [alpha, options]);
    super(all);
    this.alpha = numberWithin("ELU", "alpha", all.alpha ?? 1);
  }

  protected forward(x: Value): Value {
    return elu(x, { alpha: this.alpha });
  }

  getConfig(): Config {
    return { ...this.baseConfig(), alpha: this.alpha };
  }
}

import type { Value } from "../../../graph/value.js";
import { leakyRelu } from "../../activations/leaky-relu.js";
import { numberWithin } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import { type LayerOptions, UnaryLayer } from "../../layer.js";
import { byName } from "../../named.js";

/** Options of {@link LeakyReLU}. */
export interface LeakyReLUOptions extends LayerOptions {
  /** Slope below 0, not negative; default 0.3. */
  readonly negativeSlope?: number;
}

/**
 * `x` above 0, `negativeSlope · x` below.
 *
 * @see https://keras.io/api/layers/activation_layers/leaky_relu/
 */
export class LeakyReLU extends UnaryLayer {
  static readonly className: string = "LeakyReLU";
  static readonly positional: readonly string[] = ["negativeSlope"];
  private readonly negativeSlope: number;

  /**
   * @param negativeSlope the number, or all options; default 0.3
   * @throws UsageError when it is not usable
   */
  constructor(negativeSlope?: number | LeakyReLUOptions, options?: LeakyReLUOptions) {
    const all = byName<LeakyReLUOptions>(LeakyReLU, [negativeSlope, options]);
    super(all);
    this.negativeSlope = numberWithin("LeakyReLU", "negativeSlope", all.negativeSlope ?? 0.3, 0);
  }

  protected forward(x: Value): Value {
    return leakyRelu(x, { negativeSlope: this.negativeSlope });
  }

  getConfig(): Config {
    return { ...this.baseConfig(), negative_slope: this.negativeSlope };
  }
}

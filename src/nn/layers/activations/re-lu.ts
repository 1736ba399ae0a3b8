import type { Value } from "../../../graph/value.js";
import { relu } from "../../activations/relu.js";
import { numberWithin } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import { type LayerOptions, UnaryLayer } from "../../layer.js";
import { byName, type ByPosition } from "../../named.js";

/** Options of {@link ReLU}. */
export interface ReLUOptions extends LayerOptions {
  /** Upper bound, not negative; default none. */
  readonly maxValue?: number | undefined;
  /** Slope below the threshold, not negative; default 0. */
  readonly negativeSlope?: number;
  /** Where the function begins to rise, not negative; default 0. */
  readonly threshold?: number;
}

/**
 * `maxValue` from there on, `x` from the threshold to it, `negativeSlope · (x − threshold)` below.
 *
 * @see https://keras.io/api/layers/activation_layers/relu/
 */
export class ReLU extends UnaryLayer {
  static readonly className: string = "ReLU";
  static readonly positional: readonly string[] = ["maxValue"];
  static readonly following: readonly string[] = ["negativeSlope", "threshold"];
  static override readonly options: readonly string[] = [
    "negativeSlope",
    "threshold",
  ] satisfies readonly (keyof ReLUOptions)[];
  private readonly maxValue: number | undefined;
  private readonly negativeSlope: number;
  private readonly threshold: number;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<ReLUOptions, ["maxValue", "negativeSlope", "threshold"]>);
  /**
   * @param maxValue the upper bound, or all options
   * @throws UsageError when an option is negative
   */
  constructor(maxValue?: number | ReLUOptions, options?: ReLUOptions);
  constructor(...given: readonly unknown[]) {
    const all = byName<ReLUOptions>(ReLU, given);
    super(all);
    this.maxValue = all.maxValue === undefined ? undefined : numberWithin("ReLU", "maxValue", all.maxValue, 0);
    this.negativeSlope = numberWithin("ReLU", "negativeSlope", all.negativeSlope ?? 0, 0);
    this.threshold = numberWithin("ReLU", "threshold", all.threshold ?? 0, 0);
  }

  protected forward(x: Value): Value {
    const { negativeSlope, threshold, maxValue } = this;
    return relu(x, { negativeSlope, threshold, maxValue });
  }

  getConfig(): Config {
    return {
      ...this.baseConfig(),
      max_value: this.maxValue ?? null,
      negative_slope: this.negativeSlope,
      threshold: this.threshold,
    };
  }
}

import type { Value } from "../../../graph/value.js";
import { scalarLike } from "../../../ops/constants.js";
import { add, mul } from "../../../ops/elementwise.js";
import { numberWithin } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import type { CallContext } from "../../context.js";
import { BaseRandom, type RandomLayerOptions } from "./base-random.js";
import { byName, type ByPosition } from "../../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["seed"] as const;

/**
 * Training: adds normally distributed noise. Inference: `x`.
 *
 * @see https://keras.io/api/layers/regularization_layers/gaussian_noise/
 */
export class GaussianNoise extends BaseRandom {
  static readonly className: string = "GaussianNoise";
  static readonly positional: readonly string[] = ["stddev"];
  static readonly following: readonly string[] = following;
  private readonly stddev: number;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<RandomLayerOptions & { readonly stddev: number }, typeof following, ["stddev"]>);
  /**
   * @param stddev standard deviation of the noise, in [0, 1]
   * @throws UsageError when it is outside
   */
  constructor(stddev: number, options?: RandomLayerOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: RandomLayerOptions & { readonly stddev: number });
  constructor(...given: readonly unknown[]) {
    const { stddev, ...options } = byName<RandomLayerOptions & { readonly stddev: number }>(GaussianNoise, given);
    super(options);
    this.stddev = numberWithin("GaussianNoise", "stddev", stddev, 0, 1);
  }

  protected forward(x: Value, context: CallContext): Value {
    if (!context.training || this.stddev === 0) return x;
    const noise = context.random(this.stream, "normal", x.shape);
    return add(x, mul(noise, scalarLike(x, this.stddev)));
  }

  override getConfig(): Config {
    return { ...super.getConfig(), stddev: this.stddev };
  }
}

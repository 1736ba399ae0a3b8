import type { Generator } from "../../random/generator.js";
import { oneOf, positiveNumber } from "../../errors/check.js";
import type { Config } from "../config.js";
import { drawTruncatedNormal } from "./draw-truncated-normal.js";
import { drawUniform } from "./draw-uniform.js";
import { fans } from "./fans.js";
import { SeededInitializer, type SeedOptions } from "./seeded-initializer.js";
import { type ByPosition, byName } from "../named.js";

const modes = ["fan_in", "fan_out", "fan_avg"] as const;
const distributions = ["truncated_normal", "untruncated_normal", "uniform"] as const;

/** Options of {@link VarianceScaling}. */
export interface VarianceScalingOptions extends SeedOptions {
  /** Positive factor of the variance; default 1. */
  readonly scale?: number;
  /** What the variance is divided by; default `"fan_in"`. */
  readonly mode?: (typeof modes)[number];
  /** Default `"truncated_normal"`, also called `"normal"`. */
  readonly distribution?: (typeof distributions)[number] | "normal";
  /** Axes of the weight whose extents are multiplied for the fan-in; only together with `outputAxes`. */
  readonly inputAxes?: readonly number[];
  /** Axes of the weight whose extents are multiplied for the fan-out; only together with `inputAxes`. */
  readonly outputAxes?: readonly number[];
}

/** Standard deviation of the standard normal distribution cut off at ±2. */
const truncatedDeviation = 0.8796256610342398;

/** Options that may follow by position, in Keras's order. */
const following = ["scale", "mode", "distribution", "seed", "inputAxes", "outputAxes"] as const;

/**
 * Random values whose variance is `scale / n`, with n the fan-in, the fan-out or their mean.
 *
 * Truncated normal: cut off at two standard deviations and widened to keep the variance. Uniform: within ±√(3·scale/n).
 *
 * @see https://keras.io/api/layers/initializers/ – the distribution is Keras's, the numbers of a seed are not
 */
export class VarianceScaling extends SeededInitializer {
  static readonly className: string = "VarianceScaling";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = [
    "scale",
    "mode",
    "distribution",
    "inputAxes",
    "outputAxes",
  ] satisfies readonly (keyof VarianceScalingOptions)[];
  private readonly scale: number;
  private readonly mode: (typeof modes)[number];
  private readonly distribution: (typeof distributions)[number];
  private readonly inputAxes: readonly number[] | undefined;
  private readonly outputAxes: readonly number[] | undefined;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<VarianceScalingOptions, typeof following>);
  /** @throws UsageError when an option is not usable */
  constructor(options?: VarianceScalingOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<VarianceScalingOptions>(VarianceScaling, given);
    super(options);
    const { scale = 1, mode = "fan_in", distribution = "truncated_normal" } = options;
    this.scale = positiveNumber("VarianceScaling", "scale", scale);
    this.mode = oneOf("VarianceScaling", "mode", mode, modes);
    const named = distribution === "normal" ? "truncated_normal" : distribution;
    this.distribution = oneOf("VarianceScaling", "distribution", named, distributions);
    this.inputAxes = options.inputAxes;
    this.outputAxes = options.outputAxes;
  }

  /** The axes that the fans are taken from, as Keras writes them. */
  protected get axesConfig(): Config {
    return { input_axes: this.inputAxes ?? null, output_axes: this.outputAxes ?? null };
  }

  private divisor(shape: readonly number[]): number {
    const along = (axes: readonly number[]): number =>
      axes.reduce((product, axis) => product * (shape.at(axis) ?? 1), 1);
    const { fanIn, fanOut } =
      this.inputAxes !== undefined && this.outputAxes !== undefined
        ? { fanIn: along(this.inputAxes), fanOut: along(this.outputAxes) }
        : fans(shape);
    return { fan_in: fanIn, fan_out: fanOut, fan_avg: (fanIn + fanOut) / 2 }[this.mode];
  }

  protected draw(shape: readonly number[], target: Float32Array, generator: Generator): Float32Array {
    const variance = this.scale / Math.max(1, this.divisor(shape));
    switch (this.distribution) {
      case "truncated_normal":
        return drawTruncatedNormal(target, generator, 0, Math.sqrt(variance) / truncatedDeviation);
      case "untruncated_normal":
        return generator.normalInto(target, 0, Math.sqrt(variance));
      case "uniform":
        return drawUniform(target, generator, -Math.sqrt(3 * variance), Math.sqrt(3 * variance));
    }
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      scale: this.scale,
      mode: this.mode,
      distribution: this.distribution,
      ...this.axesConfig,
    };
  }
}

import type { Generator } from "../../random/generator.js";
import { numberWithin } from "../../errors/check.js";
import type { Config } from "../config.js";
import { drawTruncatedNormal } from "./draw-truncated-normal.js";
import { byName, type ByPosition } from "../named.js";
import { SeededInitializer, type SeedOptions } from "./seeded-initializer.js";

/** Options of {@link TruncatedNormal}. */
export interface TruncatedNormalOptions extends SeedOptions {
  /** Default 0. */
  readonly mean?: number;
  /** Standard deviation before the cut, not negative; default 0.05. */
  readonly stddev?: number;
}

/** Random values, normally distributed and cut off at two standard deviations. @see https://keras.io/api/layers/initializers/ */
export class TruncatedNormal extends SeededInitializer {
  static readonly className: string = "TruncatedNormal";
  static readonly positional: readonly string[] = [
    "mean",
    "stddev",
  ] satisfies readonly (keyof TruncatedNormalOptions)[];
  static readonly following: readonly string[] = ["seed"];
  private readonly mean: number;
  private readonly stddev: number;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<TruncatedNormalOptions, ["mean", "stddev", "seed"]>);
  /**
   * @param mean mean, or the options; default 0
   * @param stddev standard deviation; default 0.05
   * @throws UsageError when an option is not usable
   */
  constructor(mean?: number | TruncatedNormalOptions, stddev?: number, others?: SeedOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<TruncatedNormalOptions>(TruncatedNormal, given);
    super(options);
    this.mean = numberWithin("TruncatedNormal", "mean", options.mean ?? 0);
    this.stddev = numberWithin("TruncatedNormal", "stddev", options.stddev ?? 0.05, 0);
  }

  protected draw(_shape: readonly number[], target: Float32Array, generator: Generator): Float32Array {
    return drawTruncatedNormal(target, generator, this.mean, this.stddev);
  }

  override getConfig(): Config {
    return { ...super.getConfig(), mean: this.mean, stddev: this.stddev };
  }
}

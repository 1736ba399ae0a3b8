import type { Generator } from "../../random/generator.js";
import { numberWithin } from "../../errors/check.js";
import type { Config } from "../config.js";
import { byName, type ByPosition } from "../named.js";
import { SeededInitializer, type SeedOptions } from "./seeded-initializer.js";

/** Options of {@link RandomNormal}. */
export interface RandomNormalOptions extends SeedOptions {
  /** Default 0. */
  readonly mean?: number;
  /** Standard deviation, not negative; default 0.05. */
  readonly stddev?: number;
}

/** Random values, normally distributed. @see https://keras.io/api/layers/initializers/ */
export class RandomNormal extends SeededInitializer {
  static readonly className: string = "RandomNormal";
  static readonly positional: readonly string[] = ["mean", "stddev"] satisfies readonly (keyof RandomNormalOptions)[];
  static readonly following: readonly string[] = ["seed"];
  private readonly mean: number;
  private readonly stddev: number;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<RandomNormalOptions, ["mean", "stddev", "seed"]>);
  /**
   * @param mean mean, or the options; default 0
   * @param stddev standard deviation; default 0.05
   * @throws UsageError when an option is not usable
   */
  constructor(mean?: number | RandomNormalOptions, stddev?: number, others?: SeedOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<RandomNormalOptions>(RandomNormal, given);
    super(options);
    this.mean = numberWithin("RandomNormal", "mean", options.mean ?? 0);
    this.stddev = numberWithin("RandomNormal", "stddev", options.stddev ?? 0.05, 0);
  }

  protected draw(_shape: readonly number[], target: Float32Array, generator: Generator): Float32Array {
    return generator.normalInto(target, this.mean, this.stddev);
  }

  override getConfig(): Config {
    return { ...super.getConfig(), mean: this.mean, stddev: this.stddev };
  }
}

import type { Generator } from "../../random/generator.js";
import { numberWithin } from "../../errors/check.js";
import type { Config } from "../config.js";
import { drawUniform } from "./draw-uniform.js";
import { byName, type ByPosition } from "../named.js";
import { SeededInitializer, type SeedOptions } from "./seeded-initializer.js";

/** Options of {@link RandomUniform}. */
export interface RandomUniformOptions extends SeedOptions {
  /** Lower bound, included; default -0.05. */
  readonly minval?: number;
  /** Upper bound, excluded; default 0.05. */
  readonly maxval?: number;
}

/** Random values, uniform in `[minval, maxval)`. @see https://keras.io/api/layers/initializers/ */
export class RandomUniform extends SeededInitializer {
  static readonly className: string = "RandomUniform";
  static readonly positional: readonly string[] = [
    "minval",
    "maxval",
  ] satisfies readonly (keyof RandomUniformOptions)[];
  static readonly following: readonly string[] = ["seed"];
  private readonly minval: number;
  private readonly maxval: number;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<RandomUniformOptions, ["minval", "maxval", "seed"]>);
  /**
   * @param minval lower bound, included, or the options; default -0.05
   * @param maxval upper bound, excluded; default 0.05
   * @throws UsageError when a bound is not a number or they are in the wrong order
   */
  constructor(minval?: number | RandomUniformOptions, maxval?: number, others?: SeedOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<RandomUniformOptions>(RandomUniform, given);
    super(options);
    this.minval = numberWithin("RandomUniform", "minval", options.minval ?? -0.05);
    this.maxval = numberWithin("RandomUniform", "maxval", options.maxval ?? 0.05, this.minval);
  }

  protected draw(_shape: readonly number[], target: Float32Array, generator: Generator): Float32Array {
    return drawUniform(target, generator, this.minval, this.maxval);
  }

  override getConfig(): Config {
    return { ...super.getConfig(), minval: this.minval, maxval: this.maxval };
  }
}

import { isWhole, refuse } from "../../errors/check.js";
import { Generator } from "../../random/generator.js";
import { nextRandomStream } from "../../random/seed.js";
import { byName, checkOwnOptions } from "../named.js";

/** Options of {@link SeedGenerator}. */
export interface SeedGeneratorOptions {
  /** A whole number from 0; default: it follows from `setRandomSeed`. */
  readonly seed?: number | null | undefined;
}

/**
 * A stream of random numbers of its own, for the option `seed`: each use goes on where the last one ended, where a number as
 * seed gives the same numbers each time.
 *
 * Inside of `call` the stream is one of the training's, which begins again where a training is resumed as it stood.
 *
 * @see https://keras.io/api/random/seed_generator/
 *
 * @example
 * ```ts
 * import { random } from "graft-ml";
 *
 * const seed = new random.SeedGenerator(3);
 * const [first, second] = [random.uniform([1], { seed }), random.uniform([1], { seed })];
 * console.log(first.data[0] === second.data[0]); // → false
 * ```
 */
export class SeedGenerator {
  static readonly className: string = "SeedGenerator";
  static readonly positional: readonly string[] = ["seed"];
  /** The number that it was made with; `null` for none. */
  readonly seed: number | null;
  private stream: Generator | undefined;

  /**
   * @param seed a whole number from 0, or all options; default: it follows from `setRandomSeed`
   * @throws UsageError when it is not
   */
  constructor(seed?: number | null | SeedGeneratorOptions) {
    const options = byName<SeedGeneratorOptions>(SeedGenerator, [seed]);
    checkOwnOptions(SeedGenerator, options);
    const given = options.seed ?? null;
    if (given !== null && !isWhole(given, 0)) {
      refuse("SeedGenerator", "seed", "a whole number of at least 0, or null", given);
    }
    this.seed = given;
  }

  /** The generator from which arrays are drawn. */
  get generator(): Generator {
    this.stream ??= this.seed === null ? nextRandomStream("seed generator") : new Generator(this.seed);
    return this.stream;
  }

  /** A seed for something else: another one each time. */
  next(): number {
    return this.generator.bits();
  }

  /** Keras's configuration. */
  getConfig(): { readonly seed: number | null } {
    return { seed: this.seed };
  }
}

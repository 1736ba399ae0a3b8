import { elementCount } from "../../onnx/tensor-data.js";
import { Generator } from "../../random/generator.js";
import { wholeNumber } from "../../errors/check.js";
import type { Config } from "../config.js";
import { Initializer } from "./initializer.js";

/** Options that every random initializer has. */
export interface SeedOptions {
  /** Seed of these values alone; default: the weight's own stream, which follows from `setRandomSeed`. */
  readonly seed?: number;
}

/** An initializer that draws random numbers. */
export abstract class SeededInitializer extends Initializer {
  static readonly options: readonly string[] = ["seed"] satisfies readonly (keyof SeedOptions)[];
  private readonly seed: number | undefined;

  constructor(options: SeedOptions) {
    super(options);
    const { seed } = options;
    this.seed = seed === undefined ? undefined : wholeNumber(this.className, "seed", seed, 0);
  }

  override values(shape: readonly number[], stream: Generator): Float32Array {
    const generator = this.seed === undefined ? stream : new Generator(this.seed);
    return this.draw(shape, new Float32Array(elementCount(shape)), generator);
  }

  /** Fills and returns `target`, which has as many elements as the shape. */
  protected abstract draw(shape: readonly number[], target: Float32Array, generator: Generator): Float32Array;

  override getConfig(): Config {
    return { seed: this.seed ?? null };
  }
}

import { isWhole, refuse } from "../../errors/check.js";
import { UsageError } from "../../errors/errors.js";
import { elementCount } from "../../onnx/tensor-data.js";
import type { Generator } from "../../random/generator.js";
import { processStreams } from "../../random/seed.js";
import { type Float32Tensor, isTensor, Tensor } from "../../runtime/runtime.js";
import type { Config } from "../config.js";
import { Named } from "../named.js";

/** First values of a user's own: numbers in row-major order, or an array. */
export type OwnValues = Tensor | Float32Array | readonly number[];

/**
 * How the first values of a weight are chosen. One of a user's own extends it, and says them in `call`.
 *
 * @see https://keras.io/api/layers/initializers/#creating-custom-initializers
 *
 * @example
 * ```ts
 * import { initializers } from "graft-ml";
 *
 * class Counting extends initializers.Initializer {
 *   static readonly className: string = "Counting";
 *   override call(shape: readonly number[]): number[] {
 *     return Array.from({ length: shape.reduce((product, extent) => product * extent, 1) }, (_, index) => index);
 *   }
 * }
 * console.log(new Counting().apply([2, 2]).data); // → Float32Array(4) [ 0, 1, 2, 3 ]
 * ```
 */
export abstract class Initializer extends Named {
  declare static fromConfig: (config: Config) => Initializer;

  /**
   * First values of a user's own; it is overridden there.
   *
   * @param shape the weight's shape in Keras's order
   */
  call(shape: readonly number[]): OwnValues;
  call(): OwnValues {
    throw new UsageError(`The initializer ${this.className} does not say its values.`, {
      subject: this.className,
      expected: "a method call(shape)",
      received: "none",
    });
  }

  /**
   * An array of first values. Without a seed of their own the random ones are others in each call, and follow from
   * `setRandomSeed`.
   *
   * @param shape in Keras's order
   * @throws UsageError when it is no shape
   *
   * @example
   * ```ts
   * import { initializers } from "graft-ml";
   *
   * const noise = new initializers.RandomNormal({ stddev: 0.1, seed: 3 }).apply([2, 8]);
   * console.log(noise.dims, new initializers.Ones().apply([2]).data); // → [ 2, 8 ] Float32Array(2) [ 1, 1 ]
   * ```
   */
  apply(shape: readonly number[]): Float32Tensor {
    const given: unknown = shape;
    if (!Array.isArray(given) || !given.every((extent) => isWhole(extent, 0))) {
      refuse(`The initializer ${this.className}`, "shape", "a list of whole numbers, such as [3, 4]", given);
    }
    return new Tensor("float32", this.values(shape, processStreams.next("initializers")), [...shape]);
  }

  /**
   * The values; default: those of `call`.
   *
   * @param shape the weight's shape in Keras's order
   * @param stream the random stream of this weight; an initializer with a seed of its own ignores it
   * @returns the values in row-major order
   */
  values(shape: readonly number[], stream: Generator): Float32Array;
  values(shape: readonly number[]): Float32Array {
    const made: unknown = this.call(shape);
    const numbers = isTensor(made) ? (made.data as Float32Array) : made;
    const isList = numbers instanceof Float32Array || Array.isArray(numbers);
    if (!isList || numbers.length !== elementCount(shape) || !numbers.every((one) => typeof one === "number")) {
      return refuse("An initializer", "function", `${elementCount(shape)} numbers, for [${shape.join(", ")}]`, made);
    }
    return Float32Array.from(numbers as ArrayLike<number>);
  }

  /** Keras's configuration: what the constructor takes, in snake_case. */
  getConfig(): Record<string, unknown> {
    return {};
  }
}

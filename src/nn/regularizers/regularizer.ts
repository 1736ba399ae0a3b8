import { UsageError } from "../../errors/errors.js";
import type { Value } from "../../graph/value.js";
import { reduceSum } from "../../ops/reduction.js";
import type { Tensor } from "../../runtime/runtime.js";
import type { Config } from "../config.js";
import { Named } from "../named.js";
import { computeOne, writeOne } from "../own-function.js";
import type { SymbolicTensor } from "../symbolic-tensor.js";
import type { Variable } from "../variable.js";

/**
 * A penalty on a weight or on outputs, which is added to the loss. One of a user's own extends it, and says in `call` what it
 * is, with functions of `ops`.
 *
 * @see https://keras.io/api/layers/regularizers/#creating-custom-regularizers
 *
 * @example
 * ```ts
 * import { ops, regularizers, Tensor, type SymbolicTensor } from "graft-ml";
 *
 * class Cubes extends regularizers.Regularizer {
 *   static readonly className: string = "Cubes";
 *   override call(weight: SymbolicTensor): SymbolicTensor {
 *     return ops.sum(ops.power(ops.abs(weight), 3));
 *   }
 * }
 * console.log((await new Cubes().apply(new Tensor("float32", [1, -2], [2]))).data); // → Float32Array(1) [ 9 ]
 * ```
 */
export abstract class Regularizer extends Named {
  declare static fromConfig: (config: Config) => Regularizer;

  /**
   * What a penalty of a user's own is; it is overridden there.
   *
   * @param weight in Keras's order of axes
   * @returns a single number; of several their sum counts
   */
  call(weight: SymbolicTensor): SymbolicTensor;
  call(): SymbolicTensor {
    throw new UsageError(`The regularizer ${this.className} does not say what it is.`, {
      subject: this.className,
      expected: "a method call(weight)",
      received: "none",
    });
  }

  /**
   * The penalty of an array, or of the present values of a weight, as a promise; inside of `call`, losses and training steps as
   * a tensor.
   *
   * @returns a single number
   */
  apply(weight: SymbolicTensor): SymbolicTensor;
  apply(weight: Tensor): Promise<Tensor>;
  apply(weight: Variable): SymbolicTensor | Promise<Tensor>;
  apply(weight: SymbolicTensor | Tensor | Variable): SymbolicTensor | Promise<Tensor> {
    return computeOne(`The regularizer ${this.className}`, weight, (value) => this.penalty(value));
  }

  /**
   * Writes the penalty as a graph; default: what `call` computes.
   *
   * @param weight in Keras's shape
   * @returns a scalar
   */
  penalty(weight: Value): Value {
    const penalty = writeOne(`The regularizer ${this.className}`, weight, (tensor) => this.call(tensor));
    return penalty.rank === 0 ? penalty : reduceSum(penalty, undefined, { keepdims: 0 });
  }

  /** Keras's configuration: what the constructor takes, in snake_case. */
  getConfig(): Config {
    return {};
  }
}

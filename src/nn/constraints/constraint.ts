import { UsageError } from "../../errors/errors.js";
import type { Value } from "../../graph/value.js";
import type { Tensor } from "../../runtime/runtime.js";
import type { Config } from "../config.js";
import { Named } from "../named.js";
import { computeOne, writeOne } from "../own-function.js";
import type { SymbolicTensor } from "../symbolic-tensor.js";
import type { Variable } from "../variable.js";

/**
 * A condition that a weight is brought back to after each training step. One of a user's own extends it, and says in `call`
 * which weight fulfils it, with functions of `ops`.
 *
 * @see https://keras.io/api/layers/constraints/#creating-custom-weight-constraints
 *
 * @example
 * ```ts
 * import { constraints, ops, Tensor, type SymbolicTensor } from "graft-ml";
 *
 * class Clip extends constraints.Constraint {
 *   static readonly className: string = "Clip";
 *   override call(weight: SymbolicTensor): SymbolicTensor {
 *     return ops.clip(weight, -0.5, 0.5);
 *   }
 * }
 * console.log((await new Clip().apply(new Tensor("float32", [0.25, -2], [2]))).data); // → Float32Array(2) [ 0.25, -0.5 ]
 * ```
 */
export abstract class Constraint extends Named {
  declare static fromConfig: (config: Config) => Constraint;

  /**
   * The weight that fulfils a condition of a user's own; it is overridden there.
   *
   * @param weight in Keras's order of axes
   * @returns of the same shape
   */
  call(weight: SymbolicTensor): SymbolicTensor;
  call(): SymbolicTensor {
    throw new UsageError(`The constraint ${this.className} does not say what it is.`, {
      subject: this.className,
      expected: "a method call(weight)",
      received: "none",
    });
  }

  /**
   * What an array, or the present values of a weight, become, as a promise; inside of `call`, losses and training steps as a
   * tensor.
   */
  apply(weight: SymbolicTensor): SymbolicTensor;
  apply(weight: Tensor): Promise<Tensor>;
  apply(weight: Variable): SymbolicTensor | Promise<Tensor>;
  apply(weight: SymbolicTensor | Tensor | Variable): SymbolicTensor | Promise<Tensor> {
    return computeOne(`The constraint ${this.className}`, weight, (value) => this.project(value));
  }

  /**
   * Writes the weight that fulfils the condition as a graph; default: what `call` computes.
   *
   * @param weight in Keras's shape
   * @returns of the same shape
   */
  project(weight: Value): Value {
    return writeOne(`The constraint ${this.className}`, weight, (tensor) => this.call(tensor));
  }

  /** Keras's configuration: what the constructor takes, in snake_case. */
  getConfig(): Config {
    return {};
  }
}

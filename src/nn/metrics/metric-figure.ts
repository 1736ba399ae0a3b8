import type { Tensor } from "../../runtime/runtime.js";
import { SymbolicTensor } from "../symbolic-tensor.js";

/** The only number of an array; otherwise the array. */
export function single(array: Tensor): number | Tensor {
  const [number, ...others] = Array.from(array.data as Float32Array, Number);
  return number === undefined || others.length > 0 ? array : number;
}

/**
 * What `result()` of a metric of a user's own computes outside of steps: a tensor that functions of `ops` take, and which
 * `await` makes a number of.
 */
export class MetricFigure extends SymbolicTensor implements PromiseLike<number | Tensor> {
  constructor({ shape, type, traced }: SymbolicTensor) {
    super(shape, type, undefined, traced);
  }

  // Keras's result() is a number, which is here one later.
  then<A = number | Tensor, B = never>(
    onFulfilled?: ((value: number | Tensor) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.numpy().then(single).then(onFulfilled, onRejected);
  }
}

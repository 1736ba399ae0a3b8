import { refuse } from "../../errors/check.js";
import { elementCount } from "../../onnx/tensor-data.js";
import { isTensor, type Tensor } from "../../runtime/runtime.js";
import type { Initializer } from "./initializer.js";

/** A function of a user's own as first values of a weight. */
export class FunctionInitializer implements Initializer {
  readonly className = "FunctionInitializer";

  constructor(private readonly own: (shape: readonly number[]) => Tensor | Float32Array | readonly number[]) {}

  values(shape: readonly number[]): Float32Array {
    const made: unknown = this.own(shape);
    const numbers = isTensor(made) ? (made.data as Float32Array) : made;
    const isList = numbers instanceof Float32Array || Array.isArray(numbers);
    if (!isList || numbers.length !== elementCount(shape) || !numbers.every((one) => typeof one === "number")) {
      return refuse("An initializer", "function", `${elementCount(shape)} numbers, for [${shape.join(", ")}]`, made);
    }
    return Float32Array.from(numbers as ArrayLike<number>);
  }

  getConfig(): Record<string, unknown> {
    // Writing it into a file is refused there.
    return { function: this.own };
  }
}

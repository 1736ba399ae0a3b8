import type { Config } from "../config.js";
import type { SymbolicTensor } from "../symbolic-tensor.js";
import { Regularizer } from "./regularizer.js";

/** A function of a user's own as a penalty. */
export class FunctionRegularizer extends Regularizer {
  static readonly className: string = "FunctionRegularizer";

  constructor(private readonly own: (weight: SymbolicTensor) => SymbolicTensor) {
    super();
  }

  override call(weight: SymbolicTensor): SymbolicTensor {
    return this.own(weight);
  }

  override getConfig(): Config {
    // Writing it into a file is refused there.
    return { function: this.own };
  }
}

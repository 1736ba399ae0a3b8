import type { Config } from "../config.js";
import type { SymbolicTensor } from "../symbolic-tensor.js";
import { Constraint } from "./constraint.js";

/** A function of a user's own as a condition on a weight. */
export class FunctionConstraint extends Constraint {
  static readonly className: string = "FunctionConstraint";

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

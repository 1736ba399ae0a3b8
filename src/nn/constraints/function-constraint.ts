import type { Value } from "../../graph/value.js";
import type { Config } from "../config.js";
import { writeOne } from "../own-function.js";
import type { SymbolicTensor } from "../symbolic-tensor.js";
import type { Constraint } from "./constraint.js";

/** A function of a user's own as a condition on a weight. */
export class FunctionConstraint implements Constraint {
  readonly className = "FunctionConstraint";

  constructor(private readonly own: (weight: SymbolicTensor) => SymbolicTensor) {}

  apply(weight: Value): Value {
    return writeOne(`The constraint "${this.own.name}"`, weight, this.own);
  }

  getConfig(): Config {
    // Writing it into a file is refused there.
    return { function: this.own };
  }
}

import type { Value } from "../../graph/value.js";
import { reduceSum } from "../../ops/reduction.js";
import type { Config } from "../config.js";
import { writeOne } from "../own-function.js";
import type { SymbolicTensor } from "../symbolic-tensor.js";
import type { Regularizer } from "./regularizer.js";

/** A function of a user's own as a penalty. */
export class FunctionRegularizer implements Regularizer {
  readonly className = "FunctionRegularizer";

  constructor(private readonly own: (weight: SymbolicTensor) => SymbolicTensor) {}

  penalty(weight: Value): Value {
    const penalty = writeOne(`The regularizer "${this.own.name}"`, weight, this.own);
    return penalty.rank === 0 ? penalty : reduceSum(penalty, undefined, { keepdims: 0 });
  }

  getConfig(): Config {
    // Writing it into a file is refused there.
    return { function: this.own };
  }
}

import { UsageError } from "../../errors/errors.js";
import type { SymbolicTensor } from "../symbolic-tensor.js";
import { Loss, type LossOptions } from "./loss.js";
import type { Config } from "../config.js";

/** A loss of one's own: of labels and predictions, in Keras's order of axes; one number a sample, or fewer. */
export type LossFunction = (yTrue: SymbolicTensor, yPred: SymbolicTensor) => SymbolicTensor;

/** A function as a loss. Files know it by its name, under which it has to be registered. */
export class FunctionLoss extends Loss {
  static readonly className: string = "LossFunctionWrapper";

  constructor(
    readonly own: LossFunction,
    options: LossOptions = {},
  ) {
    super(own.name === "" ? "loss" : own.name, options);
  }

  protected override readonly matchesRanks = true;

  override call(yTrue: SymbolicTensor, yPred: SymbolicTensor): SymbolicTensor {
    return this.own(yTrue, yPred);
  }

  override getConfig(): Config {
    throw new UsageError(`The loss function "${this.name}" cannot be saved by itself.`, {
      subject: this.name,
      expected: "a loss of Keras, or a function that is registered",
      received: "a function",
      advice: "Register it: saving.registerKerasSerializable()(myLoss).",
    });
  }
}

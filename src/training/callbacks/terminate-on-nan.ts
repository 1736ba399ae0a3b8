import { UsageError } from "../../errors/errors.js";
import type { CallbackContext, Logs } from "../../models/training-types.js";
import { Callback } from "./callback.js";
import { say } from "./say.js";
import { type ByPosition, byName } from "../../nn/named.js";

/** Options of {@link TerminateOnNaN}. */
export interface TerminateOnNaNOptions {
  /** Whether `fit` fails at once, without `onTrainEnd`, so that no good backup is cleared away; default `false`. */
  readonly raiseError?: boolean;
}

/** Options that may follow by position, in Keras's order. */
const following = ["raiseError"] as const;

/**
 * Ends the training when the loss is no longer a finite number.
 *
 * @see https://keras.io/api/callbacks/terminate_on_nan/
 */
export class TerminateOnNaN extends Callback {
  static readonly className: string = "TerminateOnNaN";
  static readonly following: readonly string[] = following;
  static readonly options: readonly string[] = ["raiseError"];
  private readonly raiseError: boolean;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<TerminateOnNaNOptions, typeof following>);
  /** @throws UsageError for an unknown option */
  constructor(options?: TerminateOnNaNOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<TerminateOnNaNOptions>(TerminateOnNaN, given);
    super(options);
    this.raiseError = options.raiseError ?? false;
  }

  override onTrainBatchEnd(step: number, { loss }: Logs, context: CallbackContext): void {
    if (loss === undefined || Number.isFinite(loss)) return;
    if (!this.raiseError) {
      say(`Batch ${step}: the loss is ${loss}, so training ends.`, context);
      context.stopTraining();
      return;
    }
    throw new UsageError(`The loss is no number any more, at batch ${step}.`, {
      subject: "loss",
      expected: "a finite number",
      received: String(loss),
      advice: "Lower the learning rate, clip the gradients (clipnorm), or check the samples for NaN.",
    });
  }
}

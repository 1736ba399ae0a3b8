import type { Callback as Events } from "../../models/training-types.js";
import { Callback } from "./callback.js";
import { type ByPosition, byName } from "../../nn/named.js";

const events = [
  "onEpochBegin",
  "onEpochEnd",
  "onPredictBatchBegin",
  "onPredictBatchEnd",
  "onPredictBegin",
  "onPredictEnd",
  "onTestBatchBegin",
  "onTestBatchEnd",
  "onTestBegin",
  "onTestEnd",
  "onTrainBatchBegin",
  "onTrainBatchEnd",
  "onTrainBegin",
  "onTrainEnd",
] as const satisfies readonly (keyof Events)[];

/** Functions by the events that they are called at. */
export type LambdaCallbackOptions = Pick<Events, (typeof events)[number]>;

/** Options that may follow by position, in Keras's order. */
const following = [
  "onEpochBegin",
  "onEpochEnd",
  "onTrainBegin",
  "onTrainEnd",
  "onTrainBatchBegin",
  "onTrainBatchEnd",
] as const;

/**
 * A callback made of functions. `fit` takes an object with these functions as well; the class is there for scripts that are
 * ported.
 *
 * @see https://keras.io/api/callbacks/lambda_callback/
 */
export class LambdaCallback extends Callback {
  static readonly className: string = "LambdaCallback";
  static readonly following: readonly string[] = following;
  static readonly options: readonly string[] = events;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<LambdaCallbackOptions, typeof following>);
  /** @throws UsageError for an event that does not exist */
  constructor(functions?: LambdaCallbackOptions);
  constructor(...given: readonly unknown[]) {
    const functions = byName<LambdaCallbackOptions>(LambdaCallback, given);
    super(functions);
    Object.assign(this, functions);
  }
}

import { UsageError } from "../../errors/errors.js";
import type { BaseModel } from "../../models/base-model.js";
import type { Callback as Events, CallbackParams } from "../../models/training-types.js";
import { Named } from "../../nn/named.js";

/**
 * What callbacks that are classes are made from: it knows the model. `fit` takes any object with some of the events, too.
 *
 * @see https://keras.io/api/callbacks/base_callback/ Names are in camelCase, and a context comes after Keras's arguments.
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- see below
export abstract class Callback extends Named {
  /** How the present call was made. */
  params: CallbackParams = { verbose: 1, epochs: 1, steps: 0 };
  private introduced: BaseModel | undefined;

  setModel(model: BaseModel): void {
    this.introduced = model;
  }

  setParams(params: CallbackParams): void {
    this.params = params;
  }

  /**
   * The model that is being trained.
   *
   * @throws UsageError outside of a training
   */
  get model(): BaseModel {
    if (this.introduced !== undefined) return this.introduced;
    throw new UsageError(`The callback ${this.className} has no model yet.`, {
      subject: "model",
      expected: "a callback that was given to fit, evaluate or predict",
      received: "one that was not",
      advice: "model.fit(x, { callbacks: [callback] })",
    });
  }
}

// A merged interface says which events there are; classes have those that they want.
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging, @typescript-eslint/no-empty-object-type -- every event is optional, so none is missing
export interface Callback extends Events {}

import { namedRecord } from "../../errors/named-record.js";
import type { BaseModel } from "../../models/base-model.js";
import type {
  Callback,
  CallbackContext,
  CallbackParams,
  Logs,
  LostLoss,
  TrainingState,
} from "../../models/training-types.js";
import { classNameOf } from "../../nn/named.js";

/** What a callback wants to know after a stop; tensors apart. */
export interface SavedCallback {
  /** Name of its class. */
  readonly name: string;
  readonly facts: unknown;
}

/** What names of callbacks' tensors begin with. */
const prefix = "callback/";

/** Callbacks that are told of events one after the other. */
export class CallbackList {
  readonly callbacks: readonly Callback[];

  constructor(callbacks: readonly Callback[]) {
    const last = (callback: Callback): number => Number(callback.comesLast === true);
    this.callbacks = [...callbacks].sort((a, b) => last(a) - last(b));
  }

  /** Introduces the model. */
  begin(model: BaseModel, params: CallbackParams): void {
    for (const callback of this.callbacks) {
      callback.setParams?.(params);
      callback.setModel?.(model);
    }
  }

  /** Whether somebody wants to know of a loss that is no finite number. */
  get asksForLostLoss(): boolean {
    return this.callbacks.some((callback) => typeof callback.onLossLost === "function");
  }

  private async tell(event: (callback: Callback) => unknown): Promise<void> {
    for (const callback of this.callbacks) await event(callback);
  }

  /** Tells of an event with figures: a copy, so that callbacks may add theirs for those after them. */
  private async tellLogs(logs: Logs, event: (callback: Callback, logs: Logs) => unknown): Promise<void> {
    // In Keras's order, which is that of the alphabet.
    const sorted = namedRecord(Object.entries(logs).sort(([a], [b]) => (a < b ? -1 : 1)));
    await this.tell((callback) => event(callback, sorted));
  }

  onTrainBegin = (context: CallbackContext): Promise<void> => this.tell((one) => one.onTrainBegin?.(context));
  onTrainEnd = (logs: Logs, context: CallbackContext): Promise<void> =>
    this.tellLogs(logs, (one, sorted) => one.onTrainEnd?.(sorted, context));
  onEpochBegin = (epoch: number, context: CallbackContext): Promise<void> =>
    this.tell((one) => one.onEpochBegin?.(epoch, context));
  onEpochEnd = (epoch: number, logs: Logs, context: CallbackContext): Promise<void> =>
    this.tellLogs(logs, (one, sorted) => one.onEpochEnd?.(epoch, sorted, context));
  onTrainBatchBegin = (step: number, context: CallbackContext): Promise<void> =>
    this.tell((one) => one.onTrainBatchBegin?.(step, context));
  onTrainBatchEnd = (step: number, logs: Logs, context: CallbackContext): Promise<void> =>
    this.tellLogs(logs, (one, sorted) => one.onTrainBatchEnd?.(step, sorted, context));
  onLossLost = (lost: LostLoss, context: CallbackContext): Promise<void> =>
    this.tell((one) => one.onLossLost?.(lost, context));
  onTestBegin = (context: CallbackContext): Promise<void> => this.tell((one) => one.onTestBegin?.(context));
  onTestEnd = (logs: Logs, context: CallbackContext): Promise<void> =>
    this.tellLogs(logs, (one, sorted) => one.onTestEnd?.(sorted, context));
  onTestBatchBegin = (step: number, context: CallbackContext): Promise<void> =>
    this.tell((one) => one.onTestBatchBegin?.(step, context));
  onTestBatchEnd = (step: number, logs: Logs, context: CallbackContext): Promise<void> =>
    this.tellLogs(logs, (one, sorted) => one.onTestBatchEnd?.(step, sorted, context));
  onPredictBegin = (context: CallbackContext): Promise<void> => this.tell((one) => one.onPredictBegin?.(context));
  onPredictEnd = (context: CallbackContext): Promise<void> => this.tell((one) => one.onPredictEnd?.(context));
  onPredictBatchBegin = (step: number, context: CallbackContext): Promise<void> =>
    this.tell((one) => one.onPredictBatchBegin?.(step, context));
  onPredictBatchEnd = (step: number, context: CallbackContext): Promise<void> =>
    this.tell((one) => one.onPredictBatchEnd?.(step, context));

  /** What the callbacks would have to know after a stop; the tensors' names begin with the number in `facts`. */
  saveStates(): { readonly facts: SavedCallback[]; readonly tensors: TrainingState["tensors"] } {
    const saved = this.callbacks.flatMap((callback) => {
      const state = callback.saveState?.();
      return state === undefined ? [] : [{ name: classNameOf(callback), state }];
    });
    return {
      facts: saved.map(({ name, state }) => ({ name, facts: state.facts })),
      tensors: Object.fromEntries(
        saved.flatMap(({ state }, index) =>
          Object.entries(state.tensors).map(([name, tensor]) => [`${prefix}${index}/${name}`, tensor]),
        ),
      ),
    };
  }

  /** Gives callbacks what {@link saveStates} gave; they find theirs by their class, whatever others are there. */
  restoreStates(facts: readonly SavedCallback[], tensors: TrainingState["tensors"]): void {
    const waiting = this.callbacks.filter((callback) => typeof callback.restoreState === "function");
    facts.forEach((saved, index) => {
      const place = waiting.findIndex((callback) => classNameOf(callback) === saved.name);
      const [callback] = place < 0 ? [] : waiting.splice(place, 1);
      const begin = `${prefix}${index}/`;
      const own = Object.entries(tensors).filter(([name]) => name.startsWith(begin));
      callback?.restoreState?.({
        facts: saved.facts,
        tensors: Object.fromEntries(own.map(([name, tensor]) => [name.slice(begin.length), tensor])),
      });
    });
  }
}

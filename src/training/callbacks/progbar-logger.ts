import type { CallbackContext, Logs } from "../../models/training-types.js";
import type { ProgressBar } from "../../models/surroundings.js";
import { Callback } from "./callback.js";
import { machineOf } from "./say.js";

/** `0.9612`, or `3.1000e-5` where four digits would say nothing. */
function figure(value: number): string {
  return Math.abs(value) > 1e-3 || value === 0 || !Number.isFinite(value) ? value.toFixed(4) : value.toExponential(4);
}

function figures(logs: Logs): string {
  return Object.entries(logs)
    .map(([name, value]) => `${name} ${figure(value)}`)
    .join("  ");
}

/** `610ms/step`, `2s/step` or `80us/step`. */
function perStep(seconds: number): string {
  if (seconds >= 1) return `${seconds.toFixed(seconds < 10 ? 1 : 0)}s/step`;
  return seconds >= 1e-3 ? `${Math.round(seconds * 1e3)}ms/step` : `${Math.round(seconds * 1e6)}us/step`;
}

/**
 * Shows how far a training is, and its figures; `verbose` of `fit`, `evaluate` and `predict` adds it by itself.
 *
 * 1: on a terminal a bar with steps, rate, time left and figures, and a line at the end of each epoch; elsewhere plain
 * lines, at the end of each epoch and every ten seconds in long ones. 2: a line at the end of each epoch. 0: nothing.
 *
 * @see https://keras.io/api/callbacks/ In Keras it writes to stdout; here progress goes to stderr, results to stdout.
 */
export class ProgbarLogger extends Callback {
  static readonly className: string = "ProgbarLogger";
  private bar: ProgressBar | undefined;
  private what = "";
  private begun = 0;
  private steps = 0;
  private inFit = false;

  override onTrainBegin(): void {
    this.inFit = true;
  }

  override onTrainEnd(): void {
    this.inFit = false;
    this.remove();
  }

  override onEpochBegin(epoch: number, context: CallbackContext): void {
    this.begin(`Epoch ${epoch + 1}/${context.epochs}`, context);
  }

  override onTrainBatchEnd(step: number, logs: Logs, { steps }: CallbackContext): void {
    this.steps = step + 1;
    this.update(this.what, step + 1, steps, logs);
  }

  override onEpochEnd(_epoch: number, logs: Logs): void {
    this.finish(logs);
  }

  override onTestBegin(context: CallbackContext): void {
    if (!this.inFit) this.begin("Evaluation", context);
  }

  override onTestBatchEnd(step: number, logs: Logs, { steps }: CallbackContext): void {
    if (!this.inFit) this.steps = step + 1;
    this.update(this.inFit ? `${this.what}, validation` : this.what, step + 1, steps, logs);
  }

  override onTestEnd(logs: Logs): void {
    if (!this.inFit) this.finish(logs);
  }

  override onPredictBegin(context: CallbackContext): void {
    this.begin("Prediction", context);
  }

  override onPredictBatchEnd(step: number, { steps }: CallbackContext): void {
    this.steps = step + 1;
    this.update(this.what, step + 1, steps, {});
  }

  override onPredictEnd(): void {
    this.finish({});
  }

  private begin(what: string, context: CallbackContext): void {
    this.what = what;
    this.begun = performance.now();
    this.steps = 0;
    if (this.params.verbose === 0) return;
    this.bar ??= machineOf(context).progressBar();
    this.update(what, 0, context.steps, {});
  }

  private update(what: string, done: number, total: number, logs: Logs): void {
    if (this.params.verbose !== 1) return;
    this.bar?.update({
      what,
      done,
      total: Number.isFinite(total) ? total : undefined,
      unit: "steps",
      note: figures(logs),
    });
  }

  private finish(logs: Logs): void {
    const seconds = (performance.now() - this.begun) / 1000;
    const rate = this.steps === 0 ? [] : [perStep(seconds / this.steps)];
    const parts = [
      this.what,
      `${this.steps} steps`,
      `${seconds.toFixed(seconds < 10 ? 1 : 0)}s`,
      ...rate,
      figures(logs),
    ];
    this.bar?.say(parts.filter((part) => part !== "").join("  "));
    if (!this.inFit) this.remove();
  }

  private remove(): void {
    this.bar?.clear();
    this.bar = undefined;
  }
}

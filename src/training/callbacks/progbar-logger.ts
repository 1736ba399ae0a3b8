import type { CallbackContext, Logs } from "../../models/training-types.js";
import { Progress } from "../../report/progress.js";
import { Callback } from "./callback.js";
import { machineOf, showBar } from "./say.js";

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
  private bar: Progress | undefined;
  private what = "";
  private begun = 0;
  private steps = 0;
  private inFit = false;

  override onTrainBegin(): void {
    this.inFit = true;
  }

  override onTrainEnd(_logs: Logs, context: CallbackContext): void {
    this.inFit = false;
    this.remove(context);
  }

  override onEpochBegin(epoch: number, context: CallbackContext): void {
    this.begin(`Epoch ${epoch + 1}/${context.epochs}`, context);
  }

  override onTrainBatchEnd(step: number, logs: Logs, { steps }: CallbackContext): void {
    this.steps = step + 1;
    this.update(this.what, step + 1, steps, logs);
  }

  override onEpochEnd(_epoch: number, logs: Logs, context: CallbackContext): void {
    this.finish(logs, context);
  }

  override onTestBegin(context: CallbackContext): void {
    if (!this.inFit) this.begin("Evaluation", context);
  }

  override onTestBatchEnd(step: number, logs: Logs, { steps }: CallbackContext): void {
    if (!this.inFit) this.steps = step + 1;
    this.update(this.inFit ? `${this.what}, validation` : this.what, step + 1, steps, logs);
  }

  override onTestEnd(logs: Logs, context: CallbackContext): void {
    if (!this.inFit) this.finish(logs, context);
  }

  override onPredictBegin(context: CallbackContext): void {
    this.begin("Prediction", context);
  }

  override onPredictBatchEnd(step: number, { steps }: CallbackContext): void {
    this.steps = step + 1;
    this.update(this.what, step + 1, steps, {});
  }

  override onPredictEnd(context: CallbackContext): void {
    this.finish({}, context);
  }

  private begin(what: string, context: CallbackContext): void {
    const { stream, env } = machineOf(context).terminal;
    this.what = what;
    this.begun = performance.now();
    this.steps = 0;
    if (this.params.verbose !== 1) return;
    this.bar ??= new Progress(stream, env, () => performance.now());
    showBar(this.bar, context);
    this.update(what, 0, context.steps, {});
  }

  private update(what: string, done: number, total: number, logs: Logs): void {
    this.bar?.update({ what, done, total, unit: "steps", note: figures(logs) });
  }

  private finish(logs: Logs, context: CallbackContext): void {
    this.bar?.clear();
    if (this.params.verbose === 0) return;
    const seconds = (performance.now() - this.begun) / 1000;
    const rate = this.steps === 0 ? [] : [perStep(seconds / this.steps)];
    const parts = [
      this.what,
      `${this.steps} steps`,
      `${seconds.toFixed(seconds < 10 ? 1 : 0)}s`,
      ...rate,
      figures(logs),
    ];
    machineOf(context).terminal.stream.write(`${parts.filter((part) => part !== "").join("  ")}\n`);
    if (!this.inFit) this.remove(context);
  }

  private remove(context: CallbackContext): void {
    this.bar?.clear();
    this.bar = undefined;
    showBar(undefined, context);
  }
}

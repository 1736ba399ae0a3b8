import type { CallbackContext, Logs, TrainingState } from "../../models/training-types.js";
import { text, wholeNumber, type Word } from "../../errors/check.js";
import { Callback } from "./callback.js";
import { histogram, scalar, type Summary, summaryRecord, versionRecord } from "../event-files/summaries.js";
import { machineOf } from "./say.js";
import { type ByPosition, byName } from "../../nn/named.js";

/** Options of {@link TensorBoard}. */
export interface TensorBoardOptions {
  /** Folder; training goes to `train` in it, validation to `validation`. Default `"logs"`. */
  readonly logDir?: string;
  /** Histograms of all weights after every so many epochs; default 0: none. */
  readonly histogramFreq?: number;
  /** Whether steps per second are written; default `false`. */
  readonly writeStepsPerSecond?: boolean;
  /** `"epoch"`: figures of epochs only; `"batch"` or a number: those of every or every so many batches too. Default `"epoch"`. */
  readonly updateFreq?: Word<"epoch" | "batch"> | number;
}

const known = [
  "logDir",
  "histogramFreq",
  "writeStepsPerSecond",
  "updateFreq",
] as const satisfies readonly (keyof TensorBoardOptions)[];

type Run = "train" | "validation";

/**
 * Writes the figures of a training for TensorBoard, under the names that Keras gives them: `epoch_loss`,
 * `epoch_learning_rate`, `batch_loss`, `evaluation_loss_vs_iterations`.
 *
 * @see https://keras.io/api/callbacks/tensorboard/ There are no profiles, graphs, images and embeddings: options for them are
 * refused. In Keras a graph is written by default.
 */
export class TensorBoard extends Callback {
  static readonly className: string = "TensorBoard";
  static readonly positional: readonly string[] = ["logDir"];
  static readonly following: readonly string[] = ["histogramFreq"];
  static readonly options: readonly string[] = known;
  private readonly logDir: string;
  private readonly histogramFreq: number;
  private readonly writeStepsPerSecond: boolean;
  /** Batches between two writings; 0 for none. */
  private readonly every: number;
  private files = new Map<Run, string>();
  private batches = 0;
  private testBatches = 0;
  private begun = 0;
  private batchBegun = 0;
  private stepsBefore = 0;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<TensorBoardOptions, ["logDir", "histogramFreq"]>);
  /**
   * @param logDir the folder, or all options
   * @throws UsageError for an option that is not usable
   */
  constructor(logDir?: string | TensorBoardOptions, others?: TensorBoardOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<TensorBoardOptions>(TensorBoard, given);
    super(options);
    const { updateFreq = "epoch" } = options;
    this.logDir = text("TensorBoard", "logDir", options.logDir ?? "logs");
    this.histogramFreq = wholeNumber("TensorBoard", "histogramFreq", options.histogramFreq ?? 0, 0);
    this.writeStepsPerSecond = options.writeStepsPerSecond ?? false;
    const frequency = updateFreq === "batch" ? 1 : updateFreq;
    this.every = frequency === "epoch" ? 0 : wholeNumber("TensorBoard", "updateFreq", frequency as number);
  }

  override onTrainBegin(): void {
    this.files = new Map();
    this.batches = 0;
    this.testBatches = 0;
  }

  override onEpochBegin(_epoch: number, { model }: CallbackContext): void {
    this.begun = performance.now();
    this.stepsBefore = model.optimizer.iterations;
  }

  override onTrainBatchBegin(): void {
    this.batches += 1;
    this.batchBegun = performance.now();
  }

  override async onTrainBatchEnd(_step: number, logs: Logs, context: CallbackContext): Promise<void> {
    const seconds = (performance.now() - this.batchBegun) / 1000;
    if (this.every === 0 || this.batches % this.every !== 0) return;
    const figures = this.writeStepsPerSecond ? { ...logs, steps_per_second: 1 / seconds } : logs;
    await this.write("train", this.batches, scalars("batch_", figures), context);
  }

  override onTestBatchBegin(): void {
    this.testBatches += 1;
  }

  override async onTestBatchEnd(_step: number, logs: Logs, context: CallbackContext): Promise<void> {
    if (this.every === 0 || this.testBatches % this.every !== 0) return;
    await this.write("validation", this.testBatches, scalars("batch_", logs), context);
  }

  override async onTestEnd(logs: Logs, context: CallbackContext): Promise<void> {
    const { model } = context;
    await this.write("validation", model.optimizer.iterations, scalars("evaluation_", logs, "_vs_iterations"), context);
  }

  override async onEpochEnd(epoch: number, logs: Logs, context: CallbackContext): Promise<void> {
    const { model } = context;
    const isValidation = (name: string): boolean => name.startsWith("val_");
    const entries = Object.entries(logs);
    const training = Object.fromEntries(entries.filter(([name]) => !isValidation(name)));
    training["learning_rate"] = model.optimizer.learningRate;
    if (this.writeStepsPerSecond) {
      const seconds = (performance.now() - this.begun) / 1000;
      training["steps_per_second"] = (model.optimizer.iterations - this.stepsBefore) / seconds;
    }
    const validation = entries.filter(([name]) => isValidation(name)).map(([name, value]) => [name.slice(4), value]);
    await this.write("train", epoch, scalars("epoch_", training), context);
    await this.write("validation", epoch, scalars("epoch_", Object.fromEntries(validation) as Logs), context);
    if (this.histogramFreq === 0 || epoch % this.histogramFreq !== 0) return;
    const histograms = model.weights.map(({ path, value }) => histogram(`${path}/histogram`, value.data));
    await this.write("train", epoch, histograms, context);
  }

  private async write(run: Run, step: number, summaries: readonly Summary[], context: CallbackContext): Promise<void> {
    if (summaries.length === 0) return;
    const machine = machineOf(context);
    const now = Date.now();
    const known = this.files.get(run);
    // TensorBoard orders files by name, and finds them by the word in it.
    const path =
      known ?? `${this.logDir}/${run}/events.out.tfevents.${Math.floor(now / 1000)}.graft.${now % 1000}.0.v2`;
    if (known === undefined) {
      this.files.set(run, path);
      await machine.appendFile(path, versionRecord(now / 1000));
    }
    await machine.appendFile(path, summaryRecord(now / 1000, step, summaries));
  }

  override saveState(): TrainingState {
    return { facts: { batches: this.batches, testBatches: this.testBatches }, tensors: {} };
  }

  override restoreState({ facts }: TrainingState): void {
    const { batches, testBatches } = facts as { readonly batches: number; readonly testBatches: number };
    this.batches = batches;
    this.testBatches = testBatches;
  }
}

function scalars(before: string, logs: Logs, after = ""): Summary[] {
  return Object.entries(logs).map(([name, value]) => scalar(`${before}${name}${after}`, value));
}

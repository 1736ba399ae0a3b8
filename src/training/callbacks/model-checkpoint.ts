import { UsageError } from "../../errors/errors.js";
import { platform } from "../../models/platform.js";
import type { CallbackContext, Logs, TrainingState } from "../../models/training-types.js";
import { numberWithin, text, wholeNumber, type Word } from "../../errors/check.js";
import { Callback } from "./callback.js";
import { checkPath, formatPath } from "./format-path.js";
import { type Mode, Monitor } from "./monitor.js";
import { say } from "./say.js";
import { type ByPosition, byName } from "../../nn/named.js";

/** When something is saved: after each epoch, or after so many batches. */
export type SaveFrequency = "epoch" | number;

/** Options of {@link ModelCheckpoint}. */
export interface ModelCheckpointOptions {
  /** Key in the logs; default `"val_loss"`. */
  readonly monitor?: string;
  /** 1: says what it does; default 0. */
  readonly verbose?: number;
  /** Whether only what is better than everything before is saved; default `false`. */
  readonly saveBestOnly?: boolean;
  /** Whether weights alone are saved; default `false`. */
  readonly saveWeightsOnly?: boolean;
  /** Default `"auto"`: losses fall, a metric goes its own direction. */
  readonly mode?: Word<Mode>;
  /** Default `"epoch"`. */
  readonly saveFreq?: Word<"epoch"> | number;
  /** With `saveBestOnly`, what the first one must be better than; default: nothing. */
  readonly initialValueThreshold?: number | undefined;
}

const known = [
  "monitor",
  "verbose",
  "saveBestOnly",
  "saveWeightsOnly",
  "mode",
  "saveFreq",
  "initialValueThreshold",
] as const satisfies readonly (keyof ModelCheckpointOptions)[];

/** Options that may follow by position, in Keras's order. */
const following = [
  "monitor",
  "verbose",
  "saveBestOnly",
  "saveWeightsOnly",
  "mode",
  "saveFreq",
  "initialValueThreshold",
] as const;

/**
 * Saves the model during the training. Files are written under a temporary name and renamed, so a killed run leaves the
 * last good one.
 *
 * @see https://keras.io/api/callbacks/model_checkpoint/
 *
 * @example
 * ```ts
 * import { callbacks, layers, models, Tensor } from "graft-ml";
 *
 * const x = new Tensor("float32", [0, 1, 2, 3], [4, 1]);
 * const model = new models.Sequential([layers.Input({ shape: [1] }), new layers.Dense(1)]);
 * model.compile({ optimizer: "sgd", loss: "mse" });
 * const checkpoint = new callbacks.ModelCheckpoint("best.keras", { monitor: "loss", saveBestOnly: true });
 * await model.fit(x, { y: x, epochs: 3, callbacks: [checkpoint], verbose: 0 });
 * const best = await models.loadModel("best.keras");
 * ```
 */
export class ModelCheckpoint extends Callback {
  static readonly className: string = "ModelCheckpoint";
  static readonly positional: readonly string[] = ["filepath"];
  static readonly following: readonly string[] = following;
  static readonly options: readonly string[] = known;
  private readonly filepath: string;
  private readonly watched: Monitor;
  private readonly verbose: number;
  private readonly saveBestOnly: boolean;
  private readonly saveWeightsOnly: boolean;
  private readonly saveFreq: SaveFrequency;
  private epoch = 0;
  private batches = 0;

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<ModelCheckpointOptions & { readonly filepath: string }, typeof following, ["filepath"]>
  );
  /**
   * @param filepath file name, with placeholders for `epoch`, from 1, `batch` and the logs: `{epoch:02d}-{val_loss:.2f}.keras`
   * @throws UsageError for an option that is not usable
   */
  constructor(filepath: string, options?: ModelCheckpointOptions);
  /** In Keras's order, as many by position as one likes. */
  constructor(filepath: string, monitor: string, options?: ModelCheckpointOptions);
  /** In Keras's order, as many by position as one likes. */
  constructor(
    filepath: string,
    monitor: string,
    verbose: ModelCheckpointOptions["verbose"],
    options?: ModelCheckpointOptions,
  );
  /** In Keras's order, as many by position as one likes. */
  constructor(
    filepath: string,
    monitor: string,
    verbose: ModelCheckpointOptions["verbose"],
    saveBestOnly: boolean,
    options?: ModelCheckpointOptions,
  );
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: ModelCheckpointOptions & { readonly filepath: string });
  constructor(...given: readonly unknown[]) {
    const { filepath, ...options } = byName<ModelCheckpointOptions & { readonly filepath: string }>(
      ModelCheckpoint,
      given,
    );
    super(options);
    this.filepath = text("ModelCheckpoint", "filepath", filepath);
    const { monitor = "val_loss", mode = "auto", saveFreq = "epoch", saveWeightsOnly = false } = options;
    this.watched = new Monitor("ModelCheckpoint", monitor, mode);
    const threshold = options.initialValueThreshold ?? undefined;
    if (threshold !== undefined) numberWithin("ModelCheckpoint", "initialValueThreshold", threshold);
    this.watched.best = threshold;
    this.verbose = options.verbose ?? 0;
    this.saveBestOnly = options.saveBestOnly ?? false;
    this.saveWeightsOnly = saveWeightsOnly;
    this.saveFreq = saveFreq === "epoch" ? "epoch" : wholeNumber("ModelCheckpoint", "saveFreq", saveFreq as number);
    const endings = saveWeightsOnly ? [".weights.h5"] : [".keras", ".h5"];
    const isWeights = filepath.endsWith(".weights.h5");
    if (!endings.some((ending) => filepath.endsWith(ending)) || isWeights !== saveWeightsOnly) {
      throw new UsageError(`ModelCheckpoint cannot save to "${filepath}".`, {
        subject: "filepath",
        expected: `a name that ends in ${endings.join(" or ")}`,
        received: filepath,
        advice: isWeights ? "Set saveWeightsOnly to true." : undefined,
      });
    }
    checkPath(filepath);
  }

  /** The best value so far. */
  get best(): number | undefined {
    return this.watched.best;
  }

  /** What cannot be saved is said before anything is learned. */
  override async onTrainBegin({ model }: CallbackContext): Promise<void> {
    const what = this.saveWeightsOnly ? "weights" : "model";
    await platform().files.checkSave(model, this.filepath, what);
  }

  override onEpochBegin(epoch: number): void {
    this.epoch = epoch;
  }

  override async onTrainBatchEnd(step: number, logs: Logs, context: CallbackContext): Promise<void> {
    if (this.saveFreq === "epoch") return;
    this.batches += 1;
    if (this.batches < this.saveFreq) return;
    this.batches = 0;
    await this.save({ ...logs, batch: step + 1 }, context);
  }

  override async onEpochEnd(epoch: number, logs: Logs, context: CallbackContext): Promise<void> {
    this.epoch = epoch;
    if (this.saveFreq === "epoch") await this.save(logs, context);
  }

  private async save(logs: Logs, context: CallbackContext): Promise<void> {
    const { model } = context;
    const path = formatPath(this.filepath, { epoch: this.epoch + 1, ...logs });
    const report = (text: string): void => {
      if (this.verbose > 0) say(`Epoch ${this.epoch + 1}: ${text}`, context);
    };
    const current = this.saveBestOnly ? this.watched.read(logs, "so every model is saved.", context) : undefined;
    if (current !== undefined) {
      const before = this.best === undefined ? "nothing" : this.best.toFixed(5);
      if (!this.watched.isBetter(current, this.best, model)) {
        report(`${this.watched.monitor} is not better than ${before}.`);
        return;
      }
      report(`${this.watched.monitor} gets from ${before} to ${current.toFixed(5)}; the model is saved to ${path}.`);
      this.watched.best = current;
    } else {
      report(`the model is saved to ${path}.`);
    }
    if (this.saveWeightsOnly) await model.saveWeights(path);
    else await model.save(path);
  }

  override saveState(): TrainingState {
    const best = this.best === undefined ? null : String(this.best);
    return { facts: { best, batches: this.batches }, tensors: {} };
  }

  override restoreState({ facts }: TrainingState): void {
    const { best, batches } = facts as { readonly best: string | null; readonly batches: number };
    this.watched.best = best === null ? undefined : Number(best);
    this.batches = batches;
  }
}

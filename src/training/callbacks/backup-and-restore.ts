import { FileError } from "../../errors/errors.js";
import type { CallbackContext, Logs, TrainingState } from "../../models/training-types.js";
import { text, wholeNumber, type Word } from "../../errors/check.js";
import { decodeState, encodeState } from "../fit/state-file.js";
import { Callback } from "./callback.js";
import type { SaveFrequency } from "./model-checkpoint.js";
import { machineOf, say } from "./say.js";
import { type ByPosition, byName } from "../../nn/named.js";

/** Options of {@link BackupAndRestore}. */
export interface BackupAndRestoreOptions {
  /** After each epoch, or after so many batches; default `"epoch"`. */
  readonly saveFreq?: Word<"epoch"> | number;
  /** Whether the state before the last is kept too, against a damaged file; default `false`. */
  readonly doubleCheckpoint?: boolean;
  /** Whether the backup is removed when the training ends; default `true`. */
  readonly deleteCheckpoint?: boolean;
}

/** Options that may follow by position, in Keras's order. */
const following = ["saveFreq", "doubleCheckpoint", "deleteCheckpoint"] as const;

/**
 * Goes on with a training that was interrupted: the same call of `fit` in a new process continues where the backup stands.
 *
 * The backup holds weights, the optimizer's slots and steps, the learning rate, all random streams, the order of samples, the
 * figures so far and what the other callbacks know, so that the result is that of a training without a stop, bit for bit.
 * Keras's holds weights, slots and the epoch's number only, and begins the epoch again.
 *
 * @see https://keras.io/api/callbacks/backup_and_restore/
 */
export class BackupAndRestore extends Callback {
  static readonly className: string = "BackupAndRestore";
  static readonly positional: readonly string[] = ["backupDir"];
  static readonly following: readonly string[] = following;
  static readonly options: readonly string[] = ["saveFreq", "doubleCheckpoint", "deleteCheckpoint"];

  /** So that the other callbacks have done their part of the event, and have begun when they are restored. */
  override readonly comesLast = true;
  private readonly saveFreq: SaveFrequency;
  private readonly doubleCheckpoint: boolean;
  private readonly deleteCheckpoint: boolean;
  private readonly path: string;
  private readonly previousPath: string;
  private batches = 0;

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<BackupAndRestoreOptions & { readonly backupDir: string }, typeof following, ["backupDir"]>
  );
  /**
   * @param backupDir folder of the backup; no other training may use it
   * @throws UsageError for an option that is not usable
   */
  constructor(backupDir: string, options?: BackupAndRestoreOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: BackupAndRestoreOptions & { readonly backupDir: string });
  constructor(...given: readonly unknown[]) {
    const { backupDir, ...options } = byName<BackupAndRestoreOptions & { readonly backupDir: string }>(
      BackupAndRestore,
      given,
    );
    super(options);
    text("BackupAndRestore", "backupDir", backupDir);
    const { saveFreq = "epoch" } = options;
    this.saveFreq = saveFreq === "epoch" ? "epoch" : wholeNumber("BackupAndRestore", "saveFreq", saveFreq as number);
    this.doubleCheckpoint = options.doubleCheckpoint ?? false;
    this.deleteCheckpoint = options.deleteCheckpoint ?? true;
    this.path = `${backupDir}/latest.safetensors`;
    this.previousPath = `${backupDir}/previous.safetensors`;
  }

  override async onTrainBegin(context: CallbackContext): Promise<void> {
    this.batches = 0;
    const state = await this.read(context);
    if (state !== undefined) context.training?.restore(state);
  }

  private async read(context: CallbackContext): Promise<TrainingState | undefined> {
    const machine = machineOf(context);
    const latest = await machine.readFile(this.path);
    const previous = (): Promise<Uint8Array | undefined> => machine.readFile(this.previousPath);
    if (latest === undefined) return undefined;
    try {
      return decodeState(latest, this.path);
    } catch (error) {
      const other = error instanceof FileError ? await previous() : undefined;
      if (other === undefined) throw error;
      say(`Warning: ${this.path} is damaged; training goes on from the backup before it.`, context);
      return decodeState(other, this.previousPath);
    }
  }

  override async onTrainBatchEnd(_step: number, _logs: Logs, context: CallbackContext): Promise<void> {
    if (this.saveFreq === "epoch") return;
    this.batches += 1;
    if (this.batches < this.saveFreq) return;
    this.batches = 0;
    await this.save(context);
  }

  override async onEpochEnd(_epoch: number, _logs: Logs, context: CallbackContext): Promise<void> {
    if (this.saveFreq === "epoch") await this.save(context);
  }

  private async save(context: CallbackContext): Promise<void> {
    const { training } = context;
    if (training === undefined) return;
    const machine = machineOf(context);
    const file = encodeState(training.save());
    if (this.doubleCheckpoint) {
      const before = await machine.readFile(this.path);
      if (before !== undefined) await machine.writeFile(this.previousPath, before);
    }
    await machine.writeFile(this.path, file);
  }

  override async onTrainEnd(_logs: Logs, context: CallbackContext): Promise<void> {
    if (!this.deleteCheckpoint) return;
    const machine = machineOf(context);
    await machine.removeFile(this.path);
    await machine.removeFile(this.previousPath);
  }

  override saveState(): TrainingState {
    return { facts: { batches: this.batches }, tensors: {} };
  }

  override restoreState({ facts }: TrainingState): void {
    this.batches = (facts as { readonly batches: number }).batches;
  }
}

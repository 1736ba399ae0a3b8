import type { BaseModel } from "../models/base-model.js";
import type { Callback, CallbackContext, Logs, LostLoss, TrainingState } from "../models/training-types.js";
import type { TensorData } from "../onnx/tensor-data.js";
import type { Journal } from "./journal.js";
import { lostTraining } from "./lost-training.js";

/** A step of a training: numbers from 1, and means over the epoch so far. */
export interface CycleStep {
  readonly epoch: number;
  readonly step: number;
  readonly logs: Logs;
}

/** An epoch that has ended. */
export interface CycleEpoch {
  /** From 1. */
  readonly epoch: number;
  readonly logs: Logs;
  /** Of its last step. */
  readonly learningRate: number;
  /** How long it took, with its validation. */
  readonly seconds: number;
}

/** Who hears of a training, and where it is written down. */
export interface CycleListeners {
  readonly onStep: (step: CycleStep) => void;
  readonly onEpoch?: ((epoch: CycleEpoch) => void) | undefined;
  /** Ends the training after the current step. */
  readonly signal: AbortSignal | undefined;
  /** Where the training is saved; and its name there, which says which one it is. */
  readonly journal?: Journal | undefined;
  readonly what: string;
}

/** What is saved of the watching itself. */
interface Watched {
  readonly steps: number;
  readonly epochs: readonly CycleEpoch[];
  /** Seconds that the present epoch has taken. */
  readonly seconds: number;
  /** JSON knows no NaN. */
  readonly trouble: (Omit<LostLoss, "loss"> & { readonly loss: string }) | null;
}

/** Watches a training in one cycle: tells of its steps and epochs, saves it, and ends it when its loss is no number any more. */
export class CycleWatch implements Callback {
  /** So that it is restored last, when the model is. */
  readonly comesLast = true;
  /** Why the training was ended early. */
  trouble: LostLoss | undefined;
  /** What the training was when it ended early for that reason. */
  lost: TrainingState | undefined;
  private steps = 0;
  private epochs: CycleEpoch[] = [];
  private begun = performance.now();
  private saved = performance.now();
  private hasEnded = false;

  /** @param rateAt the learning rate of a step, from 0 */
  constructor(
    private readonly listeners: CycleListeners,
    private readonly rateAt: (step: number) => number,
  ) {}

  async onTrainBegin({ model, training }: CallbackContext): Promise<void> {
    const { journal, what } = this.listeners;
    const known = await journal?.training(what);
    this.begun = performance.now();
    this.saved = performance.now();
    if (known === undefined) return;
    this.hasEnded = known.ended;
    training?.restore(withFrozen(model, known.state));
    if (this.trouble === undefined) return;
    this.lost = known.state;
    throw lostTraining(this.trouble);
  }

  async onTrainBatchEnd(step: number, logs: Logs, context: CallbackContext): Promise<void> {
    const { onStep, signal, journal } = this.listeners;
    this.steps += 1;
    onStep({ epoch: this.epochs.length + 1, step: step + 1, logs });
    const isDue = journal !== undefined && this.secondsSaved > journal.every.seconds;
    if (isDue || signal?.aborted === true) await this.save(context);
    if (signal?.aborted === true) context.stopTraining();
  }

  async onEpochEnd(epoch: number, logs: Logs, context: CallbackContext): Promise<void> {
    const { onEpoch, signal, journal } = this.listeners;
    // Who was stopped in the middle of it has been saved there.
    const isWhole = !context.model.stopTraining;
    const ended = {
      epoch: epoch + 1,
      logs: { ...logs },
      learningRate: this.rateAt(this.steps - 1),
      seconds: this.seconds,
    };
    this.epochs.push(ended);
    this.begun = performance.now();
    onEpoch?.(ended);
    const isDue =
      journal !== undefined && ((epoch + 1) % journal.every.epochs === 0 || this.secondsSaved > journal.every.seconds);
    // How the last epoch ends is saved with the end of the training, unless that is not written any more.
    const isStopped = signal?.aborted === true;
    if (isWhole && (isStopped || (isDue && epoch + 1 < context.epochs))) await this.save(context);
    if (signal?.aborted === true) context.stopTraining();
  }

  async onLossLost(lost: LostLoss, context: CallbackContext): Promise<void> {
    this.trouble = lost;
    this.lost = context.training?.save();
    await this.end(context);
    throw lostTraining(lost);
  }

  async onTrainEnd(_logs: Logs, context: CallbackContext): Promise<void> {
    if (!this.hasEnded) await this.end(context);
  }

  saveState(): TrainingState {
    const { steps, epochs, seconds } = this;
    const trouble = this.trouble === undefined ? null : { ...this.trouble, loss: String(this.trouble.loss) };
    return { facts: { steps, epochs, seconds, trouble } satisfies Watched, tensors: {} };
  }

  restoreState({ facts }: TrainingState): void {
    const { steps, epochs, seconds, trouble } = facts as Watched;
    this.steps = steps;
    this.epochs = [...epochs];
    this.begun = performance.now() - 1000 * seconds;
    this.trouble = trouble === null ? undefined : { ...trouble, loss: Number(trouble.loss) };
    for (const epoch of epochs) this.listeners.onEpoch?.(epoch);
  }

  /** Seconds since the present epoch began. */
  private get seconds(): number {
    return (performance.now() - this.begun) / 1000;
  }

  private get secondsSaved(): number {
    return (performance.now() - this.saved) / 1000;
  }

  private async save({ model, training }: CallbackContext): Promise<void> {
    const { journal, what } = this.listeners;
    if (journal === undefined || training === undefined) return;
    await journal.save(what, withoutFrozen(model, training.save()));
    this.saved = performance.now();
  }

  private async end({ model, training }: CallbackContext): Promise<void> {
    const { journal, what } = this.listeners;
    if (journal === undefined || training === undefined) return;
    await journal.end(what, withoutSlots(withoutFrozen(model, training.save())));
  }
}

/** Weights that a training leaves as they are, by their names in a state. */
function frozen(model: BaseModel): ReadonlyMap<string, TensorData<"float32">> {
  const trained = new Set(model.trainableWeights);
  return new Map(
    model.weights.flatMap((variable, index) =>
      trained.has(variable) || !variable.learnable ? [] : [[`weight/${index}`, variable.value] as const],
    ),
  );
}

/** They come from the network's own file, and may be most of it. */
function withoutFrozen(model: BaseModel, { facts, tensors }: TrainingState): TrainingState {
  const left = frozen(model);
  return { facts, tensors: Object.fromEntries(Object.entries(tensors).filter(([name]) => !left.has(name))) };
}

function withFrozen(model: BaseModel, { facts, tensors }: TrainingState): TrainingState {
  return { facts, tensors: { ...Object.fromEntries(frozen(model)), ...tensors } };
}

/** Nobody goes on with the optimizer of a training that has ended. */
function withoutSlots({ facts, tensors }: TrainingState): TrainingState {
  return { facts, tensors: Object.fromEntries(Object.entries(tensors).filter(([name]) => !name.startsWith("slot/"))) };
}

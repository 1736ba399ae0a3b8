import { isWhole, refuseOption } from "../../errors/check.js";
import { UsageError } from "../../errors/errors.js";
import type { BaseModel } from "../../models/base-model.js";
import type { BatchSource } from "../../models/sources/batch-source.js";
import type { Surroundings } from "../../models/surroundings.js";
import type {
  CallbackContext,
  FitOptions,
  Logs,
  LostLoss,
  Resumable,
  TrainingState,
} from "../../models/training-types.js";
import { Activations } from "../activations/activations.js";
import { checkBatch, checkClassWeight, checkedBatches } from "./check-labels.js";
import type { CallbackList } from "./callback-list.js";
import { evaluateBatches } from "./evaluation.js";
import { causeOfLoss, lossText, lostValidation } from "./lost-loss.js";
import type { OngoingStreams } from "./ongoing-streams.js";
import type { Programs } from "../programs/programs.js";
import { RunningMeans } from "./running-means.js";
import { beginLoading, type LoadingBatch, roundSteps, takeBatches } from "./samples.js";
import { names } from "../programs/names.js";
import { numberOf, randomLabel, StepRunner } from "./step-runner.js";
import { targetsOf, labelShapesOf } from "./targets.js";
import {
  averageWeights,
  modelFacts,
  modelTensors,
  readFacts,
  restoreModel,
  restoreRate,
  type TrainingFacts,
} from "./training-state.js";

/** What a training needs beside its options. */
export interface FitParts {
  readonly model: BaseModel;
  /** What callbacks write and show things with. */
  readonly machine: Surroundings;
  readonly source: BatchSource;
  readonly validation: BatchSource | undefined;
  readonly callbacks: CallbackList;
  readonly options: FitOptions;
  readonly streams: OngoingStreams;
  /** The programs for labels of such shapes, one for each output. */
  readonly programsFor: (labelShapes: ReturnType<typeof labelShapesOf>) => Promise<Programs>;
}

/** What is there from the first step on. */
interface Prepared {
  readonly programs: Programs;
  readonly activations: Activations;
  readonly validationActivations: Activations | undefined;
  readonly runner: StepRunner;
}

/** Whether an epoch, from 0, is followed by a validation. */
function isValidated(epoch: number, frequency: number | readonly number[]): boolean {
  return typeof frequency === "number" ? (epoch + 1) % frequency === 0 : frequency.includes(epoch + 1);
}

/** @throws UsageError when an option is no usable number */
function checkOptions(options: FitOptions): void {
  const { epochs, stepsPerEpoch, validationSteps, validationFreq, initialEpoch, trunkPrecision } = options;
  const counts = { epochs, stepsPerEpoch, validationSteps, initialEpoch };
  for (const [name, value] of Object.entries(counts)) {
    const least = name === "epochs" || name === "initialEpoch" ? 0 : 1;
    if (value !== undefined && !isWhole(value, least)) refuseOption("fit", name, `a whole number from ${least}`, value);
  }
  const precision: unknown = trunkPrecision;
  if (precision !== undefined && precision !== "float32" && precision !== "int8") {
    refuseOption("fit", "trunkPrecision", '"float32" or "int8"', JSON.stringify(precision));
  }
  if (typeof validationFreq === "number" && !isWhole(validationFreq, 1)) {
    refuseOption("fit", "validationFreq", "a whole number from 1, or a list of epochs from 1", validationFreq);
  }
}

/** One call of `fit`: epochs of steps, each followed by a validation; it can be saved at any step. */
export class FitRun implements Resumable {
  private readonly epochs: number;
  private readonly steps: number;
  private readonly validationSteps: number;
  private readonly context: CallbackContext;
  private readonly validationContext: CallbackContext;
  private epoch: number;
  private step = 0;
  private means: RunningMeans;
  private upcoming: LoadingBatch | undefined;
  /** The source's state before the upcoming batch was taken from it. */
  private beforeUpcoming: unknown;
  private prepared: Prepared | undefined;
  /** Whether a loss was no finite number. */
  private lost = false;
  /** Facts of another training that this one goes on with. */
  private resumed: TrainingFacts | undefined;

  /** @throws UsageError when an option is not usable */
  constructor(private readonly parts: FitParts) {
    const { model, machine, options, source, validation } = parts;
    checkOptions(options);
    this.epochs = options.epochs ?? 1;
    this.steps = options.stepsPerEpoch ?? roundSteps(source);
    this.validationSteps = options.validationSteps ?? (validation === undefined ? 0 : roundSteps(validation));
    this.epoch = options.initialEpoch ?? 0;
    this.means = new RunningMeans(model.compiled);
    const stopTraining = (): void => {
      model.stopTraining = true;
    };
    this.context = { model, machine, epochs: this.epochs, steps: this.steps, stopTraining, training: this };
    this.validationContext = { ...this.context, steps: this.validationSteps };
  }

  /** Trains to the end, or until something sets the model's `stopTraining`. */
  async run(): Promise<void> {
    const { model, callbacks, source } = this.parts;
    model.stopTraining = false;
    callbacks.begin(model, { verbose: this.parts.options.verbose ?? 1, epochs: this.epochs, steps: this.steps });
    await callbacks.onTrainBegin(this.context);
    let logs: Logs = {};
    while (this.epoch < this.epochs && this.goesOn()) logs = await this.runEpoch();
    // A batch that was begun and is not needed any more is not left running, and comes first in the next fit.
    await this.upcoming?.loading?.catch(() => undefined);
    await this.prepared?.activations.flush();
    await this.prepared?.validationActivations?.flush();
    if (this.upcoming !== undefined && this.beforeUpcoming !== undefined) source.restore?.(this.beforeUpcoming);
    if (this.prepared !== undefined && model.optimizer.useEma) {
      averageWeights(
        model.optimizer,
        this.prepared.programs.trained.map(({ variable }) => variable),
      );
    }
    await callbacks.onTrainEnd(logs, this.context);
  }

  /** Whether nobody has ended the training; a function, for the compiler does not know that callbacks can. */
  private goesOn(): boolean {
    return !this.parts.model.stopTraining;
  }

  private async runEpoch(): Promise<Logs> {
    const { model, callbacks, options, validation } = this.parts;
    const { epoch } = this;
    await callbacks.onEpochBegin(epoch, this.context);
    // Callbacks that set a rate for the epoch have done so before the stop.
    if (this.resumed !== undefined && this.step > 0) restoreRate(model.optimizer, this.resumed);
    else this.means = new RunningMeans(model.compiled);
    // The first batch says the shape of the labels; it is trained on like any other.
    if (this.upcoming === undefined) this.draw();
    const prepared = (this.prepared ??= await this.prepare());
    while (this.step < this.steps && this.goesOn()) await this.runStep(prepared);
    const logs = this.means.logs();
    const { programs, validationActivations } = prepared;
    if (validation !== undefined && validationActivations && isValidated(epoch, options.validationFreq ?? 1)) {
      const taken = takeBatches(validation, this.validationSteps);
      const batches = checkedBatches(taken, validation, model.compiled, "validation ");
      const figures = await evaluateBatches(
        programs,
        model.compiled,
        validationActivations,
        batches,
        callbacks,
        this.validationContext,
      );
      const { loss = Number.NaN } = figures;
      await this.watchLoss(loss, undefined, () => lostValidation(model));
      for (const [name, value] of Object.entries(figures)) logs[`val_${name}`] = value;
    }
    this.epoch = epoch + 1;
    this.step = 0;
    await callbacks.onEpochEnd(epoch, logs, this.context);
    return logs;
  }

  /** Tells of the first loss that is no finite number. */
  private async watchLoss(loss: number, step: number | undefined, cause: () => string): Promise<void> {
    if (Number.isFinite(loss) || this.lost) return;
    this.lost = true;
    const { callbacks, machine } = this.parts;
    const lost: LostLoss = { loss, epoch: this.epoch, step, cause: cause() };
    if (!callbacks.asksForLostLoss) machine.warn(lossText(lost));
    await callbacks.onLossLost(lost, this.context);
  }

  private async runStep({ programs, activations, runner }: Prepared): Promise<void> {
    const { callbacks, options } = this.parts;
    const { step, upcoming } = this;
    if (upcoming === undefined) throw new TypeError("There is no batch for this step.");
    const { batch, loading } = upcoming;
    await callbacks.onTrainBatchBegin(step, this.context);
    const boundary = await activations.of(batch, loading);
    // The next batch is read while the engine works on this one; after the last step there is none, so that the next fit
    // goes on where this one ends.
    if (step + 1 < this.steps || this.epoch + 1 < this.epochs) this.draw();
    else this.upcoming = undefined;
    checkBatch(batch, this.parts.source, this.parts.model.compiled);
    const targets = targetsOf(batch, this.parts.model.compiled, options.classWeight);
    // The step writes its weights elsewhere, so these are what it began with.
    const before = programs.trained.map(({ variable }) => variable.value);
    const results = await runner.run(boundary, targets);
    const isFirst = this.means.isEmpty && this.epoch === (options.initialEpoch ?? 0);
    await this.watchLoss(numberOf(results[names.loss]), step, () => {
      const { model, source } = this.parts;
      return causeOfLoss({ model, programs, source, batch, boundary, targets, before, isFirst });
    });
    this.means.add(results, batch.keys.length);
    this.step = step + 1;
    await callbacks.onTrainBatchEnd(step, this.means.logs(), this.context);
  }

  private draw(): void {
    const { source } = this.parts;
    this.beforeUpcoming = source.save?.();
    const batch = source.next();
    this.upcoming =
      this.prepared === undefined ? { batch, loading: undefined } : beginLoading(batch, this.prepared.activations);
  }

  private async prepare(): Promise<Prepared> {
    const { model, source, validation, streams, options, programsFor } = this.parts;
    const labelShapes = labelShapesOf(this.upcoming?.batch, model.compiled);
    checkClassWeight(options.classWeight, model.compiled, source, labelShapes);
    const programs = await programsFor(labelShapes);
    await programs.calibrate(source);
    this.resumed?.randoms.forEach((state, index) => {
      const random = programs.randoms[index];
      if (random !== undefined) streams.restore(randomLabel(random), state);
    });
    return {
      programs,
      activations: new Activations(programs, source),
      validationActivations: validation && new Activations(programs, validation),
      runner: new StepRunner(programs, model.optimizer, streams),
    };
  }

  save(): TrainingState {
    const { model, source, validation, streams, callbacks } = this.parts;
    if (typeof source.save !== "function" || (validation !== undefined && typeof validation.save !== "function")) {
      throw new UsageError("This training cannot be saved.", {
        subject: "BatchSource",
        expected: "sources with `save` and `restore`, so that samples come in the same order after a stop",
        received: "a source without them",
        advice: "Give the source these methods, or train without BackupAndRestore.",
      });
    }
    const saved = callbacks.saveStates();
    const facts: TrainingFacts = {
      version: 2,
      epoch: this.epoch,
      step: this.step,
      stopped: model.stopTraining,
      means: this.step === 0 ? null : (this.means.save() as TrainingFacts["means"]),
      ...modelFacts(model),
      randoms: (this.prepared?.programs.randoms ?? []).map((random) =>
        streams.save(randomLabel(random)),
      ) as TrainingFacts["randoms"],
      source: this.upcoming === undefined ? source.save() : this.beforeUpcoming,
      validation: validation?.save?.() ?? null,
      callbacks: saved.facts,
    };
    return { facts, tensors: { ...modelTensors(model), ...saved.tensors } };
  }

  restore(state: TrainingState): void {
    const { model, source, validation, callbacks } = this.parts;
    if (this.prepared !== undefined || this.upcoming !== undefined) {
      throw new UsageError("A training that has begun cannot become another.", {
        subject: "restore",
        expected: "a call in onTrainBegin",
        received: "a call later",
      });
    }
    const facts = readFacts(state);
    restoreModel(model, facts, state);
    source.restore?.(facts.source);
    if (facts.validation !== null) validation?.restore?.(facts.validation);
    callbacks.restoreStates(facts.callbacks, state.tensors);
    this.epoch = facts.epoch;
    this.step = facts.step;
    if (facts.means !== null) this.means = new RunningMeans(model.compiled, facts.means);
    model.stopTraining = facts.stopped;
    this.resumed = facts;
  }
}

import { isWhole, refuseOption, show } from "../../errors/check.js";
import { UsageError } from "../../errors/errors.js";
import type { BaseModel } from "../../models/base-model.js";
import { hasOwnStep } from "../../models/own-step.js";
import type { Batch, BatchSource } from "../../models/sources/batch-source.js";
import type { Surroundings } from "../../models/surroundings.js";
import type {
  CallbackContext,
  FitOptions,
  Logs,
  LostLoss,
  Resumable,
  TrainingState,
  TrunkReport,
} from "../../models/training-types.js";
import type { Training } from "../../nn/weight-use.js";
import { trainedBy } from "./call.js";
import { checkedBatches } from "./check-labels.js";
import type { CallbackList } from "./callback-list.js";
import { lossText, lostValidation } from "./lost-loss.js";
import type { FitWork } from "./fit-work.js";
import { OwnStep } from "./own-step.js";
import { evaluateOwn, OwnWork } from "./own-work.js";
import { ProgramWork } from "./program-work.js";
import type { TrainingMemory } from "./training-memory.js";
import { firstBatches, type LoadingBatch, noSamples, ranOut, roundSteps } from "./samples.js";
import { verbosity } from "./verbosity.js";
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
  /** What is kept of the model from call to call: programs and random streams. */
  readonly memory: TrainingMemory;
  /** Keeps others from the weights while a step is under way. */
  readonly training: Training;
}

/** Whether an epoch, from 0, is followed by a validation. */
function isValidated(epoch: number, frequency: number | readonly number[]): boolean {
  return typeof frequency === "number" ? (epoch + 1) % frequency === 0 : frequency.includes(epoch + 1);
}

/** @throws UsageError when an option is no usable number */
export function checkOptions(options: FitOptions): void {
  const { epochs, stepsPerEpoch, validationSteps, validationFreq, initialEpoch, trunkPrecision } = options;
  const counts = { epochs, stepsPerEpoch, validationSteps, initialEpoch };
  for (const [name, value] of Object.entries(counts)) {
    const least = name === "epochs" || name === "initialEpoch" ? 0 : 1;
    if (value !== undefined && !isWhole(value, least)) refuseOption("fit", name, `a whole number from ${least}`, value);
  }
  const precision: unknown = trunkPrecision;
  if (precision !== undefined && precision !== "float32" && precision !== "int8") {
    refuseOption("fit", "trunkPrecision", '"float32" or "int8"', show(precision));
  }
  if (typeof validationFreq === "number" && !isWhole(validationFreq, 1)) {
    refuseOption("fit", "validationFreq", "a whole number from 1, or a list of epochs from 1", validationFreq);
  }
}

/** @throws UsageError when there are no samples, or they have no end and nobody says how many make an epoch or a validation */
function checkEnds({ source, validation, options }: FitParts): void {
  const { stepsPerEpoch, validationSteps } = options;
  if (roundSteps(source) === 0 || (validation !== undefined && roundSteps(validation) === 0)) throw noSamples();
  const missing =
    source.round === "endless" && stepsPerEpoch === undefined
      ? "stepsPerEpoch"
      : validation?.round === "endless" && validationSteps === undefined
        ? "validationSteps"
        : undefined;
  if (missing === undefined) return;
  throw new UsageError("fit: the samples have no end.", {
    subject: missing,
    expected: `${missing}: how many batches are to be taken`,
    received: "nothing",
  });
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
  /** Batches that the present round has given. */
  private taken = 0;
  private toldOfEnd = false;
  /** The batch of the next step, once it is asked for; `undefined` in it at the end of a round that nobody has counted. */
  private upcoming: Promise<LoadingBatch | undefined> | undefined;
  /** The source's state before the upcoming batch was taken from it. */
  private beforeUpcoming: unknown;
  /** What is there from the first step on. */
  private work: FitWork | undefined;
  /** A `testStep` of a user's own. */
  private readonly testing: OwnStep | undefined;
  /** Whether a loss was no finite number. */
  private lost = false;
  /** Facts of another training that this one goes on with. */
  private resumed: TrainingFacts | undefined;

  /** @throws UsageError when the samples have no end and nobody says what an epoch is */
  constructor(private readonly parts: FitParts) {
    const { model, machine, options, source, validation } = parts;
    checkEnds(parts);
    this.epochs = options.epochs ?? 1;
    this.steps = options.stepsPerEpoch ?? roundSteps(source);
    const { validationSteps = Infinity } = options;
    this.validationSteps = validation === undefined ? 0 : Math.min(validationSteps, roundSteps(validation));
    this.epoch = options.initialEpoch ?? 0;
    const stopTraining = (): void => {
      model.stopTraining = true;
    };
    const applyTrainable = (): void => {
      this.applyTrainable();
    };
    const [epochs, steps] = [this.epochs, this.steps];
    this.context = { model, machine, epochs, steps, stopTraining, applyTrainable, training: this };
    this.validationContext = { ...this.context, steps: this.validationSteps };
    if (validation !== undefined && hasOwnStep(model, "testStep")) {
      const { host, streams } = parts.memory;
      this.testing = new OwnStep(host, model, validation, streams, "testStep", undefined);
    }
  }

  /**
   * Trains to the end, or until something sets the model's `stopTraining`.
   *
   * @returns what became of a trunk in 8 bits, if there is one
   */
  async run(): Promise<TrunkReport | undefined> {
    try {
      await this.train();
      return this.work?.trunkReport;
    } finally {
      await this.work?.end();
      await this.testing?.release();
    }
  }

  private async train(): Promise<void> {
    const { model, callbacks, source, training, options } = this.parts;
    model.stopTraining = false;
    const verbose = verbosity("fit", options.verbose);
    callbacks.begin(model, { verbose, epochs: this.epochs, steps: this.steps });
    await this.tell(() => callbacks.onTrainBegin(this.context));
    let logs: Logs = {};
    while (this.epoch < this.epochs && this.goesOn() && (await this.hasBatch())) logs = await this.runEpoch();
    // A batch that was begun and is not needed any more is not left running, and comes first in the next fit.
    const left = await this.upcoming?.catch(() => undefined);
    await left?.loading?.catch(() => undefined);
    await this.work?.flush();
    if (this.upcoming !== undefined && this.beforeUpcoming !== undefined) source.restore?.(this.beforeUpcoming);
    if (this.work !== undefined && model.optimizer.useEma) {
      const { trained } = this.work;
      training.assign(() => {
        averageWeights(model.optimizer, trained);
      });
    }
    await this.tell(() => callbacks.onTrainEnd(logs, this.context));
  }

  /** Tells callbacks of something; they may give weights other values. */
  private tell(event: () => Promise<void>): Promise<void> {
    return this.parts.training.letWork(event);
  }

  /** Lets a change of `trainable` take effect with the next step. */
  private applyTrainable(): void {
    const { model, memory, training } = this.parts;
    training.cover(trainedBy(model));
    memory.followTrainable();
    // Before the first step nothing is made of the flags yet.
    this.work?.applyTrainable();
  }

  /** Whether nobody has ended the training; a function, for the compiler does not know that callbacks can. */
  private goesOn(): boolean {
    return !this.parts.model.stopTraining;
  }

  /** Whether there is a batch for the next step of an epoch that begins: samples that come only once may be over. */
  private async hasBatch(): Promise<boolean> {
    const { machine } = this.parts;
    if (this.upcoming === undefined) this.draw();
    // The end of a round may have come exactly with that of an epoch; then another one may begin.
    if ((await this.upcoming) === undefined) this.draw();
    if ((await this.upcoming) !== undefined) return true;
    if (this.work === undefined) throw noSamples();
    machine.warn(ranOut("fit", this.epoch, this.epochs, "epochs"));
    return false;
  }

  private async runEpoch(): Promise<Logs> {
    const { model, callbacks, source } = this.parts;
    const { epoch } = this;
    await this.tell(() => callbacks.onEpochBegin(epoch, this.context));
    // Callbacks that set a rate for the epoch have done so before the stop.
    const resumed = this.step > 0 ? this.resumed : undefined;
    if (resumed !== undefined) restoreRate(model.optimizer, resumed);
    // The first batch says the shape of the labels; it is trained on like any other.
    const work = (this.work ??= await this.prepare());
    if (resumed === undefined) work.beginEpoch();
    while (this.step < this.steps && this.goesOn()) {
      // As in Keras, no epoch reaches from one round into the next.
      if (this.taken >= roundSteps(source) || !(await this.runStep(work))) {
        this.tellOfEnd();
        break;
      }
    }
    if (this.taken >= roundSteps(source)) this.taken = 0;
    const logs = await work.logs();
    for (const [name, value] of Object.entries(await this.validate(work))) logs[`val_${name}`] = value;
    await source.onEpochEnd?.();
    this.epoch = epoch + 1;
    this.step = 0;
    await this.tell(() => callbacks.onEpochEnd(epoch, logs, this.context));
    return logs;
  }

  /** Figures on the samples for validation, where there are any and it is their turn. */
  private async validate(work: FitWork): Promise<Logs> {
    const { model, callbacks, options, validation, machine } = this.parts;
    if (validation === undefined) return {};
    if (!isValidated(this.epoch, options.validationFreq ?? 1)) return {};
    const { validationSteps } = options;
    const batches = firstBatches("fit", validation, validationSteps, (given) => {
      machine.warn(ranOut("validation", given, validationSteps ?? given));
    });
    const context = this.validationContext;
    // Its callbacks may give weights other values between batches, as those of evaluate may.
    const figures = await this.parts.training.letWork(() => {
      if (this.testing !== undefined) return evaluateOwn(this.testing, batches, callbacks, context);
      return work.validate(checkedBatches(batches, validation, model.compiled, "validation "), callbacks, context);
    });
    await this.watchLoss(figures["loss"], undefined, () => lostValidation(model));
    return figures;
  }

  /** Tells of the first loss that is no finite number. */
  private async watchLoss(loss: number | undefined, step: number | undefined, cause: () => string): Promise<void> {
    if (loss === undefined || Number.isFinite(loss) || this.lost) return;
    this.lost = true;
    const { callbacks, machine } = this.parts;
    const lost: LostLoss = { loss, epoch: this.epoch, step, cause: cause() };
    if (!callbacks.asksForLostLoss) machine.warn(lossText(lost));
    await this.tell(() => callbacks.onLossLost(lost, this.context));
  }

  /** @returns whether there was a batch: `false` at the end of a round that nobody has counted */
  private async runStep(work: FitWork): Promise<boolean> {
    const { callbacks, options, source } = this.parts;
    const { step } = this;
    const upcoming = await this.upcoming;
    if (upcoming === undefined) {
      this.upcoming = undefined;
      return false;
    }
    await this.tell(() => callbacks.onTrainBatchBegin(step, this.context));
    const isFirst = work.isEmpty && this.epoch === (options.initialEpoch ?? 0);
    // After the last step no batch is drawn, so that the next fit goes on where this one ends. A source that wants to know of
    // the end of an epoch is asked after it.
    const isLast = step + 1 >= this.steps || this.taken + 1 >= roundSteps(source);
    const next = (): void => {
      if (!isLast || (this.epoch + 1 < this.epochs && source.onEpochEnd === undefined)) this.draw();
      else this.upcoming = undefined;
    };
    const { loss, cause } = await work.step(upcoming, next, () => isFirst);
    await this.watchLoss(loss, step, cause);
    this.step = step + 1;
    this.taken += 1;
    const logs = await work.logs();
    await this.tell(() => callbacks.onTrainBatchEnd(step, logs, this.context));
    return true;
  }

  /** Says once that an epoch has fewer steps than it was to have. */
  private tellOfEnd(): void {
    const { machine, options } = this.parts;
    if (this.toldOfEnd || options.stepsPerEpoch === undefined) return;
    this.toldOfEnd = true;
    machine.warn(ranOut("fit", this.step, this.steps));
  }

  private draw(): void {
    const { source } = this.parts;
    const { work } = this;
    const begin = (batch: Batch | undefined): LoadingBatch | undefined => {
      if (batch === undefined) return undefined;
      return work === undefined ? { batch, loading: undefined } : work.begin(batch);
    };
    this.beforeUpcoming = source.save?.();
    const batch = source.nextBatch();
    this.upcoming = batch instanceof Promise ? batch.then(begin) : Promise.resolve(begin(batch));
    // Whoever awaits it later gets the error; until then it must not count as unhandled.
    this.upcoming.catch(() => undefined);
  }

  private async prepare(): Promise<FitWork> {
    const { model } = this.parts;
    const parts = { ...this.parts, resumed: this.resumed };
    const first = (await this.upcoming)?.batch;
    return hasOwnStep(model, "trainStep") ? OwnWork.create(parts, first) : ProgramWork.create(parts, first);
  }

  save(): TrainingState {
    const { model, source, validation, callbacks, memory } = this.parts;
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
      version: 4,
      epoch: this.epoch,
      step: this.step,
      taken: this.taken,
      stopped: model.stopTraining,
      means: this.step === 0 ? null : ((this.work?.saveMeans() ?? null) as TrainingFacts["means"]),
      ...modelFacts(model),
      randoms: (this.work?.saveRandoms() ?? []) as TrainingFacts["randoms"],
      streams: memory.streams.saveAll() as TrainingFacts["streams"],
      source: this.upcoming === undefined ? source.save() : this.beforeUpcoming,
      validation: validation?.save?.() ?? null,
      callbacks: saved.facts,
    };
    return { facts, tensors: { ...modelTensors(model), ...saved.tensors } };
  }

  restore(state: TrainingState): void {
    const { model, source, validation, callbacks, memory } = this.parts;
    if (this.work !== undefined || this.upcoming !== undefined) {
      throw new UsageError("A training that has begun cannot become another.", {
        subject: "restore",
        expected: "a call in onTrainBegin",
        received: "a call later",
      });
    }
    const facts = readFacts(state);
    restoreModel(model, facts, state);
    memory.streams.restoreAll(facts.streams);
    source.restore?.(facts.source);
    if (facts.validation !== null) validation?.restore?.(facts.validation);
    callbacks.restoreStates(facts.callbacks, state.tensors);
    this.epoch = facts.epoch;
    this.step = facts.step;
    this.taken = facts.taken;
    model.stopTraining = facts.stopped;
    this.resumed = facts;
  }
}

import type { TrainingLoops } from "../../models/platform.js";
import type { Sequential } from "../../models/sequential.js";
import type { ReadySource } from "../../models/sources/batch-source.js";
import type { Logs, LostLoss } from "../../models/training-types.js";
import { float32, type TensorData } from "../../onnx/tensor-data.js";
import type { Photo } from "../../photos/photo.js";
import { fromTensor } from "../../runtime/runtime.js";
import { weightedSource, weightingOf, weightsFor } from "../class-weights.js";
import { type FamiliarPhotos, familiarPhotosMeasured, keptPhotos, roomFor } from "../familiar-photos.js";
import type { EpochRow } from "../fine-tune-types.js";
import type { UnitClassifier } from "../fit-head.js";
import { createHead, divideLogits, graftHead } from "../head.js";
import { KeptWeights } from "../kept-weights.js";
import { featuresAfter } from "../photo-features.js";
import { rowsTogether } from "../rows.js";
import type { Phase } from "../plan.js";
import { remembered, rememberedFamiliar } from "../remembered.js";
import { trainInOneCycle } from "../stepped-training.js";
import { isStopped, type Work } from "./stage.js";

/**
 * The head's step size as a share of the network's: it has been fitted, and by steps of the network's size it would forget that
 * before the network has learned anything. (Loss on test photos of trash, after six epochs: 0.33 with equal ones, 0.32 with this.)
 */
const rateOfHead = 0.1;

/** Logarithms are not taken of smaller probabilities. */
const smallest = 1e-30;

/** Steps by which their speed is measured: the first one is not counted. */
const measuredSteps = 4;

/** What a training is called while it says how far it is. */
type Telling = "training" | "another-part" | "all-photos";

/** How a training goes. */
export interface TuningOptions {
  readonly epochs: number;
  /** The greatest step size. */
  readonly learningRate: number;
  /** Trainings whose weights are averaged, each in an order of its own. */
  readonly members: number;
  /** What is learned from, whose views the source gives. */
  readonly photos: readonly Photo[];
  /** With a phase the epochs of the first member are validated and become rows of the history. */
  readonly phase?: Phase | undefined;
  /** What is said of how far it is. */
  readonly telling: Telling;
}

/** A training of a part of the network together with a head, and the way back. */
export class Tuning {
  readonly model: Sequential;
  private readonly before: KeptWeights;
  private after: KeptWeights;

  /** @param start the head that it begins with */
  constructor(
    private readonly work: Work,
    private readonly loops: TrainingLoops,
    start: UnitClassifier,
  ) {
    this.model = graftHead(work.network.model, createHead(start, work.random));
    this.setRateOfHead(rateOfHead);
    this.before = KeptWeights.of(this.model);
    this.after = this.before;
  }

  /** How long a step takes, in seconds; the model is as it was before. */
  async secondsAStep(x: ReadySource): Promise<number> {
    const ends: number[] = [];
    // An epoch ends with its round, which may be shorter.
    const stepsPerEpoch = Math.min(measuredSteps, stepsOf(this.work, this.work.sets.training.photos));
    await trainInOneCycle(this.loops, this.model, x, {
      ...{
        epochs: Math.ceil(measuredSteps / stepsPerEpoch),
        stepsPerEpoch,
        learningRate: 0,
        signal: this.work.job.signal,
        what: "measuring steps",
      },
      trunkPrecision: this.work.job.trunkPrecision,
      onStep() {
        ends.push(performance.now());
      },
    });
    this.before.restore();
    const durations = ends.slice(1).map((end, step) => end - (ends[step] ?? end));
    // The median: another program may have had the processor meanwhile.
    return (durations.sort((a, b) => a - b)[Math.floor(durations.length / 2)] ?? 0) / 1000;
  }

  /**
   * Trains from where the last training has ended, and tells of it.
   *
   * @returns why it was ended early: a loss was no number; the model is as it was before this training then
   */
  async run(x: ReadySource, options: TuningOptions): Promise<LostLoss | undefined> {
    const reached: KeptWeights[] = [];
    const start = this.after;
    for (let member = 0; member < options.members && (member === 0 || !isStopped(this.work.job)); member++) {
      start.restore();
      const trouble = await this.member(x, options, member);
      if (trouble !== undefined) {
        start.restore();
        return trouble;
      }
      // What was stopped on its way would only disturb those that have come to their end.
      if (member > 0 && isStopped(this.work.job)) break;
      reached.push(KeptWeights.of(this.model));
    }
    this.after = KeptWeights.mean(reached);
    return undefined;
  }

  /** Makes this what has been reached: a later training did not come to its end. */
  goBackTo(reached: KeptWeights): void {
    this.after = reached;
  }

  /** Where the last training has ended. */
  get reached(): KeptWeights {
    return this.after;
  }

  /** What the model, that share of the way, says of photos: logarithms of its probabilities. */
  logits(photos: ReadySource, share: number): Promise<TensorData<"float32">> {
    return remembered(this.work.job, `answers at ${share}`, () => this.ask(photos, share));
  }

  private async ask(photos: ReadySource, share: number): Promise<TensorData<"float32">> {
    this.before.blend(this.after, share);
    const [output] = await this.loops.predict(this.model, photos, { verbose: 0 });
    if (output === undefined) throw new TypeError("The model has no output.");
    const { data, dims } = fromTensor(output);
    const logarithms = Float32Array.from(data as Float32Array, (probability) =>
      Math.log(Math.max(probability, smallest)),
    );
    return float32(logarithms, dims);
  }

  /** What the model, that share of the way, knows when it sees it again: measured by the validation photos. */
  familiarPhotos(share: number): Promise<FamiliarPhotos | undefined> {
    return rememberedFamiliar(this.work.job, () => this.findFamiliarPhotos(share));
  }

  private async findFamiliarPhotos(share: number): Promise<FamiliarPhotos | undefined> {
    const { job, network, sets } = this.work;
    this.before.blend(this.after, share);
    const features = isStopped(job) ? undefined : await featuresAfter(job, network, sets);
    return (
      features && familiarPhotosMeasured(job.runtime, features.training, features.validation, roomFor(network.model))
    );
  }

  /** What the model knows as it is, which has learned from all photos: another one of its kind has measured the threshold. */
  knowing(threshold: number | undefined): Promise<FamiliarPhotos | undefined> {
    return rememberedFamiliar(this.work.job, () => this.findKnowing(threshold));
  }

  private async findKnowing(threshold: number | undefined): Promise<FamiliarPhotos | undefined> {
    const { job, network, sets } = this.work;
    const features = await featuresAfter(job, network, sets);
    if (features === undefined) return undefined;
    const all = rowsTogether([features.training, features.validation]);
    return { features: await keptPhotos(job.runtime, all, roomFor(network.model)), threshold };
  }

  /** Leaves the model that share of the way, its probabilities calibrated. */
  finish(share: number, temperature: number): { readonly model: Sequential } {
    this.before.blend(this.after, share);
    divideLogits(this.model, temperature);
    // Whoever trains the model on chooses rates anew.
    this.setRateOfHead(1);
    return { model: this.model };
  }

  private setRateOfHead(share: number): void {
    for (const layer of this.model.layers.slice(1)) layer.learningRateMultiplier = share;
  }

  /** Puts the network back to where it was. */
  undo(): void {
    this.before.restore();
  }

  private async member(
    x: ReadySource,
    { epochs, members, phase, learningRate, photos, telling }: TuningOptions,
    member: number,
  ): Promise<LostLoss | undefined> {
    const { job, sets, rows } = this.work;
    const validated = phase !== undefined && member === 0;
    const stepsPerEpoch = stepsOf(this.work, photos);
    const weighting = weightingOf(job);
    const held = labelsOf(sets.validation.photos);
    const learned = labelsOf(photos);
    const firstRow = rows.length;
    const trouble = await trainInOneCycle(this.loops, this.model, x, {
      ...{ epochs, stepsPerEpoch, learningRate, trunkPrecision: job.trunkPrecision },
      classWeight: weightsFor(weighting, learned),
      validationData: validated ? weightedSource(sets.validation.source, weightsFor(weighting, held)) : undefined,
      signal: job.signal,
      journal: job.journal,
      what: `${phase ?? telling} ${member + 1}`,
      onStep: ({ epoch, step, logs }) => {
        const { loss = NaN, accuracy = NaN } = logs;
        const done = (epoch - 1) * stepsPerEpoch + step;
        const place = validated
          ? { epoch: firstRow + epoch, epochs: firstRow + epochs, done: step, total: stepsPerEpoch }
          : { done: member * epochs * stepsPerEpoch + done, total: members * epochs * stepsPerEpoch };
        job.onEvent?.({ event: "progress", stage: telling, unit: "steps", ...place, loss, accuracy });
      },
      onEpoch: ({ epoch, logs, learningRate: rate, seconds }) => {
        if (!validated) return;
        const row = rowOf(logs, { phase, epoch: firstRow + epoch, learning_rate: rate, seconds });
        rows.push(row);
        job.onEvent?.({ event: "epoch", epochs: firstRow + epochs, ...row });
      },
    });
    return trouble && { ...trouble, epoch: firstRow + trouble.epoch };
  }
}

/** Steps in which each of these photos comes once. */
export function stepsOf({ plan }: Work, photos: readonly unknown[]): number {
  return Math.ceil(photos.length / plan.batchSize);
}

function labelsOf(photos: readonly Photo[]): number[] {
  return photos.map(({ classIndex }) => classIndex);
}

function rowOf(logs: Logs, epoch: Pick<EpochRow, "phase" | "epoch" | "learning_rate" | "seconds">): EpochRow {
  const { loss = NaN, accuracy = NaN, val_loss = NaN, val_accuracy = NaN } = logs;
  return { ...epoch, loss, accuracy, val_loss, val_accuracy };
}

import { NumberError } from "../errors/errors.js";
import { float32, type TensorData } from "../onnx/tensor-data.js";
import { photoHash } from "../photos/photo-identity.js";
import type { RandomStreams } from "../random/seed.js";
import type { LinearClassifier } from "../training/regression/softmax-regression.js";
import type { EpochRow, FineTuneJob, HeldOut } from "./fine-tune-types.js";
import { type FamiliarPhotos, familiarPhotos, familiarPhotosMeasured } from "./familiar-photos.js";
import { type FittedHead, HeadFitter, type LabelledFeatures } from "./fit-head.js";
import { foldsOf } from "./folds.js";
import type { FeatureSets, PhotoFeatures, ViewFeatures } from "./photo-features.js";
import { logLoss, losses, probabilitiesOf, shareRight } from "./probabilities.js";

/** What was learned from some photos, and what photos say of it that taught it nothing. */
export interface HeadCandidate {
  /** Learned from all photos that may be learned from. */
  readonly classifier: LinearClassifier;
  /** How much the penalty had to hold it back. */
  readonly penalty: number;
  readonly row: EpochRow;
  readonly heldOut: HeldOut;
  /** Whether it has learned from the validation photos too. */
  readonly learnsFromAll: boolean;
  /** `−log` of the probability of each validation photo's class, by a classifier that has not learned from that photo. */
  readonly validationLosses: readonly number[];
}

/**
 * The first stage: a linear classifier of what the frozen network makes of photos.
 *
 * Where the validation photos were drawn from the folder, they are learned from like the others, and all are measured by
 * cross-validation: each by a classifier of the other four fifths. An arbitrary fifth of a small folder measures little. Where there
 * is a folder of validation photos, these measure a classifier of the training photos, and are learned from afterwards. With 8
 * bits the validation photos stay out, since they measure in the end what these cost.
 */
export class HeadStage {
  private constructor(
    private readonly fitter: HeadFitter,
    private readonly job: FineTuneJob,
    private readonly sets: FeatureSets,
    private readonly folds: { readonly training: readonly number[]; readonly all: readonly number[] },
  ) {}

  /** @param random where the parts of the cross-validation are drawn from */
  static async create(job: FineTuneJob, sets: FeatureSets, random: RandomStreams): Promise<HeadStage> {
    const { training, validation } = sets;
    const fold = async (parts: readonly PhotoFeatures[]): Promise<number[]> => {
      const photos = parts.flatMap((part) => part.photos);
      const hashes = await Promise.all(photos.map(({ path }) => photoHash(path)));
      const labels = photos.map(({ classIndex }) => classIndex);
      return foldsOf(labels, hashes, random.stream("folds"));
    };
    const folds = { training: await fold([training]), all: await fold([training, validation]) };
    const width = training.features.dims[1] ?? 0;
    const fitter = await HeadFitter.create(job.runtime, width, job.classes.length);
    return new HeadStage(fitter, job, sets, folds);
  }

  /**
   * Fits a classifier and measures it.
   *
   * @param number of the row, from 1
   * @param views what the network makes of views of the photos; default of the photos themselves
   * @param started when the stage has begun, in ms
   */
  async fit(number: number, started: number, views?: ViewFeatures): Promise<HeadCandidate> {
    const { training, validation } = this.sets;
    const all = labelled([training, validation], this.folds.all, views && [views.training, views.validation]);
    const alone = labelled([training], this.folds.training, views && [views.training]);
    if (this.pooled) {
      const fitted = await this.fitter.fit(all);
      const own = float32(fitted.heldOut.data.subarray(training.photos.length * this.classes), [
        validation.photos.length,
        this.classes,
      ]);
      return this.candidate(number, started, all, fitted, {
        ...{ logits: fitted.heldOut, labels: all.labels },
        own,
      });
    }
    const fitted = await this.fitter.fit(alone);
    const logits = await this.fitter.logits(validation.features, fitted.classifier);
    const measured = { logits, labels: validation.photos.map(({ classIndex }) => classIndex), own: logits };
    if (this.job.trunkPrecision === "int8") return this.candidate(number, started, alone, fitted, measured);
    // All that is left to learn from; how much it may be bent is known.
    const whole = await this.fitter.refit(all, fitted.penalty);
    return this.candidate(number, started, all, { ...fitted, classifier: whole }, measured);
  }

  /** The same classifier learned from the training photos alone, for a stage that the validation photos are to judge. */
  async withoutValidation({ penalty }: HeadCandidate, views: ViewFeatures): Promise<LinearClassifier> {
    return this.fitter.refit(labelled([this.sets.training], this.folds.training, [views.training]), penalty);
  }

  /**
   * What a classifier of these photos knows when it sees it again. With 8 bits the validation photos measure, since it has not
   * learned from them.
   *
   * @param room how many photos are kept at most
   */
  async familiarPhotos(room: number): Promise<FamiliarPhotos> {
    const { training, validation } = this.sets;
    const { runtime, trunkPrecision } = this.job;
    if (trunkPrecision === "int8") {
      return familiarPhotosMeasured(runtime, training.features, validation.features, room);
    }
    return familiarPhotos(runtime, rowsTogether([training.features, validation.features]), this.folds.all, room);
  }

  /** Frees what the engine holds. */
  async release(): Promise<void> {
    await this.fitter.release();
  }

  private get classes(): number {
    return this.job.classes.length;
  }

  /** Whether the validation photos are learned from like the others. */
  private get pooled(): boolean {
    return this.job.division === "drawn" && this.job.trunkPrecision !== "int8";
  }

  private async candidate(
    number: number,
    started: number,
    learned: LabelledFeatures,
    { classifier, penalty }: Pick<FittedHead, "classifier" | "penalty">,
    held: {
      readonly logits: TensorData<"float32">;
      readonly labels: readonly number[];
      readonly own: TensorData<"float32">;
    },
  ): Promise<HeadCandidate> {
    const logits = await this.fitter.logits(learned.features, classifier);
    const row: EpochRow = {
      phase: "head",
      epoch: number,
      loss: logLoss(logits, learned.labels),
      accuracy: shareRight(logits, learned.labels),
      val_loss: logLoss(held.logits, held.labels),
      val_accuracy: shareRight(held.logits, held.labels),
      learning_rate: 0,
      seconds: (performance.now() - started) / 1000,
    };
    if (!Number.isFinite(row.loss + row.val_loss)) {
      throw new NumberError("The new classifier has lost its numbers.", {
        subject: "loss",
        expected: "a finite number",
        received: `${row.loss}, and ${row.val_loss} on photos that were held out`,
        advice: "The network gives features that nothing can be learned from: use another one.",
      });
    }
    const validation = this.sets.validation.photos.map(({ classIndex }) => classIndex);
    const heldOut = { truth: held.labels, probabilities: probabilitiesOf(held.logits) };
    const learnsFromAll = this.job.trunkPrecision !== "int8";
    return { classifier, penalty, row, heldOut, learnsFromAll, validationLosses: losses(held.own, validation) };
  }
}

/** Sets one behind the other. */
function labelled(
  parts: readonly PhotoFeatures[],
  folds: readonly number[],
  views: readonly TensorData<"float32">[] | undefined,
): LabelledFeatures {
  const labels = parts.flatMap(({ photos }) => photos.map(({ classIndex }) => classIndex));
  return {
    features: rowsTogether(parts.map(({ features }) => features)),
    views: views && rowsTogether(views),
    labels,
    folds,
  };
}

function rowsTogether(parts: readonly TensorData<"float32">[]): TensorData<"float32"> {
  const [first, ...others] = parts;
  if (first !== undefined && others.length === 0) return first;
  const rows = parts.reduce((sum, { dims }) => sum + (dims[0] ?? 0), 0);
  const width = first?.dims[1] ?? 0;
  const joined = new Float32Array(rows * width);
  let offset = 0;
  for (const { data } of parts) {
    joined.set(data, offset);
    offset += data.length;
  }
  return float32(joined, [rows, width]);
}

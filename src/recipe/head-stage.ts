import { NumberError } from "../errors/errors.js";
import type { TensorData } from "../onnx/tensor-data.js";
import type { Photo } from "../photos/photo.js";
import type { RandomStreams } from "../random/seed.js";
import { choose } from "./choose.js";
import { photoWeights, type Weighting, weightingOf } from "./class-weights.js";
import type { EpochRow, FineTuneJob, HeldOut } from "./fine-tune-types.js";
import { type FamiliarPhotos, familiarPhotos, familiarPhotosMeasured, roomFor } from "./familiar-photos.js";
import { type FittedHead, HeadFitter, type LabelledFeatures, type UnitClassifier } from "./fit-head.js";
import { foldsOfPhotos } from "./folds.js";
import { featureModel } from "./feature-model.js";
import { type FeatureSets, type PhotoFeatures, type ViewFeatures } from "./photo-features.js";
import { logLoss, losses, probabilitiesOf, shareRight } from "./probabilities.js";
import { type Part, partsOf } from "./part.js";
import { rowsAt, rowsTogether } from "./rows.js";
import { tempered } from "./temperature.js";

/** What was learned from some photos, and what photos say of it that taught it nothing. */
export interface FittedAndMeasured {
  /** Learned from all photos that may be learned from. */
  readonly classifier: UnitClassifier;
  /** How much the penalty had to hold it back. */
  readonly penalty: number;
  /** What it has learned from; `undefined` where that is the photos themselves. */
  readonly views: ViewFeatures | undefined;
  /** What its logits are divided by, so that its probabilities hold. */
  readonly temperature: number;
  readonly row: EpochRow;
  /** As `row.val_accuracy`, but photos count by their class: where classes count alike, the mean recall. */
  readonly weightedAccuracy: number;
  readonly heldOut: HeldOut;
  /** Losses of these photos, each as it counts. */
  readonly losses: readonly number[];
  /** Photos that it has learned from: after they have measured it, the validation photos too. */
  readonly learnedFrom: readonly Photo[];
  /** Of each of the stage's {@link HeadStage.parts}: logits `[photos, classes]` by classifiers that have not learned from these photos. */
  readonly logits: readonly TensorData<"float32">[];
}

type Measured = Omit<FittedAndMeasured, "views">;

/**
 * Fits and measures linear classifiers of what the frozen network makes of photos.
 *
 * Where the validation photos were drawn from the folder, they are learned from like the others, and all are measured by
 * cross-validation: each by a classifier of the other four fifths. An arbitrary fifth of a small folder measures little. Where there
 * is a folder of validation photos, these measure a classifier of the training photos, and are learned from afterwards. With 8
 * bits the validation photos stay out, since they measure in the end what these cost.
 */
export class HeadStage {
  private familiar: Promise<FamiliarPhotos> | undefined;

  private constructor(
    private readonly fitter: HeadFitter,
    private readonly job: FineTuneJob,
    private readonly sets: FeatureSets,
    private readonly folds: Readonly<Record<"training" | "all", readonly number[]>>,
    private readonly weighting: Weighting,
    /**
     * Who measures a training of the network: the validation photos first; where these were drawn, other parts as large
     * may be asked after them.
     */
    readonly parts: readonly [Part, ...Part[]],
  ) {}

  /** @param random where the parts of the cross-validation are drawn from */
  static async create(job: FineTuneJob, sets: FeatureSets, random: RandomStreams): Promise<HeadStage> {
    const { training, validation } = sets;
    const fold = async (parts: readonly PhotoFeatures[]): Promise<number[]> =>
      foldsOfPhotos(
        parts.flatMap(({ photos }) => photos),
        random.stream("folds"),
      );
    const folds = {
      training: await fold([training]),
      all: await fold([training, validation]),
    };
    const width = training.features.dims[1] ?? 0;
    const fitter = await HeadFitter.create(job.runtime, width, job.classes.length);
    const weighting = weightingOf(job);
    const parts = await partsOf(training.photos, validation.photos, { pooled: isPooled(job), weighting, random });
    return new HeadStage(fitter, job, sets, folds, weighting, parts);
  }

  /**
   * Fits a classifier and measures it.
   *
   * @param number of the row, from 1
   * @param views what the network makes of views of the photos; default of the photos themselves
   * @param started when the stage has begun, in ms
   */
  async fit(number: number, started: number, views?: ViewFeatures): Promise<FittedAndMeasured> {
    return { ...(await this.fitTo(number, started, views)), views };
  }

  private async fitTo(number: number, started: number, views?: ViewFeatures): Promise<Measured> {
    const { training, validation } = this.sets;
    const all = this.labelled(views);
    const alone = labelled([training], this.folds.training, this.weighting, views && [views.training]);
    if (isPooled(this.job)) {
      const fitted = await this.fitter.fit(all);
      return this.measured(number, started, all, fitted, {
        ...{ logits: fitted.heldOut, photos: this.photos, labels: all.labels, folds: this.folds.all },
        parts: this.parts.map(({ held }) => rowsAt(fitted.heldOut, held)),
      });
    }
    const fitted = await this.fitter.fit(alone);
    const logits = await this.fitter.logits(validation.features, fitted.classifier);
    const { labels, folds } = this.parts[0];
    const held = { logits, photos: validation.photos, labels, folds, parts: [logits] };
    if (!this.learnsFromAll) return this.measured(number, started, alone, fitted, held);
    // All that is left to learn from; how much it may be bent is known.
    const classifier = await this.fitter.refit(all, fitted.penalty);
    return this.measured(number, started, all, { ...fitted, classifier }, held);
  }

  /** The training photos and, behind them, the validation photos. */
  private get photos(): readonly Photo[] {
    const { training, validation } = this.sets;
    return [...training.photos, ...validation.photos];
  }

  /** All photos, the training photos first. */
  private labelled(views: ViewFeatures | undefined): LabelledFeatures {
    const { training, validation } = this.sets;
    const ofViews = views && [views.training, views.validation];
    return labelled([training, validation], this.folds.all, this.weighting, ofViews);
  }

  /** The same classifier learned without a part of the photos, for a training that this part is to judge. */
  async without({ learned }: Part, { penalty, views }: FittedAndMeasured): Promise<UnitClassifier> {
    return this.fitter.refit(photosOf(this.labelled(views), learned, this.weighting), penalty);
  }

  /** Whether the validation photos are learned from once they have measured; with 8 bits they measure in the end what these cost. */
  get learnsFromAll(): boolean {
    return learnsFromAll(this.job);
  }

  /**
   * What a classifier of these photos knows when it sees it again, the same with and without views. With 8 bits the validation
   * photos measure, since it has not learned from them.
   */
  familiarPhotos(): Promise<FamiliarPhotos> {
    this.familiar ??= this.findFamiliarPhotos();
    return this.familiar;
  }

  private async findFamiliarPhotos(): Promise<FamiliarPhotos> {
    const { training, validation } = this.sets;
    const { runtime, backbone } = this.job;
    const room = roomFor(featureModel(backbone.model).model);
    if (!this.learnsFromAll) return familiarPhotosMeasured(runtime, training.features, validation.features, room);
    return familiarPhotos(runtime, rowsTogether([training.features, validation.features]), this.folds.all, room);
  }

  /** Frees what the engine holds. */
  async release(): Promise<void> {
    await this.fitter.release();
  }

  private get classes(): number {
    return this.job.classes.length;
  }

  private async measured(
    number: number,
    started: number,
    learned: LabelledFeatures,
    { classifier, penalty }: Pick<FittedHead, "classifier" | "penalty">,
    held: {
      readonly logits: TensorData<"float32">;
      readonly photos: readonly Photo[];
      readonly labels: readonly number[];
      readonly folds: readonly number[];
      readonly parts: readonly TensorData<"float32">[];
    },
  ): Promise<Measured> {
    const { temperature, heldOut } = choose([held.logits], held.labels, held.folds);
    const counted = photoWeights(this.weighting, held.labels);
    const logits = tempered(await this.fitter.logits(learned.features, classifier), temperature);
    const row: EpochRow = {
      phase: "head",
      epoch: number,
      loss: logLoss(logits, learned.labels, learned.weights),
      accuracy: shareRight(logits, learned.labels),
      val_loss: logLoss(heldOut, held.labels, counted),
      val_accuracy: shareRight(heldOut, held.labels),
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
    return {
      ...{ classifier, penalty, temperature, row },
      weightedAccuracy: shareRight(heldOut, held.labels, counted),
      heldOut: { measuredWith: held.photos, truth: held.labels, probabilities: probabilitiesOf(heldOut) },
      losses: losses(heldOut, held.labels, counted),
      learnedFrom: this.learnsFromAll ? this.photos : this.sets.training.photos,
      logits: held.parts,
    };
  }
}

function learnsFromAll({ trunkPrecision }: FineTuneJob): boolean {
  return trunkPrecision !== "int8";
}

/** Whether the validation photos are learned from like the others, and so each photo may measure. */
function isPooled(job: FineTuneJob): boolean {
  return job.division === "drawn" && learnsFromAll(job);
}

/** Some of the photos. */
function photosOf(set: LabelledFeatures, photos: readonly number[], weighting: Weighting): LabelledFeatures {
  const { features, widths, views, labels, folds } = set;
  const each = views && (views.dims[0] ?? 0) / Math.max(1, set.labels.length);
  const own = photos.map((photo) => labels[photo] ?? 0);
  return {
    ...{ features: rowsAt(features, photos), widths, labels: own },
    views:
      views &&
      rowsAt(
        views,
        photos.flatMap((photo) => Array.from({ length: each ?? 0 }, (_, view) => photo * (each ?? 0) + view)),
      ),
    folds: photos.map((photo) => folds[photo] ?? 0),
    weights: set.weights && photoWeights(weighting, own),
  };
}

/**
 * Sets one behind the other.
 *
 * @param folds the part of each photo
 * @param weighting how much photos count by their class
 * @param views what the network makes of views of each set's photos
 */
export function labelled(
  parts: readonly PhotoFeatures[],
  folds: readonly number[],
  weighting: Weighting,
  views?: readonly TensorData<"float32">[],
): LabelledFeatures {
  const labels = parts.flatMap(({ photos }) => photos.map(({ classIndex }) => classIndex));
  return {
    features: rowsTogether(parts.map(({ features }) => features)),
    widths: parts[0]?.widths,
    views: views && rowsTogether(views),
    labels,
    folds,
    weights: weighting.kind === "none" ? undefined : photoWeights(weighting, labels),
  };
}

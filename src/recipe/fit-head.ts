import { float32, type TensorData } from "../onnx/tensor-data.js";
import type { Runtime } from "../runtime/runtime.js";
import { type LinearClassifier, type Samples, SoftmaxRegression } from "../training/regression/softmax-regression.js";
import { type FeatureFigures, featureFigures } from "./feature-figures.js";
import { logLoss } from "./probabilities.js";
import { rowsAt } from "./rows.js";
import { greatest } from "../onnx/extremes.js";

/** Photos as the frozen network sees them, and their classes. */
export interface LabelledFeatures {
  /** `[photos, features]`: the photos themselves; those of each map are of length 1. */
  readonly features: TensorData<"float32">;
  /** How many of the features each map gives, in order; default all of them are of one. */
  readonly widths?: readonly number[] | undefined;
  /** `[photos · views, features]`: views of each photo, itself among them, one photo after the other; default themselves alone. */
  readonly views?: TensorData<"float32"> | undefined;
  /** Class of each photo. */
  readonly labels: readonly number[];
  /** The part of each photo, from `foldsOf`. */
  readonly folds: readonly number[];
  /** How much each photo counts, above 0; default all alike. */
  readonly weights?: readonly number[] | undefined;
}

/** A linear classifier of features that are brought to mean 0, and those of each feature map to one common deviation. */
export interface UnitClassifier extends LinearClassifier, Pick<FeatureFigures, "mean" | "deviation"> {}

/** What the features of a set can teach. */
export interface FittedHead {
  readonly classifier: UnitClassifier;
  /** `[photos, classes]`: logits of each photo by a classifier that was fitted without its part. */
  readonly heldOut: TensorData<"float32">;
  /** The strength of the penalty for one photo: the objective's is this divided by the number of photos. */
  readonly penalty: number;
}

/**
 * Penalties that are tried, the strongest first, for features whose deviation is 1 on average: 1 / C of other libraries. They
 * are apart by a factor of three: held-out losses of neighbours differ by one in the third digit.
 */
const penalties: readonly number[] = [300, 100, 30, 10, 3, 1, 0.3];

/** Classifiers that only measure are searched for until a step lowers the loss by less than this share: penalties differ by more. */
const enoughToCompare = 1e-4;

/**
 * Fits linear classifiers of features, and finds out by cross-validation how much they may be bent: from the strongest penalty
 * on, for as long as photos that were held out are told apart better. Each solution starts the search for the next.
 *
 * Features are of length 1, which takes away what exposure and contrast do to all of them at once; they are brought to mean 0 and those
 * of a map to one common deviation. (Loss on test photos, mean of four divisions of flowers5: 0.39 with each feature brought to deviation
 * 1, 0.38 with a common deviation, 0.36 with length 1 before. Two maps at one deviation for both gain a third of what they gain
 * at one each.)
 */
export class HeadFitter {
  private constructor(
    private readonly regression: SoftmaxRegression,
    private readonly classes: number,
  ) {}

  /**
   * @param runtime where it is computed
   * @param features numbers a photo
   */
  static async create(runtime: Runtime, features: number, classes: number): Promise<HeadFitter> {
    return new HeadFitter(await SoftmaxRegression.create(runtime, features, classes), classes);
  }

  /**
   * Finds the penalty with the photos themselves, views or not: with views the same one is best, and costs several times as
   * much to find. Photos that count more than others in what is learned count as much in that choice.
   */
  async fit(set: LabelledFeatures): Promise<FittedHead> {
    const scaled = standardized(set);
    const plain = { ...set, views: undefined };
    const judges = judgesOf(set);
    const labels = judges.map((photo) => set.labels[photo] ?? 0);
    const weights = set.weights && judges.map((photo) => set.weights?.[photo] ?? 1);
    let best: { readonly penalty: number; readonly loss: number; readonly logits: TensorData<"float32"> } | undefined;
    let starts: readonly (LinearClassifier | undefined)[] = [];
    for (const candidate of penalties) {
      const { logits, classifiers } = await this.heldOut(plain, scaled, candidate, starts);
      starts = classifiers;
      const loss = logLoss(rowsAt(logits, judges), labels, weights);
      // Along the path the loss falls, then rises: what comes behind is worse still.
      if (best !== undefined && !(loss < best.loss)) break;
      best = { penalty: candidate, loss, logits };
    }
    if (best === undefined) throw new RangeError("There is no penalty to try.");
    const heldOut =
      set.views === undefined ? best.logits : (await this.heldOut(set, scaled, best.penalty, starts)).logits;
    return { classifier: await this.whole(set, scaled, best.penalty, starts[0]), heldOut, penalty: best.penalty };
  }

  /** Fits a classifier with a penalty that {@link fit} has found, without measuring it. */
  async refit(set: LabelledFeatures, penalty: number): Promise<UnitClassifier> {
    return this.whole(set, standardized(set), penalty);
  }

  /**
   * What a fitted classifier says of features.
   *
   * @returns logits `[photos, classes]`
   */
  async logits(features: TensorData<"float32">, classifier: UnitClassifier): Promise<TensorData<"float32">> {
    return this.regression.logits(scaledBy(classifier, features), classifier);
  }

  /** Frees what the engine holds. */
  async release(): Promise<void> {
    await this.regression.release();
  }

  /** @param start where the search begins, such as at a classifier of most of the photos */
  private async whole(
    set: LabelledFeatures,
    scaled: Standardized,
    penalty: number,
    start?: LinearClassifier,
  ): Promise<UnitClassifier> {
    const samples = this.samples(set, scaled, () => true);
    const { mean, deviation } = scaled;
    return { ...(await this.regression.fit(samples, penalty / set.labels.length, { start })), mean, deviation };
  }

  /** Each part by a classifier of the others. */
  private async heldOut(
    set: LabelledFeatures,
    scaled: Standardized,
    penalty: number,
    starts: readonly (LinearClassifier | undefined)[],
  ): Promise<{ readonly logits: TensorData<"float32">; readonly classifiers: readonly LinearClassifier[] }> {
    const { classes } = this;
    const photos = set.labels.length;
    const logits = new Float32Array(photos * classes);
    const classifiers: LinearClassifier[] = [];
    const last = greatest(set.folds);
    for (let fold = 0; fold <= last; fold++) {
      const learned = set.folds.filter((own) => own !== fold).length;
      const samples = this.samples(set, scaled, (photo) => set.folds[photo] !== fold);
      const classifier = await this.regression.fit(samples, penalty / learned, {
        start: starts[fold],
        smallestGain: enoughToCompare,
      });
      classifiers.push(classifier);
      const all = await this.regression.logits(scaled.photos, classifier);
      for (const [photo, own] of set.folds.entries()) {
        if (own === fold) logits.set(all.data.subarray(photo * classes, (photo + 1) * classes), photo * classes);
      }
    }
    return { logits: float32(logits, [photos, classes]), classifiers };
  }

  /** Those photos, by their views, that a classifier learns from. */
  private samples(set: LabelledFeatures, scaled: Standardized, learned: (photo: number) => boolean): Samples {
    const { labels, views, weights } = set;
    const features = (views === undefined ? undefined : scaled.views) ?? scaled.photos;
    const count = features.dims[0] ?? 0;
    const each = count / labels.length;
    const targets = new Float32Array(count * this.classes);
    const counted = new Float32Array(count);
    for (let sample = 0; sample < count; sample++) {
      const photo = Math.floor(sample / each);
      targets[sample * this.classes + (labels[photo] ?? 0)] = 1;
      if (learned(photo)) counted[sample] = (weights?.[photo] ?? 1) / each;
    }
    return { features, targets: float32(targets, [count, this.classes]), weights: float32(counted, [count]) };
  }
}

/**
 * Photos that say how a classifier is to be fitted: those whose class has photos in other parts too. Of the only photo of a class, or of
 * copies of it, a classifier that has never seen the class says nothing but how sure it is of the others; all, where there is no other.
 */
function judgesOf({ labels, folds }: LabelledFeatures): number[] {
  const parts = new Map<number, Set<number>>();
  for (const [photo, label] of labels.entries()) {
    const own = parts.get(label) ?? new Set();
    parts.set(label, own.add(folds[photo] ?? 0));
  }
  const all = Array.from(labels.keys());
  const able = all.filter((photo) => (parts.get(labels[photo] ?? 0)?.size ?? 0) > 1);
  return able.length > 0 ? able : all;
}

/** Features with mean 0, and in each map a common deviation of 1. */
interface Standardized extends Pick<UnitClassifier, "mean" | "deviation"> {
  readonly photos: TensorData<"float32">;
  readonly views: TensorData<"float32"> | undefined;
}

/** By the figures of the photos themselves: with and without views they are seen alike. */
function standardized({ features, views, widths }: LabelledFeatures): Standardized {
  const { mean, deviation } = featureFigures(features, widths);
  const figures = { mean, deviation };
  return { photos: scaledBy(figures, features), views: views && scaledBy(figures, views), ...figures };
}

/** Features as a classifier sees them. */
function scaledBy(
  { mean, deviation }: Pick<UnitClassifier, "mean" | "deviation">,
  { data, dims }: TensorData<"float32">,
): TensorData<"float32"> {
  const width = mean.length;
  return float32(
    data.map((value, index) => (value - (mean[index % width] ?? 0)) / (deviation[index % width] ?? 1)),
    dims,
  );
}

import type { Generator } from "../random/generator.js";
import { type Extrapolated, extrapolate, type FallingCurve } from "./extrapolation.js";
import { HeadFitter, type LabelledFeatures } from "./fit-head.js";
import type { Runtime } from "../runtime/runtime.js";
import { areRight, losses } from "./probabilities.js";
import { rowsAt } from "./rows.js";
import { greatest } from "../onnx/extremes.js";

/** How accurate the new classifier is that has learned from so many photos. */
export interface LearningPoint {
  readonly photos: number;
  /** In [0, 1], of photos that were held out. */
  readonly accuracy: number;
  readonly loss: number;
}

/** How much a classifier of a frozen network has from more photos. */
export interface LearningCurve {
  /** What was measured, the fewest photos first. */
  readonly points: readonly LearningPoint[];
  /** With all photos that there are, by the curve. */
  readonly now: ExtrapolatedPoint;
  /** With twice as many, by the curve. */
  readonly doubled: ExtrapolatedPoint;
  /** By how much the accuracy grows with twice as many. */
  readonly gain: Extrapolated;
  /** What the points lie on: the share that is wrong, and the loss. */
  readonly curves: { readonly error: FallingCurve; readonly loss: FallingCurve };
}

/** A point that was not measured. */
export interface ExtrapolatedPoint {
  readonly photos: number;
  readonly accuracy: Extrapolated;
  readonly loss: Extrapolated;
}

/** Shares of the photos that are learned from, ascending, the last of them 1: `1 / √photos`, along which errors fall, grows evenly. */
const sharesOfPhotos: readonly number[] = [0.125, 0.25, 0.5, 1];

/** How often photos are drawn for each share below 1. */
const drawsOfShare = 3;

/** Fewer photos a class than this, on the mean, teach nothing that goes on. */
const leastOfClass = 2;

/** What a curve is measured with, and who hears of it. */
export interface CurveJob {
  readonly runtime: Runtime;
  /** Where photos are drawn from. */
  readonly random: Generator;
  /** Told after each fit how many are done, of how many. */
  readonly onFit?: ((done: number, total: number) => void) | undefined;
  /** Ends it after the current fit. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Measures how a linear classifier gets better with photos, and goes on with the curve ({@link extrapolate}).
 *
 * @param set all photos
 * @param penalty from `HeadFitter.fit`
 * @returns `undefined` where it was ended, or there are too few photos for two sizes
 */
export async function learningCurve(
  set: LabelledFeatures,
  penalty: number,
  job: CurveJob,
): Promise<LearningCurve | undefined> {
  const sizes = await measureSizes(set, penalty, job);
  const now = set.labels.length;
  const { random } = job;
  if (sizes === undefined) return undefined;
  const errors = extrapolate(
    sizes.map(({ photos, wrong }) => ({ photos, values: wrong })),
    { from: now, to: 2 * now, random },
  );
  const loss = extrapolate(
    sizes.map(({ photos, lost }) => ({ photos, values: lost })),
    { from: now, to: 2 * now, random },
  );
  return {
    points: sizes.map(({ photos, wrong, lost }) => ({
      photos: Math.round(photos),
      accuracy: 1 - mean(wrong),
      loss: mean(lost),
    })),
    now: { photos: now, accuracy: rightOf(errors.from), loss: loss.from },
    doubled: { photos: 2 * now, accuracy: rightOf(errors.to), loss: loss.to },
    gain: errors.gain,
    curves: { error: errors.curve, loss: loss.curve },
  };
}

/** What was measured with one number of photos. */
interface Size {
  /** That were learned from, the mean of all classifiers. */
  readonly photos: number;
  /** For each photo the share of classifiers that did not recognise it. */
  readonly wrong: readonly number[];
  /** For each photo its mean loss. */
  readonly lost: readonly number[];
}

/**
 * Classifiers of each size learn from photos that are drawn class by class from four of the five parts, and the fifth part measures
 * them, so that all photos measure each size. The penalty is that of the whole: it says how large weights are expected to be, which
 * does not depend on how many photos there are.
 */
async function measureSizes(
  set: LabelledFeatures,
  penalty: number,
  { runtime, random, onFit, signal }: CurveJob,
): Promise<Size[] | undefined> {
  const { labels, folds, features } = set;
  const classes = greatest(labels) + 1;
  const parts = greatest(folds) + 1;
  const learnable = (labels.length * (parts - 1)) / parts;
  const shares = sharesOfPhotos.filter((share) => learnable * share >= leastOfClass * classes);
  if (shares.length < 2) return undefined;
  const roundsOf = (share: number): number => (share === 1 ? 1 : drawsOfShare);
  const total = shares.reduce((sum, share) => sum + roundsOf(share) * parts, 0);
  let done = 0;
  const fitter = await HeadFitter.create(runtime, features.dims[1] ?? 0, classes);
  const measure = async (share: number): Promise<Size | undefined> => {
    const [wrong, lost] = [new Float64Array(labels.length), new Float64Array(labels.length)];
    const fits = roundsOf(share) * parts;
    let learned = 0;
    for (let fit = 0; fit < fits; fit++) {
      if (signal?.aborted === true) return undefined;
      const part = fit % parts;
      const chosen = drawnByClass(labels, (photo) => folds[photo] !== part, share, random);
      const measuring = labels.flatMap((_, photo) => (folds[photo] === part ? [photo] : []));
      const own = measuring.map((photo) => labels[photo] ?? 0);
      const classifier = await fitter.refit(photosOf(set, chosen), penalty);
      const logits = await fitter.logits(rowsAt(features, measuring), classifier);
      const [right, loss] = [areRight(logits, own), losses(logits, own)];
      for (const [row, photo] of measuring.entries()) {
        wrong[photo] = (wrong[photo] ?? 0) + (right[row] === true ? 0 : 1) / roundsOf(share);
        lost[photo] = (lost[photo] ?? 0) + (loss[row] ?? Number.NaN) / roundsOf(share);
      }
      learned += chosen.length / fits;
      onFit?.(++done, total);
    }
    return { photos: learned, wrong: [...wrong], lost: [...lost] };
  };
  try {
    const sizes: Size[] = [];
    for (const share of shares) {
      const size = await measure(share);
      if (size === undefined) return undefined;
      sizes.push(size);
    }
    return sizes;
  } finally {
    await fitter.release();
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The accuracy of an error. */
function rightOf({ value, low, high }: Extrapolated): Extrapolated {
  return { value: 1 - value, low: 1 - high, high: 1 - low };
}

/** A share of each class, at least one photo of it. */
function drawnByClass(
  labels: readonly number[],
  allowed: (photo: number) => boolean,
  share: number,
  random: Generator,
): number[] {
  const byClass = new Map<number, number[]>();
  for (const [photo, label] of labels.entries()) {
    if (!allowed(photo)) continue;
    const known = byClass.get(label);
    if (known === undefined) byClass.set(label, [photo]);
    else known.push(photo);
  }
  return [...byClass.values()].flatMap((photos) =>
    share === 1 ? photos : random.shuffle(photos).slice(0, Math.max(1, Math.round(share * photos.length))),
  );
}

/** Some of the photos, themselves alone. */
function photosOf(
  { features, widths, labels, folds, weights }: LabelledFeatures,
  photos: readonly number[],
): LabelledFeatures {
  return {
    features: rowsAt(features, photos),
    widths,
    labels: photos.map((photo) => labels[photo] ?? 0),
    folds: photos.map((photo) => folds[photo] ?? 0),
    weights: weights && photos.map((photo) => weights[photo] ?? 1),
  };
}

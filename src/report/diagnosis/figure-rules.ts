import { count } from "../../errors/words.js";
import { wilsonInterval } from "../interval.js";
import { percent } from "../words.js";
import type { Finding } from "./finding.js";

/** What a training has reached, and on how many samples that was measured. */
export interface Figures {
  /** On the training samples, in [0, 1]. */
  readonly accuracy?: number | undefined;
  /** On samples that taught nothing, in [0, 1]. */
  readonly valAccuracy?: number | undefined;
  readonly trainingSamples?: number | undefined;
  readonly validationSamples?: number | undefined;
  /** Share of the largest class, which a classifier that has learned nothing is right on; default 0. */
  readonly chance?: number | undefined;
  /** Whether the training accuracy is one of augmented samples or with dropout, and so lower than it would be without; default false. */
  readonly altered?: boolean | undefined;
}

/** Training accuracy this far above validation accuracy is told. */
const wideGap = 0.1;
/** A 95 % interval of the validation accuracy wider than this is told. */
const wideInterval = 0.1;
/** Standard errors that a difference needs: 1 % on one side. */
const sure = 2.3263;

/**
 * Overfitting, by the figures: the training accuracy is above the validation accuracy by 10 points, and by 2.33 standard errors of the
 * difference.
 */
export function overfitFigures(figures: Figures): Finding | undefined {
  const { accuracy = NaN, valAccuracy = NaN, validationSamples = 0 } = figures;
  const gap = accuracy - valAccuracy;
  if (validationSamples === 0 || !(gap > wideGap && gap > sure * errorOfGap(figures))) return undefined;
  return {
    code: "overfitting",
    message:
      `The training accuracy (${percent(accuracy)}) is far above the validation accuracy ` +
      `(${percent(valAccuracy)}): the network has learned these photos by heart. More photos help most, then augmentation and dropout.`,
  };
}

/**
 * Underfitting: of what chance leaves open, not half is right even on the training samples: the upper end of the accuracy's 95 %
 * interval is below `chance + (1 − chance) / 2`. And the validation accuracy is as low: the training accuracy is not above it by 2.33
 * standard errors of the difference. Where augmentation or dropout lowers the training accuracy, the validation accuracy must lie as
 * low with its interval.
 */
export function underfitting(figures: Figures): Finding | undefined {
  const { accuracy = NaN, valAccuracy = accuracy, chance = 0, altered = false } = figures;
  const { trainingSamples = 0, validationSamples = 0 } = figures;
  const low = (share: number, samples: number): boolean => wilsonInterval(share, samples).high < (1 + chance) / 2;
  if (!low(accuracy, trainingSamples) || accuracy - valAccuracy > sure * errorOfGap(figures)) return undefined;
  if (altered && !low(valAccuracy, validationSamples)) return undefined;
  return {
    code: "underfitting",
    message:
      `Even of the photos that it has learned from, the classifier recognises only ${percent(accuracy)} ` +
      `(${percent(chance)} would be right by chance): it is too weak for these classes, or their labels are wrong. Train more layers of the ` +
      "network, use a larger network or larger images, and look at some photos of each class.",
  };
}

/** Noisy validation, by the figures: the 95 % interval of the validation accuracy (Wilson's) is wider than 10 points. */
export function noisyFigures({ valAccuracy = NaN, validationSamples = 0 }: Figures): Finding | undefined {
  const { low, high } = wilsonInterval(valAccuracy, validationSamples);
  if (validationSamples === 0 || !(high - low > wideInterval)) return undefined;
  return {
    code: "noisy-validation",
    message:
      `${count(validationSamples, "photo")} measure roughly: the accuracy on all photos of this kind lies ` +
      `between ${percent(low)} and ${percent(high)} (95 % interval). Do not choose by smaller differences, or validate with more photos.`,
  };
}

/**
 * Validation too easy: the validation accuracy is above the training accuracy by more than 2.33 standard errors of the difference.
 * Where augmentation or dropout lowers the training accuracy, that is as it should be, and nothing is said.
 */
export function validationTooEasy(figures: Figures): Finding | undefined {
  const { accuracy = NaN, valAccuracy = NaN, validationSamples = 0, altered = false } = figures;
  if (altered || validationSamples === 0 || !(valAccuracy - accuracy > sure * errorOfGap(figures))) return undefined;
  return {
    code: "validation-too-easy",
    message:
      `The validation accuracy (${percent(valAccuracy)}) is above the training accuracy (${percent(accuracy)}) by more than chance ` +
      "explains: the validation photos are easier than the others, or some resemble training photos. Draw both from the same photos, and " +
      "keep photos of one thing on one side.",
  };
}

/**
 * Standard error of the difference of both accuracies if both were the same, `√(p (1 − p) (1/n + 1/m))` with `p` of all samples
 * together. Training samples that are not said are taken for as many as validation samples.
 */
function errorOfGap({ accuracy = NaN, valAccuracy = NaN, trainingSamples, validationSamples = 0 }: Figures): number {
  if (validationSamples === 0) return 0;
  const learned = trainingSamples ?? validationSamples;
  const share = (accuracy * learned + valAccuracy * validationSamples) / (learned + validationSamples);
  return Math.sqrt(share * (1 - share) * (1 / learned + 1 / validationSamples));
}

import { count } from "../../errors/words.js";
import { percent } from "../words.js";
import type { Finding } from "./finding.js";
import { jitterOf, mean, median, riseAfterLowest, trendOf } from "./trend.js";

/** Figures of the epochs of one training by steps, one value an epoch. */
export interface Curves {
  readonly loss: readonly number[];
  readonly valLoss?: readonly number[] | undefined;
  /** Number of the first epoch; default 1. */
  readonly firstEpoch?: number | undefined;
}

/** The least epochs for rules about noise and about the end of a curve. */
const leastEpochs = 8;

/**
 * What rises less than this share of the first loss, or falls less than this share of the last one, is not worth a word, however
 * sure it is.
 */
const worthAWord = 0.05;

/** The chance of 1 % on one side, in standard errors. */
const unlikely = 2.3263;

/**
 * Overfitting: the validation loss rises after its lowest epoch ({@link riseAfterLowest}), by 5 % of it or more, while the training
 * loss goes on falling: its mean over the last third of these epochs is below that of the lowest epoch.
 */
export function overfitCurve({ loss, valLoss, firstEpoch = 1 }: Curves): Finding | undefined {
  const rise = valLoss && riseAfterLowest(valLoss);
  if (rise === undefined) return undefined;
  const { lowest, from, to } = rise;
  if (to - from < worthAWord * from || endOf(loss.slice(lowest + 1)) >= (loss[lowest] ?? Number.NaN)) return undefined;
  return {
    code: "overfitting",
    message:
      `From epoch ${firstEpoch + lowest} on the validation loss rises (${figure(from)} to ${figure(to)}) while the training loss ` +
      "goes on falling: what is learned from there on are these photos, not their classes. End the training there, or use more " +
      "photos, augmentation or dropout.",
  };
}

/**
 * Still improving: the line through the last third of the validation losses (4 epochs or more) falls with z < −2.33, by 5 % of the
 * loss or more, and the lowest of all epochs is one of these.
 */
export function stillImproving({ valLoss = [] }: Curves): Finding | undefined {
  if (valLoss.length < leastEpochs || !valLoss.every(Number.isFinite)) return undefined;
  const end = lastThird(valLoss);
  const { z, first, last } = trendOf(end, jitterOf(valLoss).deviation);
  if (z > -unlikely || first - last < worthAWord * last || Math.min(...end) > Math.min(...valLoss)) return undefined;
  return {
    code: "still-improving",
    message:
      `The validation loss still falls at the end (${figure(first)} to ${figure(last)} over the last ` +
      `${count(end.length, "epoch")}): train for more epochs.`,
  };
}

/**
 * Learning rate too high: the training loss is no finite number; or rises after its lowest epoch ({@link riseAfterLowest}), by 5 % of
 * the first loss or more; or leaps to more than 1.5 times what it was an epoch before, by more than 6 deviations from epoch to epoch
 * ({@link jitterOf}) and a tenth of the first loss, 8 epochs or more. Where training begins with what has learned these photos
 * already, its first loss says little: the median of the validation losses counts instead, if that is higher.
 */
export function learningRateTooHigh({ loss, valLoss = [], firstEpoch = 1 }: Curves): Finding | undefined {
  const height = Math.max(loss[0] ?? Number.NaN, valLoss.length === 0 ? 0 : median(valLoss));
  const what = explosion(loss, firstEpoch) ?? ascent(loss, height, firstEpoch) ?? leap(loss, height, firstEpoch);
  if (what === undefined) return undefined;
  return {
    code: "learning-rate-too-high",
    message: `${what}: the steps are too large. Divide the learning rate by 3 to 10.`,
  };
}

function explosion(loss: readonly number[], firstEpoch: number): string | undefined {
  const lost = loss.findIndex((value) => !Number.isFinite(value));
  return lost < 0 ? undefined : `In epoch ${firstEpoch + lost} the training loss is ${loss[lost]}`;
}

function ascent(loss: readonly number[], height: number, firstEpoch: number): string | undefined {
  const rise = riseAfterLowest(loss);
  if (rise === undefined || rise.to - rise.from < worthAWord * height) return undefined;
  return `From epoch ${firstEpoch + rise.lowest} on the training loss itself rises (${figure(rise.from)} to ${figure(rise.to)})`;
}

function leap(loss: readonly number[], height: number, firstEpoch: number): string | undefined {
  if (loss.length < leastEpochs) return undefined;
  const least = Math.max(6 * jitterOf(loss).deviation, 0.1 * height);
  const place = loss.findIndex((value, epoch) => {
    const before = loss[epoch - 1] ?? value;
    return value > 1.5 * before && value - before > least;
  });
  if (place < 0) return undefined;
  return `In epoch ${firstEpoch + place} the training loss leaps from ${figure(loss[place - 1] ?? NaN)} to ${figure(loss[place] ?? NaN)}`;
}

/**
 * Noisy validation, by the epochs: from one to the next the validation loss deviates from a smooth curve by more than a tenth of its
 * median, with a chance of 80 % ({@link jitterOf}), 8 epochs or more.
 */
export function noisyCurve({ valLoss = [] }: Curves): Finding | undefined {
  if (valLoss.length < leastEpochs || !valLoss.every(Number.isFinite)) return undefined;
  const { deviation, atLeast } = jitterOf(valLoss);
  const usual = median(valLoss);
  if (atLeast <= 0.1 * usual) return undefined;
  // The lowest of n normal numbers lies about √(2 ln n) deviations below their mean.
  const luck = deviation * Math.sqrt(2 * Math.log(valLoss.length));
  return {
    code: "noisy-validation",
    message:
      `From epoch to epoch the validation loss leaps by ${percent(deviation / usual)} of itself: the best of ` +
      `${count(valLoss.length, "epoch")} looks better than it is by about ${figure(luck)}, by luck alone. Validate with more photos, ` +
      "or lower the learning rate.",
  };
}

function lastThird(values: readonly number[]): readonly number[] {
  return values.slice(-Math.max(4, Math.ceil(values.length / 3)));
}

function endOf(values: readonly number[]): number {
  return mean(values.slice(-Math.max(1, Math.ceil(values.length / 3))));
}

function figure(value: number): string {
  return value.toPrecision(3);
}

import { checkOptionNames, isPlainObject, numberWithin, refuse, wholeNumber } from "../../errors/check.js";
import type { HistoryLists } from "../curves.js";
import { type Curves, learningRateTooHigh, noisyCurve, overfitCurve, stillImproving } from "./curve-rules.js";
import { type Figures, noisyFigures, overfitFigures, underfitting, validationTooEasy } from "./figure-rules.js";
import type { Finding } from "./finding.js";

/** What a history does not say of a training. Rules that need what is not given are left out. */
export interface DiagnoseOptions {
  /** Samples that the validation figures were measured on. */
  readonly validationSamples?: number | undefined;
  /** Samples that were learned from. */
  readonly trainingSamples?: number | undefined;
  /** Share of the largest class, in [0, 1]: what is right by chance, `1 / classes` where all have as many samples; default 0. */
  readonly chance?: number | undefined;
  /**
   * Whether training figures are of augmented samples, or with dropout, and so worse than they would be without; default
   * false.
   */
  readonly augmented?: boolean | undefined;
}

/**
 * What curves and figures of one training say, one finding a code.
 *
 * @param curves of a training by steps; `undefined` where there was none
 * @param figures of what was kept
 * @param overfitting what a rule says of it: by the curves alone ({@link overfitCurve}), or by the figures too ({@link overfitFigures})
 */
export function findings(curves: Curves | undefined, figures: Figures, overfitting: Finding | undefined): Finding[] {
  const still = curves && stillImproving(curves);
  const found = [
    curves && learningRateTooHigh(curves),
    overfitting,
    // Of a training that has not ended nobody knows what it can learn.
    still ?? underfitting(figures),
    (curves && noisyCurve(curves)) ?? noisyFigures(figures),
    validationTooEasy(figures),
  ];
  return found.filter((finding) => finding !== undefined);
}

const accuracyNames = ["accuracy", "acc", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy"];

/**
 * What the curves of a training suffer from, in words, with what to do. The rules, their numbers and how often each is wrong
 * stand in docs/training-advice.md; curves without a fault give a warning at most once in twenty times.
 *
 * @param history lists of the epochs' figures, as `history.history` of `fit`: `loss`, `val_loss`, `accuracy` or `acc`, `val_accuracy` or
 *   `val_acc`; rules for which figures are missing are left out
 * @param options how many samples the figures stand for
 * @returns at most one finding for each code; none where nothing is wrong
 * @throws UsageError when there is no `loss`
 * @see https://www.tensorflow.org/tutorials/keras/overfit_and_underfit
 *
 * @example
 * ```ts
 * import { diagnose } from "graft-ml";
 *
 * // As fit gives it: const { history } = await model.fit(…).
 * const history = {
 *   loss: [0.9, 0.6, 0.4, 0.3, 0.22, 0.16, 0.12, 0.09, 0.07, 0.05],
 *   val_loss: [1.0, 0.8, 0.72, 0.74, 0.78, 0.83, 0.87, 0.93, 0.97, 1.02],
 * };
 * console.log(diagnose(history).map(({ code }) => code)); // → [ 'overfitting' ]
 * ```
 */
export function diagnose(history: HistoryLists, options: DiagnoseOptions = {}): Finding[] {
  checkOptionNames("diagnose", options, ["validationSamples", "trainingSamples", "chance", "augmented"]);
  const given: unknown = history;
  if (!isPlainObject(given) || !Object.values(given).every((list) => Array.isArray(list))) {
    refuse("diagnose", "history", "lists of numbers by name, as history.history of fit", given);
  }
  const { loss, val_loss: valLoss } = history;
  if (loss === undefined || loss.length === 0) {
    refuse("diagnose", "history", '"loss" with a number for each epoch', Object.keys(history));
  }
  const { validationSamples, trainingSamples, chance, augmented } = options;
  if (validationSamples !== undefined) wholeNumber("diagnose", "validationSamples", validationSamples);
  if (trainingSamples !== undefined) wholeNumber("diagnose", "trainingSamples", trainingSamples);
  if (chance !== undefined) numberWithin("diagnose", "chance", chance, 0, 1);
  const name = accuracyNames.find((known) => known in history) ?? "";
  const reached = figuresOf(loss, valLoss, history[name], history[`val_${name}`]);
  const curves = { loss, valLoss };
  const figures = { ...reached, validationSamples, trainingSamples, chance, altered: augmented };
  return findings(curves, figures, overfitCurve(curves) ?? overfitFigures(figures));
}

/** Accuracies of the epoch that early stopping would keep: that of the lowest validation loss, or the last. */
function figuresOf(
  loss: readonly number[],
  valLoss: readonly number[] | undefined,
  accuracy: readonly number[] | undefined,
  valAccuracy: readonly number[] | undefined,
): Pick<Figures, "accuracy" | "valAccuracy"> {
  const lowest = valLoss?.indexOf(Math.min(...valLoss.filter(Number.isFinite))) ?? loss.length - 1;
  return { accuracy: accuracy && endOfEpoch(accuracy, lowest), valAccuracy: valAccuracy?.[lowest] };
}

/**
 * The training accuracy at the end of an epoch, where validation is measured. What `fit` says of an epoch is a mean over it, while
 * the weights get better: the next epoch's is nearer, and behind the last one it goes on as far as it went in it.
 *
 * @returns `undefined` where there is only one epoch: nobody knows how fast it went
 */
function endOfEpoch(accuracy: readonly number[], epoch: number): number | undefined {
  const own = accuracy[epoch] ?? Number.NaN;
  const [before, next] = [accuracy[epoch - 1], accuracy[epoch + 1]];
  if (next !== undefined) return Math.max(own, next);
  return before === undefined ? undefined : Math.min(1, own + Math.max(0, own - before));
}

import { ShapeError } from "../errors/errors.js";
import { calibrationError } from "./calibration.js";
import { expectedAccuracy, type ExpectedAccuracy } from "./interval.js";
import { mostProbable } from "./most-probable.js";
import { textTable } from "./text-table.js";

/** How a classifier does on the photos of one class. */
export interface ClassFigures {
  readonly label: string;
  /** Photos that are of this class. */
  readonly photos: number;
  /** Photos that were taken for this class, rightly or wrongly. */
  readonly predicted: number;
  /** Share of its photos that were recognised; `null` without photos. */
  readonly recall: number | null;
  /** Share of what was taken for it that is right; `null` when nothing was. */
  readonly precision: number | null;
  /** `2 · recall · precision / (recall + precision)`; `null` where there is neither such a photo nor such a prediction. */
  readonly f1: number | null;
}

/** How a classifier does on labelled photos. */
export interface Evaluation {
  readonly photos: number;
  /** Mean of −log of the probability that the right class got. */
  readonly loss: number;
  readonly accuracy: number;
  /** The 95 % interval of the accuracy that new photos of the same kind will show, and how many photos it is of. */
  readonly accuracyInterval: ExpectedAccuracy;
  /** Mean recall of the classes that have photos: what a large class cannot hide. */
  readonly balancedAccuracy: number;
  /** How far probabilities are from the shares that are right, see `calibrationError`. */
  readonly calibrationError: number;
  readonly perClass: readonly ClassFigures[];
  /** `[class][predicted class]`: numbers of photos. */
  readonly confusion: readonly (readonly number[])[];
}

/** Keras's epsilon: a probability of 0 must not make the loss infinite. */
const epsilon = 1e-7;

/**
 * Compares probabilities with what the photos are.
 *
 * @param labels names of the classes
 * @param truth index of each photo's class
 * @param probabilities for each photo one for each class
 * @throws ShapeError when the lengths do not fit
 */
export function evaluation(
  labels: readonly string[],
  truth: readonly number[],
  probabilities: readonly ArrayLike<number>[],
): Evaluation {
  const wrong = probabilities.find(({ length }) => length !== labels.length);
  if (truth.length !== probabilities.length || wrong !== undefined) {
    throw new ShapeError("Labels and probabilities do not fit together.", {
      subject: "probabilities",
      expected: `${truth.length} rows of ${labels.length}`,
      received: wrong === undefined ? `${probabilities.length} rows` : `a row of ${wrong.length}`,
    });
  }
  const confusion = labels.map(() => labels.map(() => 0));
  let loss = 0;
  let right = 0;
  truth.forEach((label, index) => {
    const row = probabilities[index] ?? [];
    const predicted = mostProbable(row);
    const counts = confusion[label];
    if (counts === undefined) {
      throw new ShapeError(`The photo number ${index} has a class that does not exist.`, {
        subject: "truth",
        expected: `0 to ${labels.length - 1}`,
        received: String(label),
      });
    }
    counts[predicted] = (counts[predicted] ?? 0) + 1;
    loss -= Math.log(Math.max(row[label] ?? 0, epsilon));
    if (predicted === label) right++;
  });
  const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
  const perClass = labels.map((label, index): ClassFigures => {
    const hits = confusion[index]?.[index] ?? 0;
    const photos = (confusion[index] ?? []).reduce((sum, count) => sum + count, 0);
    const predicted = confusion.reduce((sum, row) => sum + (row[index] ?? 0), 0);
    const f1 = share(2 * hits, photos + predicted);
    return { label, photos, predicted, recall: share(hits, photos), precision: share(hits, predicted), f1 };
  });
  const photos = truth.length;
  // Of no photos, both are 0 rather than NaN, which JSON cannot say.
  const accuracy = share(right, photos) ?? 0;
  return {
    photos,
    loss: photos === 0 ? 0 : loss / photos,
    accuracy,
    accuracyInterval: expectedAccuracy(accuracy, photos),
    balancedAccuracy: meanOf(perClass.flatMap(({ recall }) => (recall === null ? [] : [recall]))),
    calibrationError: calibrationError(truth, probabilities),
    perClass,
    confusion,
  };
}

function meanOf(numbers: readonly number[]): number {
  return numbers.length === 0 ? 0 : numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

/** Up to how many classes all are shown; beyond, the table and the matrix would not fit on a screen. */
const fewClasses = 20;
const squareClasses = 10;
const worst = 10;

function percent(share: number | null): string {
  return share === null ? "–" : `${(100 * share).toFixed(1)} %`;
}

/**
 * The per-class figures as plain text. With more than twenty classes, those that do worst.
 *
 * @returns lines without the final newline
 */
export function perClassText({ perClass }: Evaluation): string {
  const shown =
    perClass.length <= fewClasses
      ? perClass
      : [...perClass]
          .filter(({ photos }) => photos > 0)
          .sort((a, b) => (a.recall ?? 0) - (b.recall ?? 0) || (a.precision ?? 0) - (b.precision ?? 0))
          .slice(0, worst);
  const table = textTable(
    ["class", "photos", "recognised", "precision", "F1"],
    shown.map(({ label, photos, recall, precision, f1 }) => [
      ...[label, String(photos), percent(recall), percent(precision), percent(f1)],
    ]),
    ["left", "right", "right", "right", "right"],
  );
  return shown.length === perClass.length
    ? table
    : `The ${shown.length} of ${perClass.length} classes that are recognised least:\n${table}`;
}

/**
 * The confusion as plain text: up to ten classes as a matrix, beyond as a list of the most frequent mistakes.
 *
 * @returns lines without the final newline
 */
export function confusionText({ confusion, perClass }: Evaluation): string {
  const labels = perClass.map(({ label }) => label);
  if (labels.length <= squareClasses) {
    // Columns bear numbers, because names side by side are wider than a terminal.
    const table = textTable(
      ["", "photos of", ...labels.map((_, index) => String(index + 1))],
      confusion.map((row, index) => [
        String(index + 1),
        labels[index] ?? "",
        ...row.map((count) => (count === 0 ? "·" : String(count))),
      ]),
      ["right", "left", ...labels.map((): "right" => "right")],
    );
    return `What they were taken for, by number:\n${table}`;
  }
  const mistakes = confusion
    .flatMap((row, truth) => row.map((count, predicted) => ({ truth, predicted, count })))
    .filter(({ truth, predicted, count }) => truth !== predicted && count > 0)
    .sort((a, b) => b.count - a.count);
  if (mistakes.length === 0) return "No photo was taken for another class.";
  const table = textTable(
    ["photos of", "taken for", "times"],
    mistakes
      .slice(0, worst)
      .map(({ truth, predicted, count }) => [labels[truth] ?? "", labels[predicted] ?? "", String(count)]),
    ["left", "left", "right"],
  );
  const more = mistakes.length - worst;
  return `The most frequent mistakes${more > 0 ? ` (${more} more pairs of classes were mixed up)` : ""}:\n${table}`;
}

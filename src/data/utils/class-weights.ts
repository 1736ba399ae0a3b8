import { isWhole, show } from "../../errors/check.js";
import { UsageError } from "../../errors/errors.js";
import { flat, type Numbers } from "./numbers.js";

const owner = "classWeights";

/**
 * Weights of classes by which each class counts alike in the loss, however many samples it has:
 * `samples / (classes · samples of the class)`. It is what `fit` takes as `classWeight`; the mean weight of a sample is 1.
 *
 * ```ts
 * utils.classWeights([0, 0, 0, 1]); // { 0: 0.667, 1: 2 }
 * await model.fit(flow, { classWeight: utils.classWeights(flow.classes) });
 * ```
 *
 * @param labels number of each sample's class, `[samples]` or `[samples, 1]`, or one-hot rows `[samples, classes]`, such as a
 *   flow's `classes`; a class without samples has no weight and is not counted
 * @returns weights above 0 by class number
 * @throws UsageError without labels, or for one that is no class
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.utils.class_weight.compute_class_weight.html with "balanced"
 */
export function classWeights(labels: Numbers): Record<number, number> {
  const counts = new Map<number, number>();
  const numbers = classNumbers(labels);
  for (const label of numbers) counts.set(label, (counts.get(label) ?? 0) + 1);
  return Object.fromEntries([...counts].map(([label, count]) => [label, numbers.length / (counts.size * count)]));
}

function classNumbers(labels: Numbers): readonly number[] {
  const { values, dims } = flat(labels, owner, "labels");
  const [samples = 1, classes = 1] = dims;
  if (dims.length === 0 || dims.length > 2) {
    throw refusedLabels(`numbers of shape [${dims.join(", ")}]`);
  }
  if (values.length === 0) throw refusedLabels("no labels");
  if (dims.length === 2 && classes > 1)
    return Array.from({ length: samples }, (_, row) => marked(values, row, classes));
  const numbers = Array.from(values);
  const wrong = numbers.findIndex((value) => !isWhole(value, 0));
  if (wrong >= 0) throw refusedLabels(`${show(numbers[wrong])} as number ${wrong}`);
  return numbers;
}

/** The only column of a one-hot row that holds 1. */
function marked(values: ArrayLike<number>, row: number, classes: number): number {
  const own = Array.from({ length: classes }, (_, column) => values[row * classes + column] ?? Number.NaN);
  const ones = own.filter((value) => value === 1).length;
  if (ones === 1 && own.every((value) => value === 0 || value === 1)) return own.indexOf(1);
  throw refusedLabels(`the row ${show(own)} as number ${row}`);
}

function refusedLabels(received: string): UsageError {
  return new UsageError(`${owner} cannot take these labels.`, {
    subject: "labels",
    expected: "the number of each sample's class, from 0, or one-hot rows",
    received,
    advice:
      "Give one class a sample: names of classes are numbered first, and smoothed labels are counted before smoothing.",
  });
}

import { mostProbable } from "./most-probable.js";

/** A photo that was taken for another class. */
export interface Mistake {
  /** Which of the photos that were asked. */
  readonly index: number;
  readonly truth: number;
  readonly predicted: number;
  /** Probabilities of these two classes. */
  readonly ofTruth: number;
  readonly ofPredicted: number;
}

/**
 * The photos whose own class got the least probability, of those that were taken for another one.
 *
 * @param truth index of each photo's class
 * @param probabilities for each photo one for each class
 * @param most how many
 * @returns the worst first; of those that are equal, the first one first
 */
export function worstMistakes(
  truth: readonly number[],
  probabilities: readonly ArrayLike<number>[],
  most: number,
): readonly Mistake[] {
  return truth
    .map((own, index): Mistake => {
      const row = probabilities[index] ?? [];
      const predicted = mostProbable(row);
      return { index, truth: own, predicted, ofTruth: row[own] ?? 0, ofPredicted: row[predicted] ?? 0 };
    })
    .filter((mistake) => mistake.truth !== mistake.predicted)
    .sort((a, b) => a.ofTruth - b.ofTruth || a.index - b.index)
    .slice(0, most);
}

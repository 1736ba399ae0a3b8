import { namedRecord } from "../errors/named-record.js";
import type { Classifier, Prediction } from "../recipe/classifier.js";
import { predictionSet } from "../recipe/prediction-set.js";
import { mostProbable } from "../report/most-probable.js";
import type { JobEvent } from "./events.js";

/** What is said of a photo, in the words of the event `prediction`. */
export type PredictionFacts = Omit<Extract<JobEvent, { event: "prediction" }>, "event" | "path">;

/** The classes that are the most probable, the first of equal ones in front. */
function mostProbableOf(probabilities: Float32Array, top: number): readonly number[] {
  return Array.from(probabilities.keys())
    .sort((a, b) => (probabilities[b] ?? 0) - (probabilities[a] ?? 0) || a - b)
    .slice(0, top);
}

/**
 * Puts what a classifier says of a photo into words that all faces have.
 *
 * @param top how many of the most probable labels are listed; default none
 */
export function predictionFacts(
  { labels, setThreshold }: Pick<Classifier, "labels" | "setThreshold">,
  { probabilities, distance, foreign }: Prediction,
  top?: number,
): PredictionFacts {
  const best = mostProbable(probabilities);
  const named = setThreshold === undefined ? undefined : predictionSet(probabilities, setThreshold);
  const withProbability = (index: number): { readonly label: string; readonly probability: number } => ({
    label: labels[index] ?? "",
    probability: probabilities[index] ?? 0,
  });
  return {
    ...withProbability(best),
    labels: named?.map((index) => labels[index] ?? ""),
    probabilities: namedRecord(labels.map((name, index) => [name, probabilities[index] ?? 0])),
    top: top === undefined ? undefined : mostProbableOf(probabilities, top).map(withProbability),
    distance,
    foreign,
  };
}

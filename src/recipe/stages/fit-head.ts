import type { TrainedClassifier } from "../fine-tune-types.js";
import { createHead, graftHead } from "../head.js";
import type { FittedAndMeasured } from "../head-stage.js";
import type { ViewFeatures } from "../photo-features.js";
import { headFits, type Stage, type Work } from "./stage.js";

/** The photos have crossed the frozen network; a linear classifier is fitted to what came out. */
export const fitHead: Stage = async (work) => {
  const fitted = await fitAndTell(work);
  work.head = fitted;
  return classifierOf(work, fitted);
};

/**
 * Fits a linear classifier, measures it and tells of it.
 *
 * @param views what the network makes of views of the photos; default of the photos themselves
 */
export async function fitAndTell(work: Work, views?: ViewFeatures): Promise<FittedAndMeasured> {
  const { job, heads, rows, started } = work;
  const fitted = await heads.fit(rows.length + 1, started, views);
  rows.push(fitted.row);
  job.onEvent?.({ event: "epoch", epochs: headFits, ...fitted.row });
  return fitted;
}

/** The frozen network with a fitted head, whose probabilities hold. */
export function classifierOf(
  { network, random }: Work,
  { classifier, temperature, row, heldOut, learnedFrom }: FittedAndMeasured,
): TrainedClassifier {
  const model = graftHead(network, createHead(classifier, random, temperature));
  return { model, row, heldOut, learnedFrom };
}

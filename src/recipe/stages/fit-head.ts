import type { TrainedClassifier } from "../fine-tune-types.js";
import { createHead, graftHead } from "../head.js";
import type { FittedAndMeasured } from "../head-stage.js";
import type { ViewFeatures } from "../photo-features.js";
import { announce, type Stage, type Work } from "./stage.js";

/** The photos have crossed the frozen network; a linear classifier is fitted to what came out. */
export const fitHead: Stage = async (work) => {
  announce(work, "head");
  const fitted = await fitAndTell(work);
  return kept(work, fitted);
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
  job.onEvent?.({ event: "epoch", epochs: rows.length, ...fitted.row });
  return fitted;
}

/** Makes this the best head so far, and a classifier of it: the frozen network with the head, whose probabilities hold. */
export async function kept(work: Work, fitted: FittedAndMeasured): Promise<TrainedClassifier> {
  const { network, random, heads } = work;
  const { classifier, temperature, row, heldOut, learnedFrom } = fitted;
  work.head = fitted;
  work.bestLogits = fitted.logits;
  const model = graftHead(network.model, createHead(classifier, random, temperature));
  return { model, row, heldOut, learnedFrom, familiar: await heads.familiarPhotos(), unfrozenFrom: "none" };
}

import type { FineTuneResult } from "../recipe/fine-tune-types.js";
import { findings } from "../report/diagnosis/diagnose.js";
import type { Finding } from "../report/diagnosis/finding.js";

/**
 * What the figures of a run suffer from: the rules about curves look at the epochs in which the network itself was trained, those
 * about figures at what was kept.
 */
export function figureWarnings({
  best,
  epochs,
  heldOut,
  learnedFrom,
  photos,
}: Pick<FineTuneResult, "best" | "epochs" | "heldOut" | "learnedFrom" | "photos">): Finding[] {
  // Fits of the new classifier are no epochs: none goes on where the one before has ended.
  const stepped = epochs.filter(({ phase }) => phase !== "head");
  const curves = stepped.length > 0 && {
    loss: stepped.map(({ loss }) => loss),
    valLoss: stepped.map(({ val_loss }) => val_loss),
    firstEpoch: stepped[0]?.epoch,
  };
  return findings(curves === false ? undefined : curves, {
    accuracy: best.accuracy,
    valAccuracy: best.val_accuracy,
    trainingSamples: photos.training,
    validationSamples: heldOut.truth.length,
    chance: largestShare(learnedFrom.map(({ classIndex }) => classIndex)),
    // The network itself is trained on views of the photos.
    altered: best.phase !== "head",
  });
}

/** The share of the largest class; 0 where there are no photos. */
function largestShare(labels: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return Math.max(0, ...counts.values()) / Math.max(1, labels.length);
}

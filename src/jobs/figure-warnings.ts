import type { EpochRow, FineTuneResult } from "../recipe/fine-tune-types.js";
import { type Curves, overfitCurve } from "../report/diagnosis/curve-rules.js";
import { findings } from "../report/diagnosis/diagnose.js";
import { seesNoDifference, tooFewPhotos } from "../report/diagnosis/photo-rules.js";
import type { Finding } from "../report/diagnosis/finding.js";
import { greatest, least } from "../onnx/extremes.js";

/**
 * What the figures of a run suffer from: the rules about curves look at the epochs in which the network itself was trained, those
 * about figures at what was kept. Overfitting is said by curves alone: the penalty of the head is chosen by photos that were held out.
 */
export function figureWarnings({
  best,
  epochs,
  heldOut,
  learnedFrom,
  photos,
  alike,
  learningCurve,
}: Pick<
  FineTuneResult,
  "best" | "epochs" | "heldOut" | "learnedFrom" | "photos" | "alike" | "learningCurve"
>): Finding[] {
  // Fits of the new classifier are no epochs: none goes on where the one before has ended. A later training begins anew.
  const last = epochs.at(-1)?.phase;
  const stepped = epochs.filter(({ phase }) => phase !== "head" && phase === last);
  const curves = stepped.length === 0 ? undefined : curvesOf(stepped);
  const counts = countsOf(learnedFrom.map(({ classIndex }) => classIndex));
  const figures = {
    accuracy: best.accuracy,
    valAccuracy: best.val_accuracy,
    trainingSamples: photos.training,
    validationSamples: heldOut.truth.length,
    chance: counts.length === 0 ? 0 : greatest(counts) / learnedFrom.length,
    // The network itself is trained on views of the photos.
    altered: best.phase !== "head",
  };
  // A classifier of a thousand numbers a photo is right on all of its own photos also where it has bent no more than held-out photos
  // ask for: how far it lies above them says nothing. That they say less and less of it while it is trained does.
  const found = alikeFeatures(
    alike && best.phase === "head",
    findings(curves, figures, curves && overfitCurve(curves)),
  );
  const rarest = counts.length === 0 ? 0 : least(counts);
  const few = tooFewPhotos(learningCurve, { rarest, accuracy: best.val_accuracy });
  return few === undefined ? found : [...found, few];
}

/** Where the network sees no difference, nothing else explains that so little was learned. */
function alikeFeatures(alike: boolean, found: Finding[]): Finding[] {
  return alike ? [seesNoDifference(), ...found.filter(({ code }) => code !== "underfitting")] : found;
}

/** The curves of a training by steps. */
function curvesOf(epochs: readonly EpochRow[]): Curves {
  return {
    loss: epochs.map(({ loss }) => loss),
    valLoss: epochs.map(({ val_loss }) => val_loss),
    firstEpoch: epochs[0]?.epoch,
  };
}

/** How many photos each class has that has any. */
function countsOf(labels: readonly number[]): number[] {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts.values()];
}

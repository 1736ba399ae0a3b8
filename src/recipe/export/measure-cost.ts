import type { Photo } from "../../photos/photo.js";
import type { Runtime } from "../../runtime/runtime.js";
import { FileError } from "../../errors/errors.js";
import { count } from "../../errors/words.js";
import { createClassifier } from "../classifier.js";
import { lookAtPhotos } from "../look-at-photos.js";
import type { Effort } from "./effort.js";
import type { ExportableClassifier } from "./exportable.js";
import type { ExportCost } from "./target.js";

/** What a classifier says of each photo; nothing of one that it cannot look at. */
async function answersOf(
  runtime: Runtime,
  { bytes, file }: { readonly bytes: Uint8Array; readonly file: string },
  photos: readonly Photo[],
  effort: Effort,
): Promise<(Float32Array | undefined)[]> {
  const classifier = await createClassifier(runtime, bytes, file, photos.length);
  const answers: (Float32Array | undefined)[] = [];
  try {
    for await (const looked of lookAtPhotos(classifier, photos)) {
      answers.push("reason" in looked ? undefined : looked.probabilities.slice());
      effort.step();
    }
  } finally {
    await classifier.release();
  }
  return answers;
}

/**
 * Measures what an export costs.
 *
 * @param classifier the run's
 * @param exports bytes of what is written, as one or several devices compute it: the worst of them counts
 * @param photos that were held out, with their classes
 * @throws FileError when none of them can be read
 */
export async function measureCost(
  runtime: Runtime,
  { bytes, file }: Pick<ExportableClassifier, "bytes" | "file">,
  exports: readonly Uint8Array[],
  photos: readonly Photo[],
  effort: Effort,
): Promise<ExportCost> {
  const exact = await answersOf(runtime, { bytes, file }, photos, effort);
  const costs: ExportCost[] = [];
  for (const after of exports) {
    costs.push(costOf(photos, exact, await answersOf(runtime, { bytes: after, file }, photos, effort)));
  }
  const [first] = costs;
  if (first === undefined || first.photos === 0) {
    throw new FileError("None of the held-out photos can be read.", {
      subject: photos[0]?.path ?? file,
      expected: "photos with which it can be measured what fewer bits cost",
      received: `${count(photos.length, "file")} that cannot be used`,
      advice: "Name the folder of the run's photos with --photos.",
    });
  }
  return {
    ...first,
    accuracyAfter: Math.min(...costs.map(({ accuracyAfter }) => accuracyAfter)),
    difference: Math.max(...costs.map(({ difference }) => difference)),
    changed: Math.max(...costs.map(({ changed }) => changed)),
  };
}

function costOf(
  photos: readonly Photo[],
  exact: readonly (Float32Array | undefined)[],
  found: readonly (Float32Array | undefined)[],
): ExportCost {
  let [measured, rightBefore, rightAfter, difference, changed] = [0, 0, 0, 0, 0];
  photos.forEach(({ classIndex }, index) => {
    const [one, other] = [exact[index], found[index]];
    if (one === undefined || other === undefined) return;
    measured++;
    const [before, after] = [one, other].map((row) => row.indexOf(Math.max(...row)));
    if (before === classIndex) rightBefore++;
    if (after === classIndex) rightAfter++;
    if (before !== after) changed++;
    one.forEach((probability, label) => {
      const gap = Math.abs(probability - (other[label] ?? Number.NaN));
      difference = Number.isNaN(gap) ? Infinity : Math.max(difference, gap);
    });
  });
  return {
    photos: measured,
    accuracyBefore: rightBefore / measured,
    accuracyAfter: rightAfter / measured,
    difference,
    changed,
  };
}

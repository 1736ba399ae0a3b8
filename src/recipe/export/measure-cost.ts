import type { Photo } from "../../photos/photo.js";
import type { Runtime } from "../../runtime/runtime.js";
import { FileError } from "../../errors/errors.js";
import { count } from "../../errors/words.js";
import { createClassifier } from "../classifier.js";
import { lookAtPhotos } from "../look-at-photos.js";
import type { ExportCost } from "./target.js";

/** What a classifier says of each photo; nothing of one that it cannot look at. */
async function answersOf(
  runtime: Runtime,
  { bytes, file }: { readonly bytes: Uint8Array; readonly file: string },
  photos: readonly Photo[],
  onProgress: () => void,
): Promise<(Float32Array | undefined)[]> {
  const classifier = await createClassifier(runtime, bytes, file, photos.length);
  const answers: (Float32Array | undefined)[] = [];
  try {
    for await (const looked of lookAtPhotos(classifier, photos)) {
      answers.push("reason" in looked ? undefined : looked.probabilities.slice());
      onProgress();
    }
  } finally {
    await classifier.release();
  }
  return answers;
}

/**
 * Measures what an export costs.
 *
 * @param classifiers bytes of the run's `model.onnx`, and of what is written
 * @param photos that were held out, with their classes
 * @throws FileError when none of them can be read
 */
export async function measureCost(
  runtime: Runtime,
  { file, before, after }: { readonly file: string; readonly before: Uint8Array; readonly after: Uint8Array },
  photos: readonly Photo[],
  onProgress: (done: number, total: number) => void,
): Promise<ExportCost> {
  let done = 0;
  const looked = (): void => {
    onProgress(++done, 2 * photos.length);
  };
  const exact = await answersOf(runtime, { bytes: before, file }, photos, looked);
  const changed = await answersOf(runtime, { bytes: after, file }, photos, looked);
  let [measured, rightBefore, rightAfter, difference] = [0, 0, 0, 0];
  photos.forEach(({ classIndex }, index) => {
    const [one, other] = [exact[index], changed[index]];
    if (one === undefined || other === undefined) return;
    measured++;
    if (one.indexOf(Math.max(...one)) === classIndex) rightBefore++;
    if (other.indexOf(Math.max(...other)) === classIndex) rightAfter++;
    one.forEach((probability, label) => {
      difference = Math.max(difference, Math.abs(probability - (other[label] ?? 0)));
    });
  });
  if (measured === 0) {
    throw new FileError("None of the held-out photos can be read.", {
      subject: photos[0]?.path ?? file,
      expected: "photos with which it can be measured what 8 bits cost",
      received: `${count(photos.length, "file")} that cannot be used`,
      advice: "Name the folder of the run's photos with --photos.",
    });
  }
  return {
    photos: measured,
    accuracyBefore: rightBefore / measured,
    accuracyAfter: rightAfter / measured,
    difference,
  };
}

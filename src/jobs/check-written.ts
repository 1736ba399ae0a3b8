import { join } from "node:path";
import { NumberError } from "../errors/errors.js";
import type { Photo } from "../photos/photo.js";
import type { FineTuneOptions, FineTuneResult } from "../recipe/fine-tune-types.js";
import { lookAtPhotos } from "../recipe/look-at-photos.js";
import { runFiles } from "../runs/run-files.js";
import type { JobContext } from "./job.js";

/** Photos that the file and the model in memory are compared on. */
const mostPhotos = 64;

/**
 * By how much a probability of the file may differ: sums in another order, also on devices that compute less exactly. On processors less
 * than a millionth was measured (docs/reproducibility.md); a wrong weight or a wrong picture shows in the first digits.
 */
const tolerance = 1e-3;

/** What was compared. */
export interface WrittenCheck {
  readonly photos: number;
  /** The greatest difference of a probability. */
  readonly difference: number;
}

/**
 * Compares the file that was written with the model that was measured, on photos of every class that were held out: figures are of what
 * will be used.
 *
 * @param run the run's folder
 * @returns `undefined` where none of the photos can be read any more
 * @throws NumberError when they say something else of a photo
 * @throws FileError when the file cannot be read
 */
export async function checkWritten(
  run: string,
  recipe: FineTuneOptions,
  { model }: FineTuneResult,
  { parts }: JobContext,
): Promise<WrittenCheck | undefined> {
  const answers = await parts.probabilitiesInMemory(recipe, model, spread(recipe.validation, recipe.classes.length));
  if (answers.length === 0) return undefined;
  const file = join(run, runFiles.model);
  const classifier = await parts.openClassifier(recipe.runtime, run, answers.length);
  try {
    const items = answers.map(({ photo: { path }, probabilities }) => ({ path, expected: probabilities }));
    const differences: number[] = [];
    for await (const looked of lookAtPhotos(classifier, items, recipe.root)) {
      // It has gone since.
      if ("reason" in looked) continue;
      const { path, expected } = looked.item;
      const received = Array.from(looked.probabilities);
      // Of 200,000 classes, too: as arguments of one call they would overflow the stack. NaN stays NaN.
      const difference = received.reduce(
        (most, value, index) => Math.max(most, Math.abs(value - (expected[index] ?? Number.NaN))),
        0,
      );
      if (!(difference <= tolerance)) throw mismatch(file, path, recipe.classes, expected, received);
      differences.push(difference);
    }
    return { photos: differences.length, difference: Math.max(0, ...differences) };
  } finally {
    await classifier.release();
  }
}

/** As many photos of each class as of the others, as far as there are so many, at even distances in their list. */
function spread(photos: readonly Photo[], classes: number): readonly Photo[] {
  const each = Math.max(1, Math.floor(mostPhotos / classes));
  const chosen = Array.from({ length: Math.min(classes, mostPhotos) }, (_, index) => {
    const own = photos.filter(
      ({ classIndex }) => classIndex === Math.floor((index * classes) / Math.min(classes, mostPhotos)),
    );
    const taken = Math.min(each, own.length);
    return Array.from({ length: taken }, (__, place) => own[Math.floor((place * own.length) / taken)]);
  });
  return chosen.flat().filter((photo) => photo !== undefined);
}

function mismatch(
  file: string,
  photo: string,
  classes: readonly string[],
  expected: readonly number[],
  received: readonly number[],
): NumberError {
  const text = (values: readonly number[]): string =>
    values
      .slice(0, 8)
      .map((value, index) => `${classes[index] ?? index} ${value.toFixed(4)}`)
      .join(", ") + (values.length > 8 ? ", …" : "");
  return new NumberError(`${file} does not say what was trained: its figures would be those of another classifier.`, {
    subject: photo,
    expected: `probabilities within ${tolerance} of ${text(expected)}`,
    received: text(received),
    advice:
      "Train anew; if it happens again, memory or disk are damaged, or it is a mistake of Graft's: please report it.",
  });
}

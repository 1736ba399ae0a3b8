import type { Photo } from "../photos/photo.js";
import type { RandomStreams } from "../random/seed.js";
import { photoWeights, type Weighting } from "./class-weights.js";
import { foldCount, foldsOfPhotos } from "./folds.js";

/**
 * Photos that measure what the others have taught. Numbers of photos are those of the training photos and, behind them, the
 * validation photos.
 */
export interface Part {
  /** Numbers of the photos that are learned from. */
  readonly learned: readonly number[];
  /** Numbers of the photos that measure. */
  readonly held: readonly number[];
  /** Of each of those: the number of its class, … */
  readonly labels: readonly number[];
  /** … how much it counts by that among them, … */
  readonly weights: readonly number[];
  /** … and in which part of them it is, from 0, for choices that the other parts make. */
  readonly folds: readonly number[];
  /** What photos count by. */
  readonly weighting: Pick<Weighting, "kind" | "byClass">;
}

/** What parts depend on beside the photos. */
interface Dividing {
  /** Whether each photo may measure: then the training photos are divided too, into parts of which each is about as large as a fifth. */
  readonly pooled: boolean;
  readonly weighting: Pick<Weighting, "kind" | "byClass">;
  /** Where the parts are drawn from. */
  readonly random: RandomStreams;
}

/**
 * Who may measure trainings of the network, one after the other: the validation photos first. In each part each class has its share, and
 * copies of a photo are in one.
 */
export async function partsOf(
  training: readonly Photo[],
  validation: readonly Photo[],
  { pooled, weighting, random }: Dividing,
): Promise<[Part, ...Part[]]> {
  const all = [...training, ...validation];
  const partOf = async (isHeld: (photo: number) => boolean): Promise<Part> => {
    const numbers = [...all.keys()];
    const held = numbers.filter(isHeld);
    const photos = photosAt(all, held);
    const labels = photos.map(({ classIndex }) => classIndex);
    return {
      learned: numbers.filter((photo) => !isHeld(photo)),
      ...{ held, labels, weighting, weights: photoWeights(weighting, labels) },
      folds: await foldsOfPhotos(photos, random.stream("folds")),
    };
  };
  const parts: [Part, ...Part[]] = [await partOf((photo) => photo >= training.length)];
  if (!pooled) return parts;
  const others = foldCount - 1;
  const drawn = await foldsOfPhotos(training, random.stream("parts"), others);
  for (let number = 0; number < others; number++) {
    if (drawn.includes(number)) parts.push(await partOf((photo) => drawn[photo] === number));
  }
  return parts;
}

/**
 * What the photos of several parts are, one part behind the other. They count by their class among all of them: a small class has one
 * photo in one part and two or none in another.
 */
export function partsTogether([first, ...others]: readonly [Part, ...Part[]]): Pick<
  Part,
  "held" | "labels" | "weights" | "folds"
> {
  const parts = [first, ...others];
  const labels = parts.flatMap((part) => part.labels);
  return {
    held: parts.flatMap(({ held }) => held),
    ...{ labels, weights: photoWeights(first.weighting, labels), folds: parts.flatMap(({ folds }) => folds) },
  };
}

/** Photos by their numbers. */
export function photosAt(photos: readonly Photo[], numbers: readonly number[]): Photo[] {
  return numbers.flatMap((number) => photos[number] ?? []);
}

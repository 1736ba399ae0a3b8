import { isRight, type SaidOfPhoto } from "./said-of-photo.js";

/**
 * The mistakes that the classifier is surest of, the surest first.
 *
 * @param most how many at most
 */
export function worstMistakes(all: readonly SaidOfPhoto[], most: number): readonly SaidOfPhoto[] {
  return all
    .filter((photo) => !isRight(photo))
    .sort((a, b) => sureness(b) - sureness(a))
    .slice(0, most);
}

/** By how much the class that a photo was taken for is more probable than its own. */
function sureness({ said, probability }: SaidOfPhoto): number {
  return said[0].probability - probability;
}

/**
 * The photos at which two classes are nearly equally probable, the least sure first.
 *
 * @param most how many at most
 */
export function leastSure(all: readonly SaidOfPhoto[], most: number): readonly SaidOfPhoto[] {
  return [...all].sort((a, b) => margin(a) - margin(b)).slice(0, most);
}

function margin({ said: [first, second] }: SaidOfPhoto): number {
  return first.probability - (second?.probability ?? 0);
}

/**
 * Photos whose folder may be wrong: taken for another class by a classifier that has not learned from them, as surely as photos of that
 * class are on the mean.
 *
 * @param all what was said of photos, by classifiers that have not learned from them
 * @returns the surest first
 * @see https://arxiv.org/abs/1911.00068 Northcutt, Jiang and Chuang, "Confident Learning": the same thresholds
 */
export function doubtfulLabels(all: readonly SaidOfPhoto[]): readonly SaidOfPhoto[] {
  const sums = new Map<number, { photos: number; probability: number }>();
  for (const { truth, probability } of all) {
    const sum = sums.get(truth) ?? { photos: 0, probability: 0 };
    sums.set(truth, { photos: sum.photos + 1, probability: sum.probability + probability });
  }
  const threshold = (classIndex: number): number => {
    const sum = sums.get(classIndex);
    return sum === undefined ? Number.POSITIVE_INFINITY : sum.probability / sum.photos;
  };
  return worstMistakes(
    all.filter(({ said: [first] }) => first.probability >= threshold(first.classIndex)),
    all.length,
  );
}

/** Photos of one class that were taken for one class. */
export interface Cell {
  readonly truth: number;
  readonly predicted: number;
  /** Those that are worst first: the surest mistakes, or what was recognised least surely. */
  readonly photos: readonly SaidOfPhoto[];
}

/** The photos by what they are and what they were taken for; combinations without photos are left out. The most frequent mistakes come first. */
export function cellsOf(all: readonly SaidOfPhoto[]): readonly Cell[] {
  const cells = new Map<string, { truth: number; predicted: number; photos: SaidOfPhoto[] }>();
  for (const photo of all) {
    const { truth, said } = photo;
    const predicted = said[0].classIndex;
    const key = `${truth} ${predicted}`;
    const cell = cells.get(key) ?? { truth, predicted, photos: [] };
    cell.photos.push(photo);
    cells.set(key, cell);
  }
  for (const { truth, predicted, photos } of cells.values()) {
    photos.sort((a, b) => (truth === predicted ? margin(a) - margin(b) : sureness(b) - sureness(a)));
  }
  const isMistake = ({ truth, predicted }: Cell): number => (truth === predicted ? 0 : 1);
  return [...cells.values()].sort(
    (a, b) =>
      isMistake(b) - isMistake(a) ||
      b.photos.length - a.photos.length ||
      a.truth - b.truth ||
      a.predicted - b.predicted,
  );
}

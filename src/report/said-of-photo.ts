/** A class and how probable it is. */
export interface SaidClass {
  /** Number of the class. */
  readonly classIndex: number;
  /** In [0, 1]. */
  readonly probability: number;
}

/** What a classifier says of a photo whose class is known. */
export interface SaidOfPhoto {
  readonly path: string;
  /** Number of the class that it is of. */
  readonly truth: number;
  /** How probable the classifier takes this class to be. */
  readonly probability: number;
  /** The most probable classes, at most {@link mostSaid}, the most probable first; of equal ones the one with the smaller number. */
  readonly said: readonly [SaidClass, ...SaidClass[]];
}

/** So many of the most probable classes are kept of a photo: of a thousand classes, the others say nothing. */
const mostSaid = 5;

/**
 * What is kept of a classifier's answer.
 *
 * @param probabilities one for each class
 */
export function saidOfPhoto(path: string, truth: number, probabilities: ArrayLike<number>): SaidOfPhoto {
  const said: SaidClass[] = [];
  for (let classIndex = 0; classIndex < probabilities.length; classIndex++) {
    const probability = probabilities[classIndex] ?? 0;
    const last = said.at(-1);
    if (said.length === mostSaid && last !== undefined && probability <= last.probability) continue;
    const place = said.findIndex((one) => one.probability < probability);
    said.splice(place < 0 ? said.length : place, 0, { classIndex, probability });
    if (said.length > mostSaid) said.pop();
  }
  const [first, ...others] = said;
  if (first === undefined) throw new TypeError("A classifier has classes.");
  return { path, truth, probability: probabilities[truth] ?? 0, said: [first, ...others] };
}

/** Whether the photo is named rightly. */
export function isRight({ truth, said }: SaidOfPhoto): boolean {
  return said[0].classIndex === truth;
}

/**
 * Answers as rows of probabilities, for figures of all photos: classes that were not kept are 0.
 *
 * @param classes how many there are
 */
export function rowsOfSaid(
  all: readonly SaidOfPhoto[],
  classes: number,
): { readonly truth: readonly number[]; readonly probabilities: readonly Float64Array[] } {
  return {
    truth: all.map(({ truth }) => truth),
    probabilities: all.map(({ truth, probability, said }) => {
      const row = new Float64Array(classes);
      row[truth] = probability;
      for (const one of said) row[one.classIndex] = one.probability;
      return row;
    }),
  };
}

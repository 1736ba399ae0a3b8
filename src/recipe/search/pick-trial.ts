import { float32, type TensorData } from "../../onnx/tensor-data.js";
import { better, errorsBetter, errorsFor } from "../evidence.js";

/** What the validation photos say of a trial: of what the recipe would keep of it. */
export interface MeasuredTrial {
  /** Of each photo. */
  readonly losses: readonly number[];
  /** `[photos, classes]`: logits of each photo by what the others have chosen of the trial. */
  readonly heldOut: TensorData<"float32">;
}

/**
 * Which of some trials is taken: the first one, unless the evidence says that another is better, however many there are; of those the
 * one with the lowest loss.
 *
 * @param trials `undefined` where a training has lost its numbers
 * @param counts which photos say so; default all
 * @returns its index; 0 where there is none
 */
export function pickTrial(
  trials: readonly (MeasuredTrial | undefined)[],
  counts: (photo: number) => boolean = () => true,
): number {
  const own = trials.map((trial) => trial?.losses.filter((_, photo) => counts(photo)));
  const [first] = own;
  const classes = classesOf(trials);
  const convincing = own.flatMap((losses, index) =>
    index > 0 && losses !== undefined && isBetter(losses, first, { trials: trials.length, classes }) ? [index] : [],
  );
  const lossOf = (index: number): number => sum(own[index] ?? []);
  return convincing.reduce((best, index) => (best === 0 || lossOf(index) < lossOf(best) ? index : best), 0);
}

/**
 * Trials that may still be taken when there are more of them: the first one, and those that are better, but for one than which another
 * is better both in loss and in how clear that is. The more trials there are, the clearer it has to be, so that one that is not clear
 * now will never be.
 */
export function mayBeTaken(trials: readonly (MeasuredTrial | undefined)[]): readonly number[] {
  const [first] = trials;
  const classes = classesOf(trials);
  const better = trials.flatMap((trial, index) => {
    if (
      index === 0 ||
      trial === undefined ||
      !isBetter(trial.losses, first?.losses, { trials: trials.length, classes })
    )
      return [];
    const clear = first === undefined ? Infinity : errorsBetter(trial.losses, first.losses, classes);
    return [{ index, clear, loss: sum(trial.losses) }];
  });
  const isLeft = (one: (typeof better)[number]): boolean =>
    !better.some(({ clear, loss }) => loss < one.loss && clear >= one.clear);
  return [0, ...better.filter(isLeft).map(({ index }) => index)];
}

/**
 * Whether a trial is better than the first one, however many have been tried.
 *
 * @param first `undefined` where it has lost its numbers
 */
export function isBetter(
  losses: readonly number[],
  first: readonly number[] | undefined,
  { trials, classes }: { readonly trials: number; readonly classes: number },
): boolean {
  return first === undefined || better(losses, first, classes, errorsFor(trials - 1));
}

/**
 * What is said of the photos by the trial that is taken, each photo by the one that those of other parts would have taken: it has
 * chosen nothing, so the figures of these hold for new photos.
 *
 * @param folds the part of each photo
 * @returns logits `[photos, classes]`
 */
export function heldOutOf(
  trials: readonly (MeasuredTrial | undefined)[],
  folds: readonly number[],
): TensorData<"float32"> {
  const known = trials.find((trial) => trial !== undefined)?.heldOut;
  if (known === undefined) throw new RangeError("There is no trial that was measured.");
  const [photos = 0, classes = 0] = known.dims;
  const data = new Float32Array(photos * classes);
  for (const fold of new Set(folds)) {
    const { heldOut } = trials[pickTrial(trials, (photo) => folds[photo] !== fold)] ?? { heldOut: known };
    for (const [photo, own] of folds.entries()) {
      if (own !== fold) continue;
      data.set(heldOut.data.subarray(photo * classes, (photo + 1) * classes), photo * classes);
    }
  }
  return float32(data, [photos, classes]);
}

function classesOf(trials: readonly (MeasuredTrial | undefined)[]): number {
  return trials.find((trial) => trial !== undefined)?.heldOut.dims[1] ?? 1;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

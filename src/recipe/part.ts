import type { Photo } from "../photos/photo.js";

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
  /** … how much it counts by that, … */
  readonly weights: readonly number[];
  /** … and in which part of them it is, from 0, for choices that the other parts make. */
  readonly folds: readonly number[];
}

/** What the photos of several parts are, one part behind the other. */
export function partsTogether(parts: readonly Part[]): Pick<Part, "labels" | "weights" | "folds"> {
  return {
    labels: parts.flatMap(({ labels }) => labels),
    weights: parts.flatMap(({ weights }) => weights),
    folds: parts.flatMap(({ folds }) => folds),
  };
}

/** Photos by their numbers. */
export function photosAt(photos: readonly Photo[], numbers: readonly number[]): Photo[] {
  return numbers.flatMap((number) => photos[number] ?? []);
}

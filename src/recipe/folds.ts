import { photoHash } from "../photos/photo-identity.js";
import type { Photo } from "../photos/photo.js";
import type { Generator } from "../random/generator.js";

/** Parts that photos are divided into, unless asked otherwise: each of them measures once what the others have taught. */
export const foldCount = 5;

/**
 * Divides samples into parts in which each class has its share, as nearly as may be; samples of one group stay together.
 *
 * @param labels class of each sample
 * @param groups what each sample belongs to, such as the hash of its file: copies of one photo must not measure each other
 * @param random where the division is drawn from
 * @param count how many parts; default 5
 * @returns the part of each sample, from 0
 */
export function foldsOf(
  labels: readonly number[],
  groups: readonly string[],
  random: Generator,
  count = foldCount,
): number[] {
  const members = new Map<string, number[]>();
  for (const [sample, group] of groups.entries()) {
    const known = members.get(group);
    if (known === undefined) members.set(group, [sample]);
    else known.push(sample);
  }
  const byClass = new Map<number, number[][]>();
  for (const group of members.values()) {
    const label = labels[group[0] ?? 0] ?? 0;
    const known = byClass.get(label);
    if (known === undefined) byClass.set(label, [group]);
    else known.push(group);
  }
  const folds = labels.map(() => 0);
  // Classes go on where the one before has ended, so that parts of many small classes are equally large.
  let next = 0;
  for (const label of [...byClass.keys()].sort((a, b) => a - b)) {
    for (const group of random.shuffle(byClass.get(label) ?? [])) {
      for (const sample of group) folds[sample] = next;
      next = (next + 1) % count;
    }
  }
  return folds;
}

/** {@link foldsOf} photos, of which copies stay together. */
export async function foldsOfPhotos(photos: readonly Photo[], random: Generator, count = foldCount): Promise<number[]> {
  const hashes = await Promise.all(photos.map(async ({ path, hash }) => hash ?? (await photoHash(path))));
  const labels = photos.map(({ classIndex }) => classIndex);
  return foldsOf(labels, hashes, random, count);
}

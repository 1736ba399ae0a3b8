import { classWeights } from "../data/utils/class-weights.js";
import { isPlainObject, show } from "../errors/check.js";
import { UsageError } from "../errors/errors.js";
import { didYouMean } from "../errors/nearest.js";
import { quotedList } from "../errors/words.js";
import type { Batch, ReadySource } from "../models/sources/batch-source.js";
import { float32 } from "../onnx/tensor-data.js";
import type { Photo } from "../photos/photo.js";

/**
 * How much photos count by their class: `"none"`, all alike; `"balanced"`, each class alike, however many photos it has; or a number
 * above 0 for each class by its name, of which only the ratios count.
 */
export type ClassWeightsSetting = "none" | "balanced" | Readonly<Record<string, number>>;

/** From which ratio of the largest class to the smallest on classes count alike, unless asked otherwise. */
const unequal = 1.5;

/** How much photos count by their class, and why. */
export interface Weighting {
  readonly kind: "none" | "balanced" | "given";
  /** Whether it was asked for; else it follows from the numbers of photos. */
  readonly asked: boolean;
  /** Classes with the fewest and the most photos to learn from. */
  readonly smallest: ClassSize;
  readonly largest: ClassSize;
  /** Weight of each class, in the order of the classes; a photo to learn from has 1 on the mean. */
  readonly byClass: readonly number[];
}

/** How many photos a class has to learn from. */
export interface ClassSize {
  readonly label: string;
  readonly photos: number;
}

/** What the weighting of a training depends on. */
export interface WeightedMaterial {
  readonly classes: readonly string[];
  /** With validation photos that were drawn from the folder, which are learned from too. */
  readonly division: "folders" | "drawn";
  readonly training: readonly Photo[];
  readonly validation: readonly Photo[];
  /** Default `"balanced"` where the largest class has more than 1.5 times the photos of the smallest, else `"none"`. */
  readonly classWeights?: ClassWeightsSetting | undefined;
}

/**
 * Decides how much photos count by their class, by the photos that are learned from.
 *
 * @throws UsageError when weights are given that are not one number above 0 for each class, or what is given is none of all this
 */
export function weightingOf({
  classes,
  division,
  training,
  validation,
  classWeights: asked,
}: WeightedMaterial): Weighting {
  const learned = division === "drawn" ? [...training, ...validation] : training;
  const counts = classes.map(() => 0);
  for (const { classIndex } of learned) counts[classIndex] = (counts[classIndex] ?? 0) + 1;
  const sizes = classes.map((label, index): ClassSize => ({ label, photos: counts[index] ?? 0 }));
  // A class that has no photos at all is an error later on, and no reason for weights.
  const ordered = sizes.filter(({ photos }) => photos > 0).sort((a, b) => a.photos - b.photos);
  const nothing: ClassSize = { label: "", photos: 0 };
  const facts = { asked: asked !== undefined, smallest: ordered[0] ?? nothing, largest: ordered.at(-1) ?? nothing };
  const differ = facts.largest.photos > unequal * facts.smallest.photos;
  const kind = kindOf(asked, differ);
  const given = kind === "given" ? givenWeights(asked, classes) : classes.map(() => 1);
  const labels = learned.map(({ classIndex }) => classIndex);
  const weights = weightsFor({ kind, byClass: given }, labels);
  return { kind, ...facts, byClass: classes.map((_, label) => weights[label] ?? 1) };
}

/** @param differ whether the numbers of photos call for weights */
function kindOf(asked: unknown, differ: boolean): Weighting["kind"] {
  if (asked === undefined) return differ ? "balanced" : "none";
  if (asked === "none" || asked === "balanced") return asked;
  if (isPlainObject(asked)) return "given";
  throw new UsageError("classWeights is not usable.", {
    subject: "classWeights",
    expected: '"none", "balanced", or a number above 0 for each class by its name',
    received: show(asked),
  });
}

function givenWeights(given: ClassWeightsSetting | undefined, classes: readonly string[]): number[] {
  const refuse = (received: string, advice?: string): never => {
    throw new UsageError("The weights of classes are not usable.", {
      subject: "classWeights",
      expected: `a number above 0 for each of ${quotedList(classes)}`,
      received,
      advice,
    });
  };
  // Unicode writes some letters in two ways; folders are read in one of them.
  const weights = new Map(
    Object.entries(given ?? {}).map(([name, weight]: [string, unknown]) => [name.normalize("NFC"), weight]),
  );
  const unknown = [...weights.keys()].find((name) => !classes.includes(name));
  const missing = classes.filter((name) => !weights.has(name));
  if (unknown !== undefined)
    return refuse(`a weight for "${unknown}", which is no class`, didYouMean(unknown, classes));
  if (missing.length > 0)
    return refuse(`none for ${quotedList(missing)}`, "Give each class one; 1 where nothing is to change.");
  return classes.map((name) => {
    const weight = weights.get(name);
    return typeof weight === "number" && weight > 0 && Number.isFinite(weight)
      ? weight
      : refuse(`${show(weight)} for "${name}"`);
  });
}

/**
 * The weight of each class for photos at hand, of which one counts 1 on the mean. `"balanced"` is what {@link classWeights} makes of
 * these photos: a validation folder whose classes have other shares is balanced by its own.
 *
 * @param labels number of each photo's class
 * @returns weights by class number, as `fit` takes them; a class that is not there has 1
 */
export function weightsFor(
  { kind, byClass }: Pick<Weighting, "kind" | "byClass">,
  labels: readonly number[],
): Record<number, number> {
  if (kind === "none" || labels.length === 0) return {};
  if (kind === "balanced") return classWeights(labels);
  const mean = labels.reduce((sum, label) => sum + (byClass[label] ?? 1), 0) / labels.length;
  return Object.fromEntries(byClass.map((weight, label) => [label, weight / mean]));
}

/** {@link weightsFor} of each photo. */
export function photoWeights(weighting: Pick<Weighting, "kind" | "byClass">, labels: readonly number[]): number[] {
  const weights = weightsFor(weighting, labels);
  return labels.map((label) => weights[label] ?? 1);
}

/**
 * Photos to validate with that count by their class: `fit` weights what is trained with by `classWeight`, but not these.
 *
 * @param source the photos
 * @param weights by class number
 */
export function weightedSource(source: ReadySource, weights: Readonly<Record<number, number>>): ReadySource {
  const weighted = (batch: Batch): Batch => {
    const labels = Array.from(batch.labels?.data ?? []);
    const factors = labels.map((label) => weights[label] ?? 1);
    return { ...batch, sampleWeight: float32(factors, [factors.length]) };
  };
  return {
    ...source,
    nextBatch: () => weighted(source.nextBatch()),
    *inOrder(alike) {
      for (const batch of source.inOrder(alike)) yield weighted(batch);
    },
  };
}

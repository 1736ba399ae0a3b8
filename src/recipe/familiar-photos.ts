import { constant, input, type Value } from "../graph/value.js";
import type { BaseModel } from "../models/base-model.js";
import { evenly } from "../models/sources/batch-source.js";
import { unitVectors } from "../nn/unit-vectors.js";
import { float32, type TensorData } from "../onnx/tensor-data.js";
import { scalarLike } from "../ops/constants.js";
import { clip, sub } from "../ops/elementwise.js";
import { gemm, matmul } from "../ops/matmul.js";
import { reduceMax } from "../ops/reduction.js";
import { fromTensor, type Runtime, toTensor } from "../runtime/runtime.js";
import { createSession } from "../runtime/session.js";
import { coverage } from "./coverage.js";
import { rowsAt, rowsOf, unitLength } from "./rows.js";
import { least } from "../onnx/extremes.js";

/**
 * What a classifier has learned from, as it knows it when it sees it again: a photo is as foreign as its distance to the nearest
 * photo that was learned from, `1 − cosine` of what the network makes of both.
 *
 * Over all pairs of five sets it tells foreign photos from test photos with a mean AUROC of 0.968. Distance to the nearest mean of a
 * class: 0.951; a class of many kinds, as the fruits of a folder of food, has no photo like its mean. Mahalanobis distance: 0.964 at
 * best, and its covariance is another one without the fifth that is held out, so that thresholds do not hold. The logits' energy: 0.892;
 * a linear classifier is sure of much that is far from all that it knows. And two photos a class are enough for it.
 *
 * @see docs/design.md for the table
 */
export interface FamiliarPhotos {
  /** Features of photos that were learned from, `[photos, features]`, of length 1. */
  readonly features: TensorData<"float32">;
  /**
   * The distance that 95 % of photos do not exceed that are of the kind that was learned from; `undefined` where fewer than 19
   * photos were held out, of which no such figure follows.
   */
  readonly threshold: number | undefined;
}

/** Photos that are kept at least: where the network is so small that a tenth of it says little, the file is small anyway. */
const leastRoom = 50;

/** Of more photos this many are looked at, evenly spread: the threshold is then known to half a percent of the photos. */
const mostLookedAt = 2000;

/** What sums of a thousand products in float32 differ by on another device. */
const rounding = 1e-5;

/**
 * How many photos are kept: their features take a tenth of what the network's weights take.
 *
 * @param network a model from images to features
 */
export function roomFor(network: BaseModel): number {
  const numbers = network.weights.reduce((sum, { size }) => sum + size, 0);
  const width = network.outputShape.at(-1);
  return Math.max(leastRoom, Math.floor(numbers / 10 / (typeof width === "number" ? width : 1)));
}

/**
 * Keeps photos that were learned from, and finds the threshold by cross-validation: the distance of each part's photos to those of
 * the others.
 *
 * @param runtime where it is computed
 * @param features `[photos, features]`
 * @param folds the part of each photo, from `foldsOf`
 * @param room how many are kept at most, from {@link roomFor}
 */
export async function familiarPhotos(
  runtime: Runtime,
  features: TensorData<"float32">,
  folds: readonly number[],
  room: number,
): Promise<FamiliarPhotos> {
  const chosen = chosenOf(features);
  const looked = unitLength(rowsAt(features, chosen));
  const between = rowsOf(await distancesBetween(runtime, looked, looked));
  const all = Array.from(chosen.keys());
  const partOf = (place: number): number | undefined => folds[chosen[place] ?? 0];
  const heldOut: number[] = [];
  for (const fold of new Set(folds)) {
    const others = all.filter((place) => partOf(place) !== fold);
    const own = all.filter((place) => partOf(place) === fold);
    if (others.length === 0) continue;
    for (const distance of nearest(between, own, spread(between, others, room))) heldOut.push(distance);
  }
  return { features: rowsAt(looked, spread(between, all, room)), threshold: distanceThreshold(heldOut) };
}

/**
 * Keeps photos that were learned from, and finds the threshold with others.
 *
 * @param runtime where it is computed
 * @param learned features of photos that were learned from, `[photos, features]`
 * @param heldOut features of photos that were not
 * @param room how many are kept at most, from {@link roomFor}
 */
export async function familiarPhotosMeasured(
  runtime: Runtime,
  learned: TensorData<"float32">,
  heldOut: TensorData<"float32">,
  room: number,
): Promise<FamiliarPhotos> {
  const kept = await keptPhotos(runtime, learned, room);
  const others = unitLength(rowsAt(heldOut, chosenOf(heldOut)));
  const toKept = rowsOf(await distancesBetween(runtime, others, kept));
  return { features: kept, threshold: distanceThreshold(toKept.map((row) => least(row))) };
}

/**
 * Photos that stand for all that were learned from.
 *
 * @param runtime where it is computed
 * @param features `[photos, features]`
 * @param room how many are kept at most, from {@link roomFor}
 * @returns their features, `[kept, features]`, of length 1
 */
export async function keptPhotos(
  runtime: Runtime,
  features: TensorData<"float32">,
  room: number,
): Promise<TensorData<"float32">> {
  const looked = unitLength(rowsAt(features, chosenOf(features)));
  const between = rowsOf(await distancesBetween(runtime, looked, looked));
  return rowsAt(looked, spread(between, Array.from(between.keys()), room));
}

/**
 * The distance of photos to the nearest that was learned from, as a graph.
 *
 * @param features `[N, features]`
 * @returns `[N]`, in [0, 2]; 0 for a photo that is kept
 */
export function distanceGraph(features: Value, { features: kept }: FamiliarPhotos): Value {
  const [photos = 0, width = 0] = kept.dims;
  const columns = new Float32Array(kept.data.length);
  for (const [index, value] of kept.data.entries())
    columns[(index % width) * photos + Math.floor(index / width)] = value;
  const cosines = matmul(unitVectors(features, [1], 1e-12), constant(float32(columns, [width, photos])));
  const nearest = reduceMax(cosines, [1], { keepdims: 0 });
  return clip(sub(scalarLike(nearest, 1), nearest), 0, 2);
}

/**
 * The distance that a share of new photos does not exceed, which are like those that were held out: of `n` such photos,
 * `⌈(n + 1) · 0.95⌉` are nearer or as near, as the sets of classes count them (split conformal prediction).
 *
 * @param distances of photos that were held out
 * @returns `undefined` for fewer than 19 photos
 */
export function distanceThreshold(distances: readonly number[]): number | undefined {
  const ascending = [...distances].sort((a, b) => a - b);
  const found = ascending[Math.ceil((ascending.length + 1) * coverage) - 1];
  return found === undefined ? undefined : found + rounding;
}

/**
 * Of many photos those that stand for all: each next one is the photo that is farthest from those before, so that no photo is far
 * from all. (Mean AUROC over the pairs with 174 of up to 1,516 photos 0.968, as with all; drawn at random 0.963.) It begins with the
 * one that is farthest from the others on the mean.
 *
 * @param between distances of photos
 * @param photos numbers of those that may be kept
 * @returns numbers of those that are
 */
function spread(between: readonly Float32Array[], photos: readonly number[], room: number): readonly number[] {
  if (photos.length <= room) return photos;
  const toKept = new Float32Array(between.length).fill(Number.POSITIVE_INFINITY);
  const kept: number[] = [];
  let next: number | undefined = outermost(between, photos);
  while (next !== undefined && kept.length < room) {
    kept.push(next);
    const toNext: Float32Array | undefined = between[next];
    // Copies of what is kept say nothing new.
    let farthest = rounding;
    next = undefined;
    for (const photo of photos) {
      const distance = Math.min(toKept[photo] ?? 0, toNext?.[photo] ?? 0);
      toKept[photo] = distance;
      if (distance <= farthest) continue;
      farthest = distance;
      next = photo;
    }
  }
  return kept;
}

function outermost(between: readonly Float32Array[], photos: readonly number[]): number | undefined {
  const sums = photos.map((photo) => photos.reduce((sum, other) => sum + (between[photo]?.[other] ?? 0), 0));
  return photos[sums.indexOf(sums.reduce((most, sum) => Math.max(most, sum), 0))];
}

/** Of each photo the distance to the nearest of those that are kept. */
function nearest(between: readonly Float32Array[], photos: readonly number[], kept: readonly number[]): number[] {
  return photos.map((photo) => kept.reduce((least, other) => Math.min(least, between[photo]?.[other] ?? least), 2));
}

/** `[a, b]`: the distance of each row of one set to each of the other; both are of length 1. */
async function distancesBetween(
  runtime: Runtime,
  a: TensorData<"float32">,
  b: TensorData<"float32">,
): Promise<TensorData<"float32">> {
  const [width = 0] = a.dims.slice(1);
  const [from, to] = [input("from", "float32", ["A", width]), input("to", "float32", ["B", width])];
  const cosines = gemm(from, to, undefined, { transB: 1 });
  const session = await createSession(runtime, { distances: sub(scalarLike(cosines, 1), cosines) });
  try {
    const { distances } = await session.run({ from: toTensor(a), to: toTensor(b) });
    if (distances === undefined) throw new TypeError("The engine left out an output.");
    return fromTensor(distances) as TensorData<"float32">;
  } finally {
    await session.release();
  }
}

/** Numbers of photos that are looked at. */
function chosenOf({ dims }: TensorData<"float32">): number[] {
  const [photos = 0] = dims;
  return evenly(Math.min(photos, mostLookedAt), photos);
}

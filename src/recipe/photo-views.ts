import type { Value } from "../graph/value.js";
import { type Batch, pickRows, type ReadySource } from "../models/sources/batch-source.js";
import { SampleOrder } from "../models/sources/sample-order.js";
import { float32 } from "../onnx/tensor-data.js";
import { decodePool } from "../photos/decode-pool.js";
import type { Framing } from "../photos/framing.js";
import type { Photo } from "../photos/photo.js";
import { PhotoError } from "../photos/photo-error.js";
import type { PhotoRoot } from "../photos/photo-root.js";
import { photoIdentity } from "../photos/photo-identity.js";
import { PinnedPhotos } from "../photos/pinned-photos.js";
import { drawView, type View, wholeView } from "../photos/view.js";
import type { Generator } from "../random/generator.js";
import { Tensor, useOnce } from "../runtime/runtime.js";
import { fedPhotos, readingOf } from "./photo-library.js";

/** A photo, and what the recipe learns from of it. */
export interface ViewedPhoto {
  readonly photo: Photo;
  readonly views: readonly View[];
}

/** Beside the photo itself and its mirror image, drawn parts of each photo. */
const drawnViews = 4;

/** Views of each photo. */
export const viewsOfPhoto = 2 + drawnViews;

/**
 * Chooses views of photos, the same number for each: the photo itself, its mirror image, and four parts of it.
 *
 * @param random where they are drawn from; each photo has a stream of its own, so that its views do not depend on the others
 */
export function chooseViews(photos: readonly Photo[], random: Generator): ViewedPhoto[] {
  return photos.map((photo, index) => {
    const own = random.fork(String(index));
    const drawn = Array.from({ length: drawnViews }, () => drawView(own));
    return { photo, views: [wholeView, { ...wholeView, mirrored: true }, ...drawn] };
  });
}

/** How views become batches. */
export interface ViewSourceOptions {
  /** How a view becomes the network's picture, as if it were a photo. */
  readonly framing: Framing;
  /** Views a batch; in the photos' own order those of a photo are made together, so a multiple of them is best. */
  readonly batchSize: number;
  /** What `photoGraph` gave for this size. */
  readonly graph: readonly Value[];
  /** The folder that all of the photos lie in. */
  readonly root?: PhotoRoot | undefined;
  /** Told of a photo that cannot be read any more; the whole stands in for its views where its pixels are kept. */
  readonly onLost?: ((path: string, reason: string) => Promise<void>) | undefined;
  /** Where the order of each round is drawn from; `undefined` keeps the photos' own order. */
  readonly order?: Generator | undefined;
}

/**
 * Views of photos as a source for `fit`, with class numbers as labels: sample `p · V + v` is view `v` of photo `p`, of `V` each. In
 * their own order all views come, and a photo is decoded once for those of a batch; in a round of `fit` each photo comes once, by
 * another view in each of `V` rounds.
 *
 * @param viewed photos that can be read, each with the same number of views
 */
export function viewSource(
  viewed: readonly ViewedPhoto[],
  { framing, batchSize, graph, order, root, onLost }: ViewSourceOptions,
): ReadySource {
  const each = viewed[0]?.views.length ?? 0;
  const samples = viewed.length * each;
  const pinned = new PinnedPhotos();
  /** Photos for whose views the whole stands in: what is made of that is kept under no view's name. */
  const lost = new Set<string>();
  const bytes = framing.size ** 2 * 3;
  /** Views of a photo, one behind the other. */
  const viewsOf = async (photo: Photo, views: readonly View[]): Promise<Uint8Array> => {
    try {
      const hash = await pinned.hashOf(photo);
      return await decodePool.run({ kind: "resize", path: photo.path, hash, options: { ...framing, views } });
    } catch (error) {
      if (!(error instanceof PhotoError)) throw error;
      await root?.check(photo.path);
      const whole = new Uint8Array(bytes);
      if (!pinned.fillFromKept(whole, photo, { kind: "resize", options: framing })) throw error;
      lost.add(photo.path);
      await onLost?.(photo.path, error.reason);
      const made = new Uint8Array(views.length * bytes);
      for (const index of views.keys()) made.set(whole, index * bytes);
      return made;
    }
  };
  const photoOf = (key: number): ViewedPhoto => {
    const found = viewed[Math.floor(key / each)];
    if (found === undefined) throw new RangeError(`There is no view ${key} of ${samples}.`);
    return found;
  };
  const load: (keys: readonly number[]) => Promise<Tensor> = async (keys) => {
    const { size } = framing;
    const joined = new Uint8Array(keys.length * bytes);
    const places = new Map<ViewedPhoto, { readonly row: number; readonly view: View }[]>();
    for (const [row, key] of keys.entries()) {
      const photo = photoOf(key);
      const view = photo.views[key % each] ?? wholeView;
      const known = places.get(photo);
      if (known === undefined) places.set(photo, [{ row, view }]);
      else known.push({ row, view });
    }
    await Promise.all(
      [...places].map(async ([{ photo }, wanted]) => {
        const made = await viewsOf(
          photo,
          wanted.map(({ view }) => view),
        );
        for (const [index, { row }] of wanted.entries()) {
          joined.set(made.subarray(index * bytes, (index + 1) * bytes), row * bytes);
        }
      }),
    );
    return useOnce(new Tensor("uint8", joined, [keys.length, size, size, 3]));
  };
  const batch = (keys: readonly number[]): Batch => ({
    keys,
    labels: float32(
      keys.map((key) => photoOf(key).photo.classIndex),
      [keys.length],
    ),
    load: async (rows) => ({ [fedPhotos]: await load(pickRows(keys, rows)) }),
  });
  const rounds = new SampleOrder(viewed.length, order);
  return {
    samples,
    batchSize,
    round: Math.ceil(viewed.length / batchSize),
    reproducible: true,
    identify: async (key) => {
      const { photo, views } = photoOf(key);
      const view = views[key % each];
      if (lost.has(photo.path) && view !== wholeView) return undefined;
      // The whole is the photo as the library gives it: what was kept of that is found.
      const reading = readingOf(framing);
      return photoIdentity(await pinned.hashOf(photo), view === wholeView ? reading : { ...reading, view });
    },
    graph,
    sampleName: (key) => photoOf(key).photo.path,
    nextBatch: () => {
      const photos = rounds.next(batchSize);
      return batch(photos.map((photo) => photo * each + ((photo + rounds.number) % each)));
    },
    save: () => rounds.save(),
    restore: (state) => {
      rounds.restore(state);
    },
    *inOrder() {
      for (let start = 0; start < samples; start += batchSize) {
        yield batch(Array.from({ length: Math.min(batchSize, samples - start) }, (_, index) => start + index));
      }
    },
  };
}

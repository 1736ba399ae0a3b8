import { input, type Value } from "../graph/value.js";
import { type Batch, evenly, pickRows, type ReadySource } from "../models/sources/batch-source.js";
import { SampleOrder } from "../models/sources/sample-order.js";
import { toChannelsFirst } from "../nn/channels.js";
import { float32 } from "../onnx/tensor-data.js";
import { cast } from "../ops/layout.js";
import type { Generator } from "../random/generator.js";
import { type NamedTensors, Tensor, useOnce } from "../runtime/runtime.js";
import { workAhead } from "../runtime/work-ahead.js";
import { PhotoError } from "../photos/photo-error.js";
import type { Framing } from "../photos/framing.js";
import type { PixelWork } from "../photos/decode-jobs.js";
import type { Photo } from "../photos/photo.js";
import type { PhotoRoot } from "../photos/photo-root.js";
import { photoIdentity } from "../photos/photo-identity.js";
import { PinnedPhotos } from "../photos/pinned-photos.js";

/** How photos are read. */
export interface ReadOptions {
  /** How photos become the network's pictures. */
  readonly framing: Framing;
  /** Called for each photo that cannot be used. */
  readonly onSkipped?: (path: string, reason: string) => void;
  /** The folder that all of them lie in: when it goes, none is skipped for that. */
  readonly root?: PhotoRoot | undefined;
  /** Ends the reading; the photos read so far are kept. */
  readonly signal?: AbortSignal | undefined;
}

/** Photos of a library as a source, and as they are read. */
export interface PhotoSource extends ReadySource {
  /**
   * Reads the photos that the library has not read yet, some ahead, and gives those that can be used as batches, in their order.
   * When it has ended, `samples` counts them, and batches may be taken from the source as from any other.
   *
   * @param batchSize photos a batch
   */
  read(batchSize: number): AsyncIterable<Batch>;
}

/** Name of the graph's input. */
export const fedPhotos = "photos";

/** What decides which pixels are made of a photo; of the whole of one only the size, by which earlier versions have kept theirs. */
export function readingOf({ size, ...framing }: Framing): object {
  return { resizedTo: size, ...framing };
}

/** Photos that are read before they are asked for; their pixels lie on disk, in the cache of this process. */
const readAhead = 512;

/**
 * What makes a network's input of photos in a library: sources with the same graph share their programs.
 *
 * @param size height and width of the photos, in pixels
 * @param preprocess what the network wants done to pixels, `[N, 3, size, size]` float32 RGB in [0, 255]
 */
export function photoGraph(size: number, preprocess: (pixels: Value) => Value): readonly Value[] {
  return [preprocess(toChannelsFirst(cast(input(fedPhotos, "uint8", ["N", size, size, 3]), "float32")))];
}

/** Photos resized for a network. Those that cannot be used are found when they are read; they are reported and left out. */
export class PhotoLibrary {
  private readonly usable: Photo[] = [];
  private readonly numbers: number[] = [];
  private readonly pinned = new PinnedPhotos();
  private looked = 0;

  /** @param listed the photos; none of them is read yet */
  constructor(
    private readonly listed: readonly Photo[],
    private readonly options: ReadOptions,
  ) {}

  /** Photos that were read and can be used. */
  get photos(): readonly Photo[] {
    return this.usable;
  }

  /**
   * Takes over what another library of the same photos has found, so that they need not be read for it.
   *
   * @param usable numbers of the photos that could be used, in the list's order
   */
  takeOver(usable: readonly number[]): void {
    for (const number of usable) {
      for (const photo of this.listed.slice(number, number + 1)) this.take(photo, number);
    }
    this.looked = this.listed.length;
  }

  /** Numbers in the list of the photos that can be used. */
  get usableNumbers(): readonly number[] {
    return this.numbers;
  }

  /** @returns its place among those that can be used */
  private take(photo: Photo, number: number): number {
    this.numbers.push(number);
    return this.usable.push(photo) - 1;
  }

  /**
   * The photos as a source for `fit`, with class numbers as labels.
   *
   * @param batchSize photos a batch
   * @param graph what {@link photoGraph} gave for this library's size
   * @param order where the order of each round is drawn from; `undefined` keeps the photos' own order
   */
  source(batchSize: number, graph: readonly Value[], order?: Generator): PhotoSource {
    const photos = this.usable;
    const batch = (keys: readonly number[]): Batch => ({
      keys,
      labels: float32(
        keys.map((key) => photos[key]?.classIndex ?? 0),
        [keys.length],
      ),
      load: (rows) => this.load(pickRows(keys, rows).flatMap((key) => photos.slice(key, key + 1))),
    });
    let rounds: SampleOrder | undefined;
    // Not before all photos are known.
    const shuffled = (): SampleOrder => (rounds ??= new SampleOrder(photos.length, order));
    return {
      get samples() {
        return photos.length;
      },
      batchSize,
      reproducible: true,
      identify: async (key) => {
        const photo = photos[key];
        return photo && photoIdentity(await this.pinned.hashOf(photo), readingOf(this.options.framing));
      },
      graph,
      sampleName: (key) => photos[key]?.path,
      nextBatch: () => batch(shuffled().next(batchSize)),
      save: () => shuffled().save(),
      restore: (state) => {
        shuffled().restore(state);
      },
      *inOrder() {
        const keys = Array.from(photos.keys());
        for (let start = 0; start < keys.length; start += batchSize) yield batch(keys.slice(start, start + batchSize));
      },
      spread: (count) => this.spread(count),
      read: (size) => this.read(size, batch),
    };
  }

  private async *read(batchSize: number, batch: (keys: readonly number[]) => Batch): AsyncGenerator<Batch> {
    const { signal, onSkipped } = this.options;
    let keys: number[] = [];
    const look = async (photo: Photo): Promise<{ readonly photo: Photo; readonly reason?: string }> => {
      try {
        return { photo: await this.lookAt(photo) };
      } catch (error) {
        if (!(error instanceof PhotoError)) throw error;
        await this.options.root?.check(photo.path);
        return { photo, reason: error.reason };
      }
    };
    for await (const { photo, reason } of workAhead(this.listed.slice(this.looked), look, () => readAhead)) {
      if (signal?.aborted === true) break;
      this.looked += 1;
      if (reason === undefined) keys.push(this.take(photo, this.looked - 1));
      else onSkipped?.(photo.path, reason);
      if (keys.length < batchSize) continue;
      yield batch(keys);
      keys = [];
    }
    if (keys.length > 0) yield batch(keys);
  }

  /**
   * Some of the listed photos, before the library is read as well as after; where one cannot be used, the next one that can.
   *
   * @throws PhotoError where none can
   */
  private async spread(count: number): Promise<NamedTensors> {
    const chosen: Photo[] = [];
    let unusable: PhotoError | undefined;
    const places = evenly(count, this.listed.length);
    for (const [index, place] of places.entries()) {
      for (const photo of this.listed.slice(place, places[index + 1])) {
        try {
          chosen.push(await this.lookAt(photo));
          break;
        } catch (error) {
          // It is reported when the library is read.
          if (!(error instanceof PhotoError)) throw error;
          await this.options.root?.check(photo.path);
          unusable = error;
        }
      }
    }
    if (chosen.length === 0 && unusable !== undefined) throw unusable;
    return this.load(chosen);
  }

  private async load(photos: readonly Photo[]): Promise<NamedTensors> {
    const { size } = this.options.framing;
    const joined = new Uint8Array(photos.length * this.pixelBytes);
    await this.pinned.fill(joined, photos, this.work);
    return { [fedPhotos]: useOnce(new Tensor("uint8", joined, [photos.length, size, size, 3])) };
  }

  /** Reads a photo, so that its pixels are there when they are loaded; gives it with the hash of what was read. */
  private async lookAt(photo: Photo): Promise<Photo> {
    return { ...photo, hash: await this.pinned.keep(this.pixelBytes, photo, this.work) };
  }

  private get pixelBytes(): number {
    return this.options.framing.size ** 2 * 3;
  }

  /** What makes a photo's pixels, `[size, size, 3]` uint8. */
  private get work(): PixelWork {
    return { kind: "resize", options: this.options.framing };
  }
}

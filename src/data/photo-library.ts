import { input, type Value } from "../graph/value.js";
import { toChannelsFirst } from "../nn/channels.js";
import { type Batch, type BatchSource, pickRows } from "../models/batch-source.js";
import { SampleOrder } from "../models/sample-order.js";
import { float32 } from "../onnx/tensor-data.js";
import { cast } from "../ops/layout.js";
import type { Generator } from "../random/generator.js";
import { processors } from "../runtime/node-processors.js";
import { Tensor } from "../runtime/runtime.js";
import { PhotoError } from "./decode.js";
import { decodePool } from "./decode-pool.js";
import type { Photo } from "./photo.js";
import { photoIdentity } from "./photo-identity.js";
import { pixelCache } from "./pixel-cache.js";

/** How photos are read. */
export interface ReadOptions {
  /** Height and width of the network's images, in pixels. */
  readonly imageSize: number;
  /** Called after each photo. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Called for each photo that cannot be used. */
  readonly onSkipped?: (path: string, reason: string) => void;
  /** Ends the reading; the photos read so far are kept. */
  readonly signal?: AbortSignal;
}

/** Name of the graph's input. */
const fed = "photos";

/**
 * Runs tasks with a bounded number under way.
 *
 * @param count number of tasks, numbered from 0
 */
async function inParallel(count: number, task: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await task(next++);
  };
  await Promise.all(Array.from({ length: Math.min(count, 2 * processors().threads) }, worker));
}

/**
 * What makes a network's input of photos in a library: sources with the same graph share their programs.
 *
 * @param size height and width of the photos, in pixels
 * @param preprocess what the network wants done to pixels, `[N, 3, size, size]` float32 RGB in [0, 255]
 */
export function photoGraph(size: number, preprocess: (pixels: Value) => Value): readonly Value[] {
  return [preprocess(toChannelsFirst(cast(input(fed, "uint8", ["N", size, size, 3]), "float32")))];
}

/** Photos that were read and found usable, resized for a network. */
export class PhotoLibrary {
  private constructor(
    readonly photos: readonly Photo[],
    /** Height and width, in pixels. */
    private readonly size: number,
  ) {}

  /**
   * Decodes and resizes photos; those that cannot be used are reported and left out.
   *
   * @param photos what to read
   */
  static async read(photos: readonly Photo[], options: ReadOptions): Promise<PhotoLibrary> {
    const library = new PhotoLibrary([], options.imageSize);
    const usable = new Set<number>();
    let done = 0;
    await inParallel(photos.length, async (index) => {
      const path = photos[index]?.path ?? "";
      if (options.signal?.aborted === true) return;
      try {
        await library.pixelsOf(path);
        usable.add(index);
      } catch (error) {
        if (!(error instanceof PhotoError)) throw error;
        options.onSkipped?.(path, error.reason);
      }
      options.onProgress?.(++done, photos.length);
    });
    return new PhotoLibrary(
      photos.filter((_, index) => usable.has(index)),
      options.imageSize,
    );
  }

  /**
   * The photos as a source for `fit`, with class numbers as labels.
   *
   * @param batchSize photos a batch
   * @param graph what {@link photoGraph} gave for this library's size
   * @param order where the order of each round is drawn from; `undefined` keeps the photos' own order
   */
  source(batchSize: number, graph: readonly Value[], order?: Generator): BatchSource {
    const samples = this.photos.length;
    const { size } = this;
    const batch = (keys: readonly number[]): Batch => ({
      keys,
      truth: float32(
        keys.map((key) => this.photos[key]?.classIndex ?? 0),
        [keys.length],
      ),
      load: async (rows) => {
        const wanted = pickRows(keys, rows);
        return { [fed]: new Tensor("uint8", await this.load(wanted), [wanted.length, size, size, 3]) };
      },
    });
    const rounds = new SampleOrder(samples, order);
    return {
      samples,
      batchSize,
      reproducible: true,
      identify: (key) => photoIdentity(this.photos[key]?.path ?? "", { resizedTo: size }),
      graph,
      next: () => batch(rounds.next(batchSize)),
      save: () => rounds.save(),
      restore: (state) => {
        rounds.restore(state);
      },
      *inOrder() {
        const keys = Array.from({ length: samples }, (_, index) => index);
        for (let start = 0; start < samples; start += batchSize) yield batch(keys.slice(start, start + batchSize));
      },
    };
  }

  private async load(keys: readonly number[]): Promise<Uint8Array> {
    const size = this.size ** 2 * 3;
    const joined = new Uint8Array(keys.length * size);
    await inParallel(keys.length, async (row) => {
      joined.set(await this.pixelsOf(this.photos[keys[row] ?? 0]?.path ?? ""), row * size);
    });
    return joined;
  }

  /** `[size, size, 3]` uint8 of a photo. */
  private pixelsOf(path: string): Promise<Uint8Array> {
    const options = { size: this.size };
    return pixelCache.of(path, JSON.stringify(options), () => decodePool.run({ kind: "resize", path, options }));
  }
}

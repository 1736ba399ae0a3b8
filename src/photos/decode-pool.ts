import { processors } from "../runtime/node/processors.js";
import { ThreadPool } from "../runtime/node/threads.js";
import { PhotoError } from "./photo-error.js";
import type { DecodeJob, DecodeResults, Performed, PixelJob } from "./decode-jobs.js";
import { photoMemory } from "./photo-memory.js";
import type { MadePixels } from "./pixel-cache.js";
import type { PixelRoom } from "./pixel-room.js";

/** What a thread is asked. */
export interface DecodeRequest {
  readonly job: DecodeJob;
  /** Where pixels are written instead of being given. */
  readonly room?: PixelRoom | undefined;
}

/** What a thread gives; no result where it was written. */
export type DecodeReply = Pick<Performed, "file"> & { readonly result: Performed["result"] | undefined };

/** More threads than this do not decode faster: reading their results is the work of one. */
const mostWorkers = 16;

/**
 * Threads that decode and resize photos. The engine computes on the calling thread, which therefore cannot go on with a photo
 * while a step is under way: reading a file, decoding it and resizing it are several turns of it. Each thread has turns of its
 * own. What they give is what the same functions give when they are called directly.
 */
export class DecodePool {
  private readonly threads: ThreadPool<DecodeRequest, DecodeReply>;

  /** @param size the most threads */
  constructor(private readonly size: number) {
    this.threads = new ThreadPool(new URL("./decode-worker", import.meta.url), {
      size,
      usesEngine: true,
      data: { photoMemory: photoMemory.shared },
      onLost: () => {
        photoMemory.reset();
      },
      revive: (described) => {
        const { path, reason, isTooLarge } = described as PhotoError;
        return new PhotoError(path, reason, undefined, isTooLarge);
      },
    });
  }

  /**
   * Does work on a photo; it is begun at once, so that it goes on while this thread is busy. Bytes that are given with it may be handed
   * over: nobody uses them afterwards.
   *
   * @throws PhotoError when the file cannot be used
   */
  async run<Job extends DecodeJob>(job: Job): Promise<DecodeResults[Job["kind"]]> {
    // Bytes that are nothing's but this job's are handed over.
    const bytes = job.kind === "prepare" ? undefined : job.bytes;
    const transfer = bytes?.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength;
    return (await this.threads.run({ job }, transfer ? [bytes.buffer] : [])).result as DecodeResults[Job["kind"]];
  }

  /**
   * Makes pixels of a photo, begun at once.
   *
   * @param room where they are written
   * @returns which file was decoded, and the pixels' bytes where there is no room or they could not be written
   * @throws PhotoError when the file cannot be used
   */
  async pixels(job: PixelJob, room: PixelRoom | undefined): Promise<MadePixels> {
    const { result, file } = await this.threads.run({ job, room });
    if (file === undefined) throw new TypeError("A thread gave pixels of no file.");
    const made = result as Uint8Array | Float32Array | undefined;
    return { ...file, pixels: made && new Uint8Array(made.buffer, made.byteOffset, made.byteLength) };
  }

  /** Starts all threads, and loads what they resize photos with. */
  async prepare(): Promise<void> {
    await Promise.all(Array.from({ length: this.size }, () => this.run({ kind: "prepare" })));
  }
}

/**
 * The threads of this process: one for each hardware thread that it may use. There is one pool, because several would want the
 * same cores; a thread starts with the first photo that needs it.
 */
export const decodePool = new DecodePool(Math.min(mostWorkers, processors().threads));

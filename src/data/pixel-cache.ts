import { randomUUID } from "node:crypto";
import { mkdirSync, openSync, readSync, statfsSync, statSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../weights/cache.js";

/** The most bytes that are kept, if the disk has twice as many. */
const most = 16e9;

/** A photo's pixels in the file, and the state of the photo when they were made. */
interface Kept {
  readonly offset: number;
  readonly length: number;
  readonly size: number;
  readonly modified: number;
}

/** A file without a name, which goes when the process goes, however it ends. */
interface Scratch {
  readonly descriptor: number;
  /** Bytes that may be written. */
  readonly limit: number;
}

/**
 * Pixels of photos on disk for as long as the process runs, so that a photo is decoded once and not once an epoch or phase.
 * The system keeps what it can of the file in memory that nobody else needs, so little memory is this process's own.
 *
 * A photo whose file has another size or time than when it was decoded is decoded anew. When the disk is full, cannot be
 * written, or the limit is reached, what comes later is decoded each time.
 */
export class PixelCache {
  private readonly kept = new Map<string, Map<string, Kept>>();
  private scratch: Scratch | "none" | undefined;
  private written = 0;

  /**
   * @param folder where the file is made
   * @param limit the most bytes; default 16 GB, but no more than half of what is free
   */
  constructor(
    private readonly folder: () => string = cacheFolder,
    private readonly limit: number = most,
  ) {}

  /**
   * The pixels of a photo, from the disk or made.
   *
   * @param path the photo's file
   * @param reading all that decides which pixels are made of it
   * @param make decodes the photo
   */
  async of(path: string, reading: string, make: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const photos = this.kept.get(reading) ?? new Map<string, Kept>();
    this.kept.set(reading, photos);
    const now = statSync(path, { throwIfNoEntry: false });
    const known = photos.get(path);
    if (known !== undefined && known.size === now?.size && known.modified === now.mtimeMs) {
      const pixels = this.read(known);
      if (pixels !== undefined) return pixels;
    }
    const pixels = await make();
    const offset = now === undefined ? undefined : this.write(pixels);
    if (now !== undefined && offset !== undefined) {
      photos.set(path, { offset, length: pixels.byteLength, size: now.size, modified: now.mtimeMs });
    }
    return pixels;
  }

  private open(): Scratch | "none" {
    try {
      const folder = this.folder();
      mkdirSync(folder, { recursive: true });
      const path = join(folder, `pixels-${randomUUID()}.tmp`);
      const descriptor = openSync(path, "wx+", 0o600);
      unlinkSync(path);
      const { bavail, bsize } = statfsSync(folder);
      return { descriptor, limit: Math.min(this.limit, (bavail * bsize) / 2) };
    } catch {
      return "none";
    }
  }

  private read({ offset, length }: Kept): Uint8Array | undefined {
    if (this.scratch === undefined || this.scratch === "none") return undefined;
    const pixels = new Uint8Array(length);
    try {
      let done = 0;
      while (done < length) {
        const count = readSync(this.scratch.descriptor, pixels, done, length - done, offset + done);
        if (count === 0) return undefined;
        done += count;
      }
      return pixels;
    } catch {
      return undefined;
    }
  }

  /** @returns where the pixels are, unless there was no room */
  private write(pixels: Uint8Array): number | undefined {
    this.scratch ??= this.open();
    if (this.scratch === "none" || this.written + pixels.byteLength > this.scratch.limit) return undefined;
    const offset = this.written;
    try {
      let done = 0;
      while (done < pixels.byteLength) {
        done += writeSync(this.scratch.descriptor, pixels, done, pixels.byteLength - done, offset + done);
      }
    } catch {
      // What was kept before can still be read.
      this.scratch = { ...this.scratch, limit: 0 };
      return undefined;
    }
    this.written += pixels.byteLength;
    return offset;
  }
}

/** The pixels of all photos that this process has decoded. */
export const pixelCache = new PixelCache();

import { openSync, readSync, statfsSync, unlinkSync } from "node:fs";
import { warnOfCache } from "../errors/warn.js";
import { cacheFolder, elsewhere } from "../files/cache.js";
import { fileSystemError } from "../files/file-system-errors.js";
import { makeFoldersSync } from "../files/make-folders.js";
import { sweepOnce, temporaryPath } from "../files/temporary-name.js";
import type { PixelRoom } from "./pixel-room.js";

/** The most bytes that are kept, if the disk has twice as many. */
const most = 16e9;

/** What was made of a photo. */
export interface MadePixels {
  /** SHA-256 of the bytes that were decoded. */
  readonly hash: string;
  /** State of the file; `undefined` where it changed while it was read. */
  readonly state: string | undefined;
  /** `undefined` where they were written. */
  readonly pixels: Uint8Array | undefined;
}

/**
 * Reads a photo's file once and decodes it: writes its pixels where there is room for them, or gives them where there is none or
 * they cannot be written.
 */
export type MakePixels = (room: PixelRoom | undefined) => Promise<MadePixels>;

/** A photo's pixels in the file. */
interface Kept {
  readonly offset: number;
  readonly length: number;
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
 * They are kept under the hash of the bytes that were decoded, whatever the file is called and however it has changed since. When
 * the disk is full, cannot be written, or the limit is reached, what comes later is decoded each time.
 */
export class PixelCache {
  private readonly kept = new Map<string, Map<string, Kept>>();
  private scratch: Scratch | "none" | undefined;
  private reserved = 0;

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
   * @param pixels where they are put; all photos of one reading take as many bytes
   * @param hash of the photo's content, where it is known
   * @param reading all that decides which pixels are made of it
   * @param make decodes the photo
   * @returns the hash of the content that these are the pixels of
   */
  async fill(pixels: Uint8Array, hash: string | undefined, reading: string, make: MakePixels): Promise<string> {
    const known = this.known(hash, reading);
    if (hash !== undefined && known !== undefined && this.read(known, pixels)) return hash;
    const made = await this.make(pixels.byteLength, reading, make);
    if (made.pixels !== undefined) pixels.set(made.pixels);
    else {
      const kept = this.known(made.hash, reading);
      if (kept === undefined || !this.read(kept, pixels)) {
        const again = await make(undefined);
        pixels.set(given(again));
        return again.hash;
      }
    }
    return made.hash;
  }

  /**
   * The pixels of a photo where they are on the disk.
   *
   * @returns whether they are
   */
  find(pixels: Uint8Array, hash: string, reading: string): boolean {
    const known = this.known(hash, reading);
    return known !== undefined && this.read(known, pixels);
  }

  /**
   * Decodes a photo ahead, unless its pixels are on the disk already.
   *
   * @param bytes that its pixels take
   * @returns the hash of its content
   */
  async keep(bytes: number, hash: string | undefined, reading: string, make: MakePixels): Promise<string> {
    if (hash !== undefined && this.known(hash, reading) !== undefined) return hash;
    return (await this.make(bytes, reading, make)).hash;
  }

  private known(hash: string | undefined, reading: string): Kept | undefined {
    return hash === undefined ? undefined : this.kept.get(reading)?.get(hash);
  }

  private async make(length: number, reading: string, make: MakePixels): Promise<MadePixels> {
    const room = this.reserve(length);
    const made = await make(room);
    if (room === undefined) return { ...made, pixels: given(made) };
    if (made.pixels !== undefined) {
      // Nothing more can be written; what was written before can still be read.
      this.tell();
      if (this.scratch !== undefined && this.scratch !== "none") this.scratch = { ...this.scratch, limit: 0 };
      return made;
    }
    const photos = this.kept.get(reading) ?? new Map<string, Kept>();
    this.kept.set(reading, photos.set(made.hash, { offset: room.offset, length }));
    return made;
  }

  private tell(): void {
    warnOfCache(
      `There is no room for more pixels in ${this.folder()}: photos that come later are decoded each time. ${elsewhere}`,
    );
  }

  private open(): Scratch | "none" {
    try {
      const folder = this.folder();
      makeFoldersSync(folder);
      void sweepOnce(folder);
      const path = temporaryPath(folder);
      const descriptor = openSync(path, "wx+", 0o600);
      unlinkSync(path);
      const { bavail, bsize } = statfsSync(folder);
      return { descriptor, limit: Math.min(this.limit, (bavail * bsize) / 2) };
    } catch (cause) {
      warnOfCache(
        `${fileSystemError(cause, this.folder(), "write", elsewhere).message} Photos are decoded each time they are needed.`,
      );
      return "none";
    }
  }

  /** Reads pixels; gives whether it could. */
  private read({ offset, length }: Kept, pixels: Uint8Array): boolean {
    if (this.scratch === undefined || this.scratch === "none" || length !== pixels.byteLength) return false;
    try {
      let done = 0;
      while (done < length) {
        const count = readSync(this.scratch.descriptor, pixels, done, length - done, offset + done);
        if (count === 0) return false;
        done += count;
      }
      return true;
    } catch {
      return false;
    }
  }

  /** Room for pixels, unless there is none. */
  private reserve(length: number): PixelRoom | undefined {
    this.scratch ??= this.open();
    if (this.scratch === "none") return undefined;
    if (this.reserved + length > this.scratch.limit) {
      if (this.scratch.limit < this.limit) this.tell();
      return undefined;
    }
    const offset = this.reserved;
    this.reserved += length;
    return { descriptor: this.scratch.descriptor, offset };
  }
}

/** Pixels that must have been given, since there was no room for them. */
function given({ pixels }: MadePixels): Uint8Array {
  if (pixels === undefined) throw new TypeError("A decoder gave no pixels.");
  return pixels;
}

/** The pixels of all photos that this process has decoded: one, so that all sources of the same photos share one file on disk. */
export const pixelCache = new PixelCache();

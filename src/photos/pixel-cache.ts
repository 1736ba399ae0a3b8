import { mkdirSync, openSync, readSync, type Stats, statfsSync, statSync, unlinkSync } from "node:fs";
import { warnOfCache } from "../errors/warn.js";
import { cacheFolder, elsewhere } from "../files/cache.js";
import { fileSystemError } from "../files/file-system-errors.js";
import { sweepOnce, temporaryPath } from "../files/temporary-name.js";
import type { PixelRoom } from "./pixel-room.js";

/** The most bytes that are kept, if the disk has twice as many. */
const most = 16e9;

/**
 * Decodes a photo: writes its pixels where there is room for them, or gives them where there is none or they cannot be written.
 */
export type MakePixels = (room: PixelRoom | undefined) => Promise<Uint8Array | undefined>;

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
   * @param path the photo's file
   * @param reading all that decides which pixels are made of it
   * @param make decodes the photo
   */
  async fill(pixels: Uint8Array, path: string, reading: string, make: MakePixels): Promise<void> {
    const known = this.known(path, reading);
    if (known !== undefined && this.read(known, pixels)) return;
    const made = await this.make(pixels.byteLength, path, reading, make);
    if (made instanceof Uint8Array) pixels.set(made);
    else if (!this.read(made, pixels)) pixels.set(given(await make(undefined)));
  }

  /**
   * Decodes a photo ahead, unless its pixels are on the disk already.
   *
   * @param bytes that its pixels take
   */
  async keep(bytes: number, path: string, reading: string, make: MakePixels): Promise<void> {
    if (this.known(path, reading) === undefined) await this.make(bytes, path, reading, make);
  }

  /** Where a photo's pixels are, if its file is as it was when they were made. */
  private known(path: string, reading: string): Kept | undefined {
    const kept = this.kept.get(reading)?.get(path);
    if (kept === undefined) return undefined;
    const now = stateOf(path);
    return kept.size === now?.size && kept.modified === now.mtimeMs ? kept : undefined;
  }

  private async make(length: number, path: string, reading: string, make: MakePixels): Promise<Kept | Uint8Array> {
    const before = stateOf(path);
    const room = before === undefined ? undefined : this.reserve(length);
    const made = await make(room);
    if (before === undefined || room === undefined) return given(made);
    if (made !== undefined) {
      // Nothing more can be written; what was written before can still be read.
      this.tell();
      if (this.scratch !== undefined && this.scratch !== "none") this.scratch = { ...this.scratch, limit: 0 };
      return made;
    }
    const kept = { offset: room.offset, length, size: before.size, modified: before.mtimeMs };
    const photos = this.kept.get(reading) ?? new Map<string, Kept>();
    this.kept.set(reading, photos.set(path, kept));
    return kept;
  }

  private tell(): void {
    warnOfCache(
      `There is no room for more pixels in ${this.folder()}: photos that come later are decoded each time. ${elsewhere}`,
    );
  }

  private open(): Scratch | "none" {
    try {
      const folder = this.folder();
      mkdirSync(folder, { recursive: true });
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

/** Size and time of a file; `undefined` where there is none. */
function stateOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

/** Pixels that must have been given, since there was no room for them. */
function given(pixels: Uint8Array | undefined): Uint8Array {
  if (pixels === undefined) throw new TypeError("A decoder gave no pixels.");
  return pixels;
}

/** The pixels of all photos that this process has decoded: one, so that all sources of the same photos share one file on disk. */
export const pixelCache = new PixelCache();

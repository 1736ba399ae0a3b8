import type { PixelWork } from "./decode-jobs.js";
import { decodePool } from "./decode-pool.js";
import type { PhotoInFile } from "./photo.js";
import { PhotoError } from "./photo-error.js";
import { knownHash, photoHash, rememberFile } from "./photo-identity.js";
import { type MakePixels, pixelCache } from "./pixel-cache.js";

/**
 * The photos of one source. Each counts as what it was when it was first decoded, or before, where its hash is given, for as long
 * as the source is used: what is kept of a photo, pixels or activations, is kept under the hash of the very bytes that were
 * decoded. A file that is replaced later gives nothing: the pixels that are kept are used where there are any, and else it is an
 * error.
 */
export class PinnedPhotos {
  /** Of what was decoded. */
  private readonly decoded = new Map<string, string>();
  /** Of what was hashed to look for what is kept; another content may be decoded as long as none was. */
  private readonly hashed = new Map<string, string>();

  /**
   * The hash of a photo's content.
   *
   * @throws PhotoError when the file cannot be read
   */
  async hashOf(photo: PhotoInFile): Promise<string> {
    const known = this.pinned(photo) ?? this.hashed.get(photo.path);
    if (known !== undefined) return known;
    const hash = await photoHash(photo.path);
    this.hashed.set(photo.path, hash);
    // It may have been decoded meanwhile.
    return this.pinned(photo) ?? hash;
  }

  /**
   * Puts the pixels of photos one behind the other: from the disk where they were made before, else decoded on threads.
   *
   * @param pixels filled; each photo takes as many bytes
   * @param work what makes a photo's pixels
   * @throws PhotoError when a file cannot be used, or is no longer what it was
   */
  async fill(pixels: Uint8Array, photos: readonly PhotoInFile[], work: PixelWork): Promise<void> {
    const size = pixels.byteLength / photos.length;
    const reading = JSON.stringify(work);
    await Promise.all(
      photos.map(async (photo, row) => {
        const place = pixels.subarray(row * size, (row + 1) * size);
        const hash = await pixelCache.fill(place, this.kept(photo), reading, this.making(photo, work));
        this.check(photo, hash);
      }),
    );
  }

  /**
   * Decodes a photo ahead, so that its pixels are on the disk when they are asked for.
   *
   * @param bytes that its pixels take
   * @returns the hash of its content
   * @throws PhotoError when the file cannot be used, or is no longer what it was
   */
  async keep(bytes: number, photo: PhotoInFile, work: PixelWork): Promise<string> {
    const hash = await pixelCache.keep(bytes, this.kept(photo), JSON.stringify(work), this.making(photo, work));
    this.check(photo, hash);
    return hash;
  }

  /**
   * Pixels of a photo that are kept, whatever has become of its file.
   *
   * @param pixels filled
   * @returns whether there are any
   */
  fillFromKept(pixels: Uint8Array, photo: PhotoInFile, work: PixelWork): boolean {
    const hash = this.pinned(photo);
    return hash !== undefined && pixelCache.find(pixels, hash, JSON.stringify(work));
  }

  private pinned({ path, hash }: PhotoInFile): string | undefined {
    return hash ?? this.decoded.get(path);
  }

  /** What pixels may be kept under. */
  private kept(photo: PhotoInFile): string | undefined {
    return this.pinned(photo) ?? this.hashed.get(photo.path) ?? knownHash(photo.path);
  }

  private making(photo: PhotoInFile, work: PixelWork): MakePixels {
    return async (room) => {
      const made = await decodePool.pixels({ ...work, path: photo.path, hash: this.pinned(photo) }, room);
      rememberFile({ path: photo.path, ...made });
      return made;
    };
  }

  /** The first content counts; two may decode a photo for the first time at the same moment, and another file between them. */
  private check(photo: PhotoInFile, hash: string): void {
    const first = this.pinned(photo) ?? hash;
    this.decoded.set(photo.path, first);
    if (first !== hash) throw new PhotoError(photo.path, "it changes while it is read");
  }
}

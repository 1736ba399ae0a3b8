import { decodePool } from "./decode-pool.js";
import type { PixelWork } from "./decode-jobs.js";
import { type MakePixels, pixelCache } from "./pixel-cache.js";

/**
 * Puts the pixels of photos one behind the other: from the disk where they were made before, else decoded on threads.
 *
 * @param pixels filled; each photo takes as many bytes
 * @param paths the photos' files
 * @param work what makes a photo's pixels
 * @throws PhotoError when a file cannot be used
 */
export async function fillPixels(pixels: Uint8Array, paths: readonly string[], work: PixelWork): Promise<void> {
  const size = pixels.byteLength / paths.length;
  const reading = JSON.stringify(work);
  await Promise.all(
    paths.map((path, row) =>
      pixelCache.fill(pixels.subarray(row * size, (row + 1) * size), path, reading, making(path, work)),
    ),
  );
}

/**
 * Decodes a photo ahead, so that its pixels are on the disk when they are asked for.
 *
 * @param bytes that its pixels take
 * @throws PhotoError when the file cannot be used
 */
export async function keepPixels(bytes: number, path: string, work: PixelWork): Promise<void> {
  await pixelCache.keep(bytes, path, JSON.stringify(work), making(path, work));
}

function making(path: string, work: PixelWork): MakePixels {
  return (room) => decodePool.pixels({ ...work, path }, room);
}

import { writeSync } from "node:fs";

/** Room for a photo's pixels in a file that is open in this process; its other threads can write there too. */
export interface PixelRoom {
  readonly descriptor: number;
  readonly offset: number;
}

/** Writes pixels where there is room for them; gives whether all of them could be written. */
export function writePixels({ descriptor, offset }: PixelRoom, pixels: Uint8Array): boolean {
  try {
    let done = 0;
    while (done < pixels.byteLength) {
      done += writeSync(descriptor, pixels, done, pixels.byteLength - done, offset + done);
    }
    return true;
  } catch {
    // The disk is full, or broken. Whoever asked for it gets the pixels instead.
    return false;
  }
}

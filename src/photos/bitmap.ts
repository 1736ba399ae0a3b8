/** A picture out of a file that the image library does not read. */
export interface Bitmap {
  readonly width: number;
  readonly height: number;
  /** `[height, width, 3]` uint8. */
  readonly data: Uint8Array;
  /** `[height, width]` uint8; `undefined` where every pixel is opaque. */
  readonly alpha: Uint8Array | undefined;
}

/** What is wrong with such a file, in a few words. */
export class BitmapError extends Error {
  /**
   * @param what a noun phrase
   * @param truncated whether the file ends too early
   */
  constructor(
    what: string,
    readonly truncated = false,
  ) {
    super(what);
  }
}

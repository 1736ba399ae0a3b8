/** Something that reads files of others, for {@link file://./fuzz.ts}. */
export interface FuzzReader {
  /** What it reads, such as `"npz"`. */
  readonly name: string;
  /** The name that the damaged files have, with its ending. */
  readonly file: string;
  /** Intact files, small ones: damage shall hit what counts. They are made once, and what only they need is imported by this function. */
  seeds(): Promise<readonly Uint8Array[]>;
  /** Puts what was damaged into what it lies in, such as a ZIP archive whose checksums are right. Default: nothing around it. */
  wrap?(bytes: Uint8Array): Uint8Array;
  /**
   * Reads a damaged file to the end: whatever a user's call would do with it.
   *
   * @param path an absolute path; the folder may be used for what is unpacked, and is emptied between files
   */
  read(path: string): Promise<unknown>;
  /** Whether it may hang, because what ends it is not part of it; such files are counted. Default `false`. */
  readonly mayHang?: boolean | undefined;
  /** After how many files it is begun afresh. Default 5000. */
  readonly freshAfter?: number | undefined;
  /** How many damaged files tests read, where each takes so long that it cannot be a thousand. */
  readonly files?: number | undefined;
}

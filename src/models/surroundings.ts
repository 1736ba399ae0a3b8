/** How far some long work is. */
export interface ProgressState {
  /** What is being done, such as `Epoch 3/30`; a new text begins a new bar. */
  readonly what: string;
  readonly done: number;
  /** `undefined` when it is not known. */
  readonly total: number | undefined;
  readonly unit: "bytes" | "photos" | "steps";
  /** Said at the end of the line where there is room, such as the loss. */
  readonly note?: string | undefined;
}

/** Shows people how far long work is. */
export interface ProgressBar {
  /** Shows a state, unless the one before was shown just now. */
  update(state: ProgressState): void;
  /** Takes the bar away, so that other text can be written; the next update draws it again. */
  clear(): void;
  /** Writes a line that stays, in the place of the bar. */
  say(line: string): void;
}

/** What models, and callbacks that watch them, need of the machine they run on. */
export interface Surroundings {
  /** Writes a file under a temporary name and renames it; does not overwrite an existing one unless told to. */
  writeFile(path: string, bytes: Uint8Array): Promise<void>;
  /** Reads a file; `undefined` when there is none of that name. */
  readFile(path: string): Promise<Uint8Array | undefined>;
  /** Writes at the end of a file, which is made when it is missing. */
  appendFile(path: string, bytes: Uint8Array): Promise<void>;
  /** Removes a file, if it is there. */
  removeFile(path: string): Promise<void>;
  /** A bar for people who watch long work. */
  progressBar(): ProgressBar;
  /** Shows a person a result. */
  print(line: string): void;
  /** Shows a person something to think about, apart from results, and in the place of a bar. */
  warn(line: string): void;
}

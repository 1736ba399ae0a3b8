import { readdir, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { FileError } from "../errors/errors.js";
import { appendToFile, cutFile } from "../files/append.js";
import { errorCode, fileSystemError } from "../files/file-system-errors.js";
import { readRegularFile } from "../files/regular-file.js";
import { wholeRecords } from "../training/event-files/records.js";
import { type Summary, summaryRecord, versionRecord, whatIsIn } from "../training/event-files/summaries.js";

/** The folders whose figures TensorBoard shows as runs of their own: the run's own, and those of Keras's callback in it. */
export const eventFolders = { run: "", training: "train", validation: "validation" } as const;

/** One of them. */
export type EventFolder = keyof typeof eventFolders;

/** TensorBoard finds its files by the word, and reads them in the order of their names. */
const ownName = /^events\.out\.tfevents\.\d+\..*\.graft$/;

/** More than a run writes. */
const mostBytes = 2 ** 30;

/** How event files are written. */
export interface EventLogOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Of this computer. */
  readonly host: string;
  /** Told once where they cannot be written any more; what comes then is not written. */
  readonly onLost: (error: FileError) => void;
}

/**
 * The event files of a run, for TensorBoard. They are made at the first summary, and grow by whole records. A run that is gone on with does
 * again what it did since it was saved last, with the same figures: what is there already, by its tag and step, is not written
 * once more, and what a process that was killed has left of a record is cut off.
 */
export class EventLog {
  private readonly known = new Map<EventFolder, Set<string>>();
  private readonly paths = new Map<EventFolder, string>();
  private last: Promise<void> = Promise.resolve();
  private isLost = false;

  /** @param run the run's folder */
  constructor(
    private readonly run: string,
    private readonly options: EventLogOptions,
  ) {}

  /** Finds what the run has written before it was stopped. */
  async reopen(): Promise<void> {
    await this.guarded(async () => {
      for (const folder of folders()) await this.reopenFolder(folder);
    });
  }

  /** Writes summaries of a step behind what was added before, those that are there already left out. */
  add(folder: EventFolder, step: number, summaries: readonly Summary[]): void {
    const known = this.known.get(folder) ?? new Set();
    this.known.set(folder, known);
    const fresh = summaries.filter(({ tag }) => !known.has(keyOf(step, tag)));
    for (const { tag } of fresh) known.add(keyOf(step, tag));
    if (fresh.length === 0) return;
    const record = summaryRecord(this.options.now() / 1000, step, fresh);
    this.last = this.last.then(() => this.guarded(() => this.append(folder, record)));
  }

  /** Whether a summary is there already, so that it need not be made. */
  has(folder: EventFolder, step: number, tag: string): boolean {
    return this.known.get(folder)?.has(keyOf(step, tag)) === true;
  }

  /** Waits until all of it is written. */
  async settled(): Promise<void> {
    await this.last;
  }

  /** Removes the files of a run that has come to nothing. */
  async remove(): Promise<void> {
    await this.last;
    await this.guarded(async () => {
      for (const [folder, path] of this.paths) {
        await rm(path, { force: true });
        // One that holds something else stays.
        if (folder !== "run") await rmdir(join(this.run, eventFolders[folder])).catch(ignoreFilled);
      }
    });
  }

  private async append(folder: EventFolder, record: Uint8Array): Promise<void> {
    const known = this.paths.get(folder);
    if (known !== undefined) return appendToFile(known, record);
    const { now, host } = this.options;
    const name = `events.out.tfevents.${Math.floor(now() / 1000)}.${host.replace(/[^\w.-]/g, "_")}.graft`;
    const path = join(this.run, eventFolders[folder], name);
    this.paths.set(folder, path);
    await appendToFile(path, Buffer.concat([versionRecord(now() / 1000), record]));
  }

  private async reopenFolder(folder: EventFolder): Promise<void> {
    const place = join(this.run, eventFolders[folder]);
    const names = await readdir(place).catch((cause: unknown): string[] => {
      if (errorCode(cause) === "ENOENT") return [];
      throw cause;
    });
    const name = names
      .filter((one) => ownName.test(one))
      .sort()
      .at(-1);
    if (name === undefined) return;
    const path = join(place, name);
    const bytes = await readRegularFile(path, { most: mostBytes });
    const { records, length } = wholeRecords(bytes);
    if (length < bytes.length) await cutFile(path, length);
    // Without its first record it is no event file: another one is begun.
    if (records.length === 0) return rm(path);
    const keys = records.flatMap((record) => {
      const { step = 0, tags = [] } = whatIsIn(record) ?? {};
      return tags.map((tag) => keyOf(step, tag));
    });
    this.known.set(folder, new Set(keys));
    this.paths.set(folder, path);
  }

  /** Does what can fail for the disk; then nothing more is written. */
  private async guarded(work: () => Promise<void>): Promise<void> {
    if (this.isLost) return;
    try {
      await work();
    } catch (cause) {
      if (!(cause instanceof FileError) && errorCode(cause) === undefined) throw cause;
      this.isLost = true;
      this.options.onLost(cause instanceof FileError ? cause : fileSystemError(cause, this.run, "write"));
    }
  }
}

const keyOf = (step: number, tag: string): string => `${step} ${tag}`;

const folders = (): readonly EventFolder[] => Object.keys(eventFolders) as EventFolder[];

function ignoreFilled(cause: unknown): void {
  if (!["ENOTEMPTY", "EEXIST", "ENOENT"].includes(errorCode(cause) ?? "")) throw cause;
}

import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { FileError } from "../errors/errors.js";
import { harmlessJson } from "../errors/harmless.js";
import { syncFolder, writeFileAtomically } from "../files/atomic-write.js";
import { hashBytes } from "../files/checksum.js";
import { errorCode, fileSystemError } from "../files/file-system-errors.js";
import { readRegularFile, readRegularText } from "../files/regular-file.js";
import { foundInstead, parseStrangerJson } from "../files/stranger-json.js";
import { isLeftover } from "../files/temporary-name.js";
import type { TrainingState } from "../models/training-types.js";
import { greatest } from "../onnx/extremes.js";
import type { JournalState, JournalStore } from "../recipe/journal.js";
import { decodeState, encodeState } from "../training/fit/state-file.js";
import { lostFile } from "./lost-photos.js";
import { measuredFile } from "./measured-facts.js";
import { runFiles } from "./run-files.js";

/** Says what a run was begun with. A run can be gone on with from when it is there until it is removed, before all others. */
export const begunFile = "begun.json";

const stateFile = "state.json";

/** Files are named by numbers alone, so that none leads out of the folder. */
const fileName = z.string().regex(/^\d{1,9}\.safetensors$/);

const stateSchema = z.object({
  format: z.literal(1),
  /** How long the run has taken until then, without the time in which it was stopped. */
  seconds: z.number().nonnegative(),
  /** ISO 8601. */
  saved: z.string(),
  items: z.array(
    z.union([
      z.strictObject({ what: z.string(), file: fileName }),
      z.strictObject({ what: z.string(), value: z.unknown() }),
    ]),
  ),
  current: z.object({ what: z.string(), file: fileName }).nullable(),
  /** SHA-256 of each file that is named above. */
  sha256: z.record(fileName, z.string()),
});

/** Where a run stood when it was saved last. */
export interface Checkpoint {
  readonly state: JournalState;
  readonly seconds: number;
  /** ISO 8601. */
  readonly saved: string;
}

/**
 * The checkpoints of a run: files of what took long (safetensors), and `state.json`, which names those that count. It is written last and
 * in one piece, so the run is gone on with either from there or from where it was before.
 */
export class Checkpoints implements JournalStore {
  private readonly folder: string;
  private sums: Record<string, string> = {};
  private number = 0;

  private readonly begun = performance.now();
  private secondsBefore = 0;

  /** @param run the run's folder */
  constructor(run: string) {
    this.folder = join(run, runFiles.checkpoints);
  }

  /** How long the run has taken by now, in seconds, without the time in which it was stopped. */
  get seconds(): number {
    return this.secondsBefore + (performance.now() - this.begun) / 1000;
  }

  /** Whether there is nothing to go on from. */
  get isEmpty(): boolean {
    return Object.keys(this.sums).length === 0;
  }

  /**
   * Where the run stood.
   *
   * @returns `undefined` when it was stopped before its first checkpoint
   * @throws FileError when the checkpoint cannot be read, or is damaged
   */
  async open(): Promise<Checkpoint | undefined> {
    const path = join(this.folder, stateFile);
    let text: string;
    try {
      text = await readRegularText(path);
    } catch (cause) {
      if (errorCode(cause) === "ENOENT") return undefined;
      throw fileSystemError(cause, path, "read");
    }
    let parsed: z.infer<typeof stateSchema>;
    try {
      parsed = parseStrangerJson(text, stateSchema);
    } catch (cause) {
      throw damaged(path, foundInstead(cause));
    }
    const { items, current, seconds, saved, sha256 } = parsed;
    this.sums = { ...sha256 };
    this.secondsBefore = seconds;
    this.number = greatest(
      Object.keys(sha256).map((name) => Number.parseInt(name, 10)),
      0,
    );
    return { state: { items, current: current ?? undefined }, seconds, saved };
  }

  async keep(state: TrainingState): Promise<string> {
    this.number += 1;
    const name = `${this.number}.safetensors`;
    const bytes = encodeState(state);
    await writeFileAtomically(join(this.folder, name), bytes);
    this.sums[name] = hashBytes(bytes, "sha256");
    return name;
  }

  async read(file: string): Promise<TrainingState> {
    const path = join(this.folder, file);
    let bytes: Uint8Array;
    try {
      bytes = await readRegularFile(path);
    } catch (cause) {
      throw fileSystemError(cause, path, "read", "Restore the file, or begin the run anew.");
    }
    if (hashBytes(bytes, "sha256") !== this.sums[file]) throw damaged(path, "other bytes than were written");
    return decodeState(bytes, path);
  }

  async commit({ items, current }: JournalState): Promise<void> {
    const named = [...items, ...(current === undefined ? [] : [current])].flatMap((item) =>
      "file" in item ? [item.file] : [],
    );
    this.sums = Object.fromEntries(named.map((name) => [name, this.sums[name] ?? ""]));
    const state: z.infer<typeof stateSchema> = {
      format: 1,
      seconds: this.seconds,
      saved: new Date().toISOString(),
      items: [...items],
      current: current ?? null,
      sha256: this.sums,
    };
    await writeFileAtomically(join(this.folder, stateFile), `${harmlessJson(state, 1)}\n`);
    await this.sweep(new Set(named));
  }

  /**
   * Removes all of it: the run has come to its end. Whoever is killed at that leaves nothing that could be taken for a run to go on with.
   *
   * @throws FileError when it cannot be removed
   */
  async remove(): Promise<void> {
    const begun = join(this.folder, begunFile);
    try {
      if (await isThere(begun)) {
        await rm(begun);
        await syncFolder(this.folder);
      }
      await rm(this.folder, { recursive: true, force: true });
    } catch (cause) {
      throw fileSystemError(cause, this.folder, "write");
    }
  }

  /** Removes files that the state does not name. */
  private async sweep(named: ReadonlySet<string>): Promise<void> {
    try {
      for (const name of await readdir(this.folder)) {
        if (fileName.safeParse(name).success && !named.has(name)) await rm(join(this.folder, name), { force: true });
      }
    } catch (cause) {
      throw fileSystemError(cause, this.folder, "write");
    }
  }
}

/** What the checkpoints in a run's folder are: those of a run to go on with, what a process that was killed has left of others, or none. */
export type CheckpointsFound = "begun" | "leftovers" | "none";

/**
 * What the folder of a run has of checkpoints. Leftovers are those of a run that had just begun or just ended: nobody can go on from them.
 *
 * @param run the run's folder
 * @returns `"none"` also where something else has their name
 * @throws FileError when the folder cannot be read
 */
export async function checkpointsIn(run: string): Promise<CheckpointsFound> {
  const folder = join(run, runFiles.checkpoints);
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (cause) {
    if (errorCode(cause) === "ENOENT" || errorCode(cause) === "ENOTDIR") return "none";
    throw fileSystemError(cause, folder, "read");
  }
  if (names.includes(begunFile)) return "begun";
  for (const name of names) {
    const isOwn = fileName.safeParse(name).success || [stateFile, measuredFile, lostFile].includes(name);
    if (!isOwn && !(await isLeftover(folder, name))) return "none";
  }
  return "leftovers";
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function damaged(path: string, received: string): FileError {
  return new FileError(`${path} is no checkpoint of a run.`, {
    subject: path,
    expected: "what `graft train` has written",
    received,
    advice: "Restore the file, or begin the run anew: graft train DIR.",
  });
}

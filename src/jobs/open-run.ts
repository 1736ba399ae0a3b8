import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { FileError, GraftError, UsageError } from "../errors/errors.js";
import { shellWord } from "../errors/shell-word.js";
import type { ClassWeightsSetting } from "../recipe/class-weights.js";
import { type Checkpoint, Checkpoints } from "../runs/checkpoints.js";
import { lockRunFolder } from "../runs/run-folder-lock.js";
import { runFiles } from "../runs/run-files.js";
import { differencesBetween, type RunInputs } from "../runs/run-inputs.js";
import { defaultRunFolder, reserveRunFolder, type ReservedFolder } from "../runs/reserve-run-folder.js";
import { type LostPhoto, readLostPhotos } from "../runs/lost-photos.js";
import { readMeasured } from "../runs/measured-facts.js";
import { readBegunRun } from "./begun-run.js";
import { readRunBefore, type RunBefore } from "./repeat-run.js";
import { readClassWeights } from "./class-weights-file.js";
import type { JobContext } from "./job.js";
import type { TrainSettings } from "./train-options.js";

/** What is asked for of a run. */
export interface RunRequest {
  /** Folder of photos; `undefined` only where a run is gone on with, whose photos are where they were. */
  readonly directory: string | undefined;
  readonly settings: TrainSettings;
  /** Options that were given, and not left to their defaults; default all of the settings. */
  readonly given?: readonly string[] | undefined;
}

/** A run that may be written to: a new one, or one that was stopped. */
export interface OpenedRun {
  readonly folder: ReservedFolder;
  readonly directory: string;
  readonly settings: TrainSettings;
  readonly classWeights: ClassWeightsSetting | undefined;
  readonly started: Date;
  readonly checkpoints: Checkpoints;
  /** What it was begun with, and where it stood; `undefined` for a new one. */
  readonly stopped: { readonly inputs: RunInputs; readonly checkpoint: Checkpoint | undefined } | undefined;
  /** The run that it repeats. */
  readonly before: RunBefore | undefined;
  /** Photos that had gone before the run was stopped. */
  readonly lost: readonly LostPhoto[];
  /** What was measured on the machine of the run that is gone on with or repeated. */
  readonly measured: Readonly<Record<string, number>>;
}

/**
 * Makes the folder of a new run, or opens that of a run which was stopped. Nobody else writes to it until it is released.
 *
 * @returns `"ended"` where the run that is to be gone on with has come to its end
 * @throws UsageError when the request is not usable
 * @throws FileError when the folder cannot be read or written
 */
export async function openRun(request: RunRequest, { now, emit }: JobContext): Promise<OpenedRun | "ended"> {
  const { directory, settings } = request;
  const { resume, from } = settings;
  if (resume !== undefined && from !== undefined) {
    throw new UsageError("A run is either gone on with or repeated.", {
      subject: "--from",
      expected: "--resume or --from",
      received: "both",
    });
  }
  if (resume !== undefined) return openStopped(resume, request, emit);
  if (from !== undefined) return openRepetition(from, request, new Date(now()));
  if (directory === undefined) {
    throw new UsageError("The folder of photos, DIR, is missing.", {
      subject: "DIR",
      expected: "the path of a folder with one folder per class",
      received: "nothing",
      advice:
        "Call graft train photos/, or graft train --resume RUN to go on with a run that was stopped. More says graft train --help.",
    });
  }
  const started = new Date(now());
  const classWeights = await readClassWeights(settings.classWeights);
  const folder = await reserveRunFolder(settings.out, defaultRunFolder(directory, started));
  const checkpoints = new Checkpoints(folder.path);
  return {
    folder,
    directory,
    settings,
    classWeights,
    started,
    checkpoints,
    stopped: undefined,
    before: undefined,
    lost: [],
    measured: {},
  };
}

async function openRepetition(path: string, request: RunRequest, started: Date): Promise<OpenedRun> {
  const before = await readRunBefore(path);
  const settings = settingsAsBefore(before.settings, request, "repeated", before.inputs);
  const directory = request.directory ?? before.inputs?.directory ?? before.record.data.directory;
  const folder = await reserveRunFolder(request.settings.out, defaultRunFolder(directory, started));
  return {
    folder,
    directory,
    settings,
    classWeights: before.classWeights,
    started,
    checkpoints: new Checkpoints(folder.path),
    stopped: undefined,
    before,
    lost: [],
    measured: before.measured,
  };
}

/** The run that a stopped one repeats; where it can no longer be read, the other one goes on without being compared with it. */
async function repeatedBy(from: string | undefined, emit: JobContext["emit"]): Promise<RunBefore | undefined> {
  if (from === undefined) return undefined;
  try {
    return await readRunBefore(from);
  } catch (error) {
    if (!(error instanceof GraftError)) throw error;
    const message = `Whether this run comes to the same as ${from}, which it repeats, cannot be said any more: ${error.message}`;
    emit({ event: "warning", code: "other-circumstances", message });
    return undefined;
  }
}

async function openStopped(path: string, request: RunRequest, emit: JobContext["emit"]): Promise<OpenedRun | "ended"> {
  // Before a lock is put where nobody wants it.
  if ((await readBegunRun(path)) === undefined) return "ended";
  const lock = await lockRunFolder(path, "--resume");
  try {
    // Another run may have come to its end until the lock was there.
    const begun = await readBegunRun(path);
    if (begun === undefined) {
      await lock.release();
      return "ended";
    }
    const settings = settingsAsBefore(begun.settings, request, "gone on with", begun.inputs);
    const checkpoints = new Checkpoints(path);
    const checkpoint = await checkpoints.open();
    const release = (): Promise<void> => lock.release();
    return {
      folder: { path, check: () => lock.check(), release, abandon: release },
      directory: request.directory ?? begun.inputs.directory,
      settings,
      classWeights: begun.classWeights,
      started: begun.started,
      checkpoints,
      stopped: { inputs: begun.inputs, checkpoint },
      before: await repeatedBy(begun.from, emit),
      lost: await readLostPhotos(path),
      measured: await readMeasured(path),
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Options that may be other ones than those with which the run was begun: where things are, which is compared by its contents. */
const free: readonly string[] = ["resume", "from", "checkpointEvery", "network", "weights"];

/** @throws UsageError for an option that was given and is another one than that with which the run was begun */
function settingsAsBefore(
  begun: TrainSettings,
  { settings, given = Object.keys(settings) }: RunRequest,
  how: "gone on with" | "repeated",
  inputs: RunInputs | undefined,
): TrainSettings {
  const before: Readonly<Record<string, string | number | boolean>> = { ...begun };
  const now: Readonly<Record<string, string | number | boolean>> = { ...settings };
  for (const name of given) {
    if (free.includes(name) || (name === "out" && how === "repeated") || before[name] === now[name]) continue;
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    throw new UsageError(`A run is ${how} by the options with which it was begun.`, {
      subject: flag,
      expected: before[name] === undefined ? `no ${flag}, as before` : `${flag} ${String(before[name])}, as before`,
      received: String(now[name]),
      advice: "Leave the option out, or begin a new run.",
    });
  }
  // A relative path was one from the folder in which the run was begun.
  const network = given.includes("network") ? settings.network : whereIs(inputs?.network.path, begun.network);
  const weights = given.includes("weights")
    ? settings.weights
    : begun.weights && whereIs(inputs?.network.weights_path, begun.weights);
  return weights === undefined ? { ...begun, network } : { ...begun, network, weights };
}

/** Where a file was found, if it is there still; else what was asked for, for another machine may have it in the same place of another folder. */
function whereIs(found: string | undefined, asked: string): string {
  return found !== undefined && existsSync(found) ? found : asked;
}

/**
 * Compares a run with what it was begun with, before anything is computed.
 *
 * @throws FileError when it would come to something else
 */
export function checkUnchanged(run: string, then: RunInputs, now: RunInputs, { emit }: Pick<JobContext, "emit">): void {
  const differences = differencesBetween(then, now);
  const [first, ...others] = differences.filter(({ kind }) => kind !== "hardware");
  if (first !== undefined) {
    const all = [first, ...others];
    throw new FileError(`${run} cannot be gone on with: not all is as it was when it was stopped.`, {
      subject: first.kind,
      expected: "the photos, the network and the versions with which the run was begun",
      received: all.map(({ message }) => message).join("; "),
      advice: `Put back what has changed, or begin a new run: graft train ${shellWord(now.directory, process.platform)}`,
    });
  }
  if (differences.length === 0) return;
  const message = `This is not the machine on which the run was begun (${differences.map((one) => one.message).join("; ")}): its numbers may differ in their last digits.`;
  emit({ event: "warning", code: "other-machine", message });
}

/** Whether a run has a classifier. */
export async function hasModel(run: string): Promise<boolean> {
  return stat(join(run, runFiles.model)).then(
    (found) => found.isFile(),
    () => false,
  );
}

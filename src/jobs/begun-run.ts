import { stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { FileError, GraftError, UsageError } from "../errors/errors.js";
import { harmlessJson } from "../errors/harmless.js";
import { writeFileAtomically } from "../files/atomic-write.js";
import { errorCode, fileSystemError } from "../files/file-system-errors.js";
import { readRegularText } from "../files/regular-file.js";
import { foundInstead, parseStrangerJson } from "../files/stranger-json.js";
import type { ClassWeightsSetting } from "../recipe/class-weights.js";
import { begunFile } from "../runs/checkpoints.js";
import { runFiles } from "../runs/run-files.js";
import { type RunInputs, runInputs } from "../runs/run-inputs.js";
import { checkAllSettings } from "./check-settings.js";
import type { TrainSettings } from "./train-options.js";

const begunSchema = z.object({
  format: z.literal(1),
  /** ISO 8601. */
  started: z.string(),
  /** Options as they were asked for, checked when they are taken over. */
  settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  /** What the file of `--class-weights` said. */
  class_weights: z.union([z.enum(["none", "balanced"]), z.record(z.string(), z.number()), z.null()]),
  inputs: runInputs,
  /** The run that it repeats, as its path was given. */
  from: z.string().optional(),
});

/** A run that has begun: all that it was begun with. */
export interface BegunRun {
  readonly started: Date;
  readonly settings: TrainSettings;
  readonly classWeights: ClassWeightsSetting | undefined;
  readonly inputs: RunInputs;
  /** Path of the run that it repeats. */
  readonly from?: string | undefined;
}

/**
 * Writes down what a run is begun with, before anything is computed.
 *
 * @param run the run's folder
 * @throws FileError when it cannot be written
 */
export async function writeBegunRun(
  run: string,
  { started, settings, classWeights, inputs, from }: BegunRun,
): Promise<void> {
  const begun: z.infer<typeof begunSchema> = {
    format: 1,
    started: started.toISOString(),
    settings: Object.fromEntries(
      Object.entries(settings).filter(([name]) => !(unkept as readonly string[]).includes(name)),
    ),
    class_weights: typeof classWeights === "object" ? { ...classWeights } : (classWeights ?? null),
    inputs,
    ...(from === undefined ? {} : { from }),
  };
  await writeFileAtomically(pathIn(run), `${harmlessJson(begun)}\n`);
}

/** Options that say where and how a run is kept, and not what it comes to. */
const unkept = ["out", "resume", "from", "checkpointEvery"] as const;

function pathIn(run: string): string {
  return join(run, runFiles.checkpoints, begunFile);
}

/**
 * Reads what a run was begun with.
 *
 * @param run the run's folder
 * @returns `undefined` where the run has come to its end, and keeps no checkpoints
 * @throws UsageError when it is no folder of a run
 * @throws FileError when it cannot be read, or is damaged
 */
export async function readBegunRun(run: string): Promise<BegunRun | undefined> {
  const path = pathIn(run);
  let text: string;
  try {
    text = await readRegularText(path);
  } catch (cause) {
    if (!["ENOENT", "ENOTDIR"].includes(errorCode(cause) ?? "")) throw fileSystemError(cause, path, "read");
    if (await isThere(join(run, runFiles.record))) return undefined;
    throw new UsageError(`${run} is no run that can be gone on with.`, {
      subject: "--resume",
      expected: "the folder of a run that was stopped",
      received: (await isThere(run)) ? "a folder without checkpoints" : "a path where nothing is",
      advice: "Begin a new run: graft train DIR. Searches of graft tune keep no checkpoints: they are begun anew, too.",
    });
  }
  try {
    const { started, settings, class_weights: classWeights, inputs, from } = parseStrangerJson(text, begunSchema);
    checkAllSettings(path, settings);
    return {
      started: new Date(started),
      settings: settings as TrainSettings,
      classWeights: classWeights ?? undefined,
      inputs,
      from,
    };
  } catch (cause) {
    throw new FileError(`${path} does not say how a run was begun.`, {
      subject: path,
      expected: "what `graft train` has written",
      received: cause instanceof GraftError ? cause.message : foundInstead(cause),
      advice: "Restore the file, or begin the run anew: graft train DIR.",
      cause,
    });
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

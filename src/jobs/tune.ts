import type { StoppableContext } from "./job.js";
import type { FinishedRun } from "./finished-run.js";
import { train, type TrainRequest } from "./train.js";
import { defaultTuneTime } from "./tune-options.js";

/**
 * Searches settings for a folder of photos in the time that is given, and trains with what was found: a run like one of
 * {@link train}, with what was tried beside it.
 *
 * @returns `undefined` when it was stopped before there was anything to keep
 * @throws UsageError when the request is not usable
 * @throws FileError when photos, network or run folder cannot be read or written
 */
export async function tune(
  { directory, settings }: Pick<TrainRequest, "directory" | "settings">,
  context: StoppableContext,
): Promise<FinishedRun | undefined> {
  const { time = defaultTuneTime } = settings;
  const run = await train({ directory, settings: { ...settings, time }, search: true }, context);
  // A search is not gone on with, so none has ended before it began.
  return run === undefined || "event" in run ? undefined : run;
}

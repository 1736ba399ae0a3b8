import { shellWord } from "../errors/shell-word.js";
import type { FinishedRun } from "../jobs/finished-run.js";
import type { TrainDone } from "../jobs/events.js";
import type { StoppableContext } from "../jobs/job.js";
import { contextFor } from "./face.js";
import { exitCodes } from "./failure.js";
import { stopOnInterrupt } from "./interruption.js";
import type { Reporter } from "./reporter.js";
import type { Surroundings } from "./surroundings.js";

/** How to go on with a run that was stopped. */
function goOn({ run, resumable }: FinishedRun): string {
  return resumable ? ` To go on: graft train --resume ${shellWord(run, process.platform)}` : "";
}

/**
 * Runs a job that trains, says what it does and what has come of it, and stops it by Ctrl+C.
 *
 * @returns the exit code
 */
export async function runTraining(
  job: (context: StoppableContext) => Promise<FinishedRun | TrainDone | undefined>,
  reporter: Reporter,
  surroundings: Surroundings,
): Promise<number> {
  surroundings.goOnUnread();
  const { repetitionText, TrainWords, trainSummary } = await import("./train-words.js");
  const { tell } = new TrainWords(reporter, () => surroundings.elapsed());
  const { signal, end } = stopOnInterrupt(surroundings, reporter);
  try {
    const finished = await job({ ...contextFor(reporter, surroundings, tell), signal });
    if (finished === undefined) {
      // A file that is read for ever, or a download.
      surroundings.leaveBehind();
      return exitCodes.interrupted;
    }
    // It had ended before.
    if ("event" in finished) return exitCodes.done;
    if (finished.interrupted) reporter.say(`Stopped; the best weights until then were kept.${goOn(finished)}`);
    reporter.result(`\n${trainSummary(finished)}`);
    if (finished.repeated !== undefined) reporter.result(repetitionText(finished.repeated));
    const run = shellWord(finished.run, process.platform);
    // Who stops a run does not wait for its page.
    const page = finished.interrupted ? `, or graft report ${run} for the page about it` : "";
    reporter.say(`\nNext: graft predict ${run} PHOTO…${page}`);
    return finished.interrupted ? exitCodes.interrupted : exitCodes.done;
  } finally {
    end();
    reporter.end();
  }
}

import { shellWord } from "../errors/shell-word.js";
import type { FinishedRun } from "../jobs/finished-run.js";
import type { StoppableContext } from "../jobs/job.js";
import { contextFor } from "./face.js";
import { exitCodes } from "./failure.js";
import { stopOnInterrupt } from "./interruption.js";
import type { Reporter } from "./reporter.js";
import type { Surroundings } from "./surroundings.js";

/**
 * Runs a job that trains, says what it does and what has come of it, and stops it by Ctrl+C.
 *
 * @returns the exit code
 */
export async function runTraining(
  job: (context: StoppableContext) => Promise<FinishedRun | undefined>,
  reporter: Reporter,
  surroundings: Surroundings,
): Promise<number> {
  surroundings.goOnUnread();
  const { TrainWords, trainSummary } = await import("./train-words.js");
  const { tell } = new TrainWords(reporter, () => surroundings.now());
  const { signal, end } = stopOnInterrupt(surroundings, reporter);
  try {
    const finished = await job({ ...contextFor(reporter, surroundings, tell), signal });
    if (finished === undefined) return exitCodes.interrupted;
    if (finished.interrupted) reporter.say("Stopped by Ctrl+C; the best weights until then were kept.");
    reporter.result(`\n${trainSummary(finished)}`);
    reporter.say(`\nNext: graft predict ${shellWord(finished.run, process.platform)} PHOTO…`);
    return finished.interrupted ? exitCodes.interrupted : exitCodes.done;
  } finally {
    end();
    reporter.end();
  }
}

import { join } from "node:path";
import { UsageError } from "../errors/errors.js";
import { shellWord } from "../errors/shell-word.js";
import { runFiles } from "../runs/run-files.js";
import { readRunRecord } from "../runs/run-record.js";
import type { TrainDone } from "./events.js";

/**
 * How a run has ended, as it was said then.
 *
 * @param run the run's folder
 * @throws UsageError when it was a search that was stopped, or an earlier version has written it, which did not write down all of that
 * @throws FileError when its record cannot be read
 */
export async function endOfRun(run: string): Promise<TrainDone> {
  const { result, seconds, searched, interrupted } = await readRunRecord(run);
  if (searched === true && interrupted) {
    throw new UsageError(`${run} was begun by graft tune and stopped: a search is not gone on with.`, {
      subject: "--resume",
      expected: "a run of graft train that was stopped",
      received: "one of graft tune",
      advice: `What it had reached is in ${join(run, runFiles.model)}. Search anew: graft tune DIR; or train with the settings that it had found: graft train --from ${shellWord(run, process.platform)}`,
    });
  }
  const { held_out: held, test } = result;
  if (held?.accuracy_interval === undefined) {
    throw new UsageError(`${run} has come to its end: there is nothing to go on with.`, {
      subject: "--resume",
      expected: "the folder of a run that was stopped",
      received: "one of an earlier version of Graft",
      advice: "Begin a new run: graft train DIR.",
    });
  }
  return {
    event: "done",
    command: "train",
    run,
    model: join(run, runFiles.model),
    epochs: result.epochs,
    best_epoch: result.best_epoch,
    loss: result.loss,
    accuracy: result.accuracy,
    val_loss: result.val_loss,
    val_accuracy: result.val_accuracy,
    val_accuracy_interval: held.accuracy_interval,
    val_balanced_accuracy: held.balanced_accuracy,
    val_calibration_error: held.calibration_error,
    seconds,
    test_loss: result.test_loss,
    test_accuracy: result.test_accuracy,
    test_accuracy_interval: test?.accuracy_interval,
    test_balanced_accuracy: test?.balanced_accuracy,
    learning_curve: result.learning_curve,
    trunk: result.trunk,
  };
}

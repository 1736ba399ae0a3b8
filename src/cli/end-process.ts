import { engineAtRest } from "../runtime/node/at-rest.js";
import { endBySignal } from "./end-by-signal.js";
import { exitCodes } from "./failure.js";

/** How long a thread may go on with what it has begun, in ms, where somebody has stopped the command: a batch of photos in a large network takes seconds. */
const patienceOfStop = 10_000;
/** The same where nobody waits for the end: an exit code that says what has become of the work is worth more than time. */
const patience = 120_000;

/**
 * Ends this process with its exit code, whatever is still asked of threads. Where one of them does not come to rest, the signal of Ctrl+C
 * ends it, after which shells say 130, too: what a stopped command would have said itself.
 *
 * @param exitCode the code of the process
 */
export async function endProcess(exitCode: number): Promise<void> {
  if (await engineAtRest(exitCode === exitCodes.interrupted ? patienceOfStop : patience)) process.exit(exitCode);
  endBySignal("SIGINT");
}

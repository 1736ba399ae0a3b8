import { engineAtRest } from "../runtime/node/at-rest.js";
import { endBySignal } from "./end-by-signal.js";

/** How long a thread may go on with what it has begun, in ms: a batch of photos in a large network takes seconds. */
const patience = 10_000;

/**
 * Ends this process with its exit code, whatever is still asked of threads. Where one of them does not come to rest, the signal of Ctrl+C
 * ends it, after which shells say 130 too.
 */
export async function endProcess(): Promise<void> {
  if (await engineAtRest(patience)) process.exit();
  endBySignal("SIGINT");
}

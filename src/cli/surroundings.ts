import type { TextStream } from "../report/progress.js";
import type { JobParts } from "../jobs/parts.js";
import type { Serve } from "../jobs/serve.js";

export type { TextStream } from "../report/progress.js";

/** What a command needs from outside; tests put in their own. */
export interface Surroundings {
  /** Results. */
  readonly stdout: TextStream;
  /** All that comes on the standard input, to its end. */
  readInput(): Promise<Uint8Array>;
  /** Words for people. */
  readonly stderr: TextStream;
  /** From now on the work goes on where nobody takes what is said on stdout; before, the process ends. */
  goOnUnread(): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds since some moment, for how long something takes: setting the clock changes nothing of it. */
  elapsed(): number;
  readonly parts: JobParts;
  /** Another face, which this one does not know: it answers over HTTP. */
  readonly serve: Serve;
  /**
   * Calls back when the user presses Ctrl+C, or the system stops the process (SIGTERM, SIGHUP); the returned function ends that.
   */
  onInterrupt(listener: () => void): () => void;
  /** Ends the process with its exit code, when all is said, though something may still be under way that nobody waits for. */
  leaveBehind(): void;
  /** Ends the process at once, as Ctrl+C does to a program that does not catch it. */
  endNow(): void;
}

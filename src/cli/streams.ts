import { closeSync, openSync, writeSync } from "node:fs";
import { isatty } from "node:tty";
import { Outlet } from "../hosts/node/outlet.js";
import type { TextStream } from "../report/progress.js";
import { endBySignal } from "./end-by-signal.js";
import { endProcess } from "./end-process.js";
import { exitCodes } from "./failure.js";

/** How long the reader of a training's results may take nothing after its end, in ms; all of them are in the run's folder. */
const trainingPatience = 10_000;
/** The same for words. */
const wordsPatience = 2_000;

/** Where the command writes. */
export interface Streams {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  /**
   * From now on nothing stops because of results that nobody takes: what is made lies in a folder. Before, the process ends when
   * the reader of stdout closes it, as `head` does.
   */
  goOnUnread(): void;
  /**
   * Waits until all is read; ends the process where that is in vain.
   *
   * @param exitCode of the process, unless results are lost that were all that was to be made
   */
  end(exitCode: number): Promise<void>;
}

/** Node makes terminals wait: one that is paused, or whose connection stands still, would hold up the work. */
function setWaiting(stream: NodeJS.WriteStream, waits: boolean): void {
  if (!stream.isTTY || process.platform === "win32") return;
  const { _handle: handle } = stream as { _handle?: { setBlocking?: (waits: boolean) => unknown } };
  handle?.setBlocking?.(waits);
}

/** Whether a terminal is no longer there: its window was closed, or the connection to it. */
function isDead(terminal: number): boolean {
  try {
    writeSync(terminal, "");
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EIO";
  }
}

/**
 * At its end Node puts terminals back to how it found them, and aborts where one is no longer there: a run that ended well would
 * end with a core dump. What was reopened it leaves alone.
 */
function leaveDeadTerminals(terminals: readonly number[]): void {
  if (!terminals.some(isDead)) return;
  for (const terminal of terminals) {
    closeSync(terminal);
    // The system gives the lowest number that is free: the one that was closed.
    openSync("/dev/null", "r+");
  }
}

/** The streams of this process. */
export function openStreams(): Streams {
  let [goesOn, lost, told] = [false, false, false];
  const terminals = process.platform === "win32" ? [] : [0, 1, 2].filter((stream) => isatty(stream));
  setWaiting(process.stdout, false);
  setWaiting(process.stderr, false);
  const stderr = new Outlet(() => process.stderr);
  const stdout = new Outlet(
    () => process.stdout,
    (error) => {
      // A reader that has seen enough closes the pipe: that is no mistake.
      if (!goesOn && error.code === "EPIPE") endBySignal("SIGPIPE");
      if (!goesOn) lost = true;
      if (told) return;
      told = true;
      stderr.write(
        goesOn
          ? `Warning: stdout takes no more (${error.code ?? error.message}): what is said there is lost, what is made is not.\n`
          : `Error: The results cannot be written to stdout (${error.code ?? error.message}).\n`,
      );
    },
  );
  return {
    stdout,
    stderr,
    goOnUnread() {
      goesOn = true;
    },
    async end(exitCode) {
      process.exitCode = exitCode;
      const read = await Promise.all([
        stdout.emptied(goesOn ? trainingPatience : Infinity),
        stderr.emptied(wordsPatience),
      ]);
      const said = lost && exitCode === exitCodes.done ? exitCodes.failed : exitCode;
      process.exitCode = said;
      setWaiting(process.stdout, true);
      setWaiting(process.stderr, true);
      leaveDeadTerminals(terminals);
      // A text that waits for its reader would keep the process.
      if (read.includes(false)) await endProcess(said);
    },
  };
}

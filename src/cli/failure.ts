import { CommanderError } from "commander";
import { harmlessLine, harmlessTexts } from "../errors/harmless.js";
import { GraftError, UsageError } from "../errors/errors.js";

/** Exit codes, as `graft --help` lists them. */
export const exitCodes = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** What a command that did not succeed says, and with what it ends. */
export interface Failure {
  readonly exitCode: number;
  /** For machines: the kind of error, such as `usage` or `file`. */
  readonly code: string;
  /** For machines: one line. */
  readonly message: string;
  /** For people: the parts of the message on lines of their own. */
  readonly text: string;
}

/** `FileError` is `file`. */
function kind(error: GraftError): string {
  return error.name.replace(/Error$/, "").toLowerCase();
}

/** The facts of the message, each on a line of its own. */
function inLines(error: GraftError): string {
  const { message, expected, received, advice } = harmlessTexts({
    message: error.message,
    expected: error.expected,
    received: error.received,
    advice: error.advice,
  });
  const parts = [
    expected === undefined ? undefined : `Expected: ${expected}.`,
    received === undefined ? undefined : `Received: ${received}.`,
    advice,
  ];
  return parts
    .filter((part) => part !== undefined)
    .reduce((text, part) => text.replace(` ${part}`, () => `\n  ${part}`), message);
}

/** Where an error was thrown; its message, which stands in front, may hold lines of others. */
function stackOf({ stack = "", message }: Error): string {
  return stack.replace(message, () => harmlessLine(message));
}

/**
 * Puts an error into words.
 *
 * @param error whatever was thrown
 * @param debug whether to show where it was thrown
 */
export function failureOf(error: unknown, debug: boolean): Failure {
  const stack = debug && error instanceof Error ? `\n${stackOf(error)}` : "";
  if (error instanceof CommanderError) {
    const message = error.message.replace(/^error: /, "").replace(/\n\(?(Did you mean [^?]*\?)\)?$/, ". $1");
    // Arguments may be names of files that a pattern stands for.
    const sentence = harmlessLine(`${message.charAt(0).toUpperCase()}${message.slice(1)}`).replace(/(?<![.?!])$/, ".");
    // No option has a point in its name. Names that a shell takes otherwise are not for pasting.
    const file = /^Unknown option '(-[\w.-]*\.[\w.-]*)'\.$/.exec(sentence)?.[1];
    const advised = file === undefined ? sentence : `${sentence} If it is a file, put ./ in front: ./${file}`;
    const text = `Error: ${advised.replace(/\. (?=Did you mean|If it is)/, ".\n  ")}`;
    return { exitCode: exitCodes.usage, code: "usage", message: advised, text };
  }
  if (error instanceof GraftError) {
    const exitCode = error instanceof UsageError ? exitCodes.usage : exitCodes.failed;
    return { exitCode, code: kind(error), message: error.message, text: `Error: ${inLines(error)}${stack}` };
  }
  const message = error instanceof Error ? error.message : String(error);
  const advice =
    "This is a mistake in Graft. Please report it with the command that you typed" +
    (debug ? "." : "; GRAFT_DEBUG=1 in front of it shows where it happened.");
  return {
    exitCode: exitCodes.failed,
    code: "unexpected",
    message: `${message} (unexpected; please report it)`,
    text: `Error: ${harmlessLine(message)}\n  ${advice}${stack}`,
  };
}

import { harmlessLine } from "./harmless.js";

/**
 * What is wrong, in four parts that every error of Graft states in its message: which thing, what was expected,
 * what was received, and what to do.
 */
export interface ErrorFacts {
  /** The thing that is wrong: a file, a layer, an option, an input. */
  readonly subject: string;
  /** What would have been right. */
  readonly expected?: string | undefined;
  /** What came instead. */
  readonly received?: string | undefined;
  /** What the reader can do about it. */
  readonly advice?: string | undefined;
  /** The error that led to this one. */
  readonly cause?: unknown;
}

/** Characters of a part of a message, at most: a name in a damaged file may be as long as the file. */
const longest = 4000;

function shortened<Text extends string | undefined>(text: Text): Text | string {
  return text === undefined || text.length <= longest ? text : `${text.slice(0, longest)}…`;
}

/** Base of all errors that Graft throws on purpose. */
export class GraftError extends Error {
  // Said, and not taken from the class: minifiers change identifiers, and `--json` says the kind of an error by it.
  override readonly name: string = "GraftError";
  readonly subject: string;
  readonly expected: string | undefined;
  readonly received: string | undefined;
  readonly advice: string | undefined;

  constructor(message: string, facts: ErrorFacts) {
    const expected = shortened(facts.expected);
    const received = shortened(facts.received);
    const parts = [shortened(message)];
    if (expected !== undefined) parts.push(`Expected: ${expected}.`);
    if (received !== undefined) parts.push(`Received: ${received}.`);
    if (facts.advice !== undefined) parts.push(facts.advice);
    const whole = parts.join(" ");
    super(whole, facts.cause === undefined ? undefined : { cause: facts.cause });
    // The stack is what Node shows of an error that nobody catches, with the message in front; names in it must steer no terminal.
    const shown = harmlessLine(whole);
    if (shown !== whole) this.stack = this.stack?.replace(whole, () => shown) ?? "";
    this.subject = facts.subject;
    // An error that only says where another came up has that one's facts.
    const stated: Partial<ErrorFacts> = facts.cause instanceof GraftError ? facts.cause : {};
    this.expected = expected ?? stated.expected;
    this.received = received ?? stated.received;
    this.advice = facts.advice ?? stated.advice;
  }
}

/** The caller asked for something impossible: a wrong option, name, shape or order of calls. Exit code 2. */
export class UsageError extends GraftError {
  override readonly name: string = "UsageError";
}

/** Shapes or element types do not fit together. */
export class ShapeError extends UsageError {
  override readonly name: string = "ShapeError";
}

/** A file or folder is missing, damaged, of another kind, or cannot be written. Exit code 1. */
export class FileError extends GraftError {
  override readonly name: string = "FileError";
}

/** Something on the network could not be had, or was not what it should be. Exit code 1. */
export class DownloadError extends GraftError {
  override readonly name: string = "DownloadError";
}

/** The engine refused a graph or failed to run it. Exit code 1. */
export class EngineError extends GraftError {
  override readonly name: string = "EngineError";
}

/** Numbers were lost to NaN or infinity: in a training, or in what a network answers. Exit code 1. */
export class NumberError extends GraftError {
  override readonly name: string = "NumberError";
}

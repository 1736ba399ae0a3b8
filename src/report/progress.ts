import type { ProgressBar, ProgressState } from "../models/surroundings.js";
import { harmless, harmlessLine } from "../errors/harmless.js";
import { shorten, textWidth } from "./text-width.js";

/** Where text goes: a stream of the process, or one of a test. */
export interface TextStream {
  write(text: string): unknown;
  /** Whether it is a terminal. */
  readonly isTTY?: boolean | undefined;
  /** Width of the terminal. */
  readonly columns?: number | undefined;
  /** How much its reader has not taken yet, in bytes. */
  readonly writableLength?: number | undefined;
}

/** Between two redraws of a bar, in ms: fluent, and cheap over a slow connection. */
const redrawEvery = 100;
/** Between two lines where there is no terminal, in ms: a log of an hour stays readable. */
const lineEvery = 10_000;
const clearLine = "\r\u001b[2K";

/** `0:07`, `12:34` or `1:02:03`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number): string => String(value).padStart(2, "0");
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

function amount(value: number): string {
  return value >= 10 ? String(Math.round(value)) : value.toFixed(1);
}

/** Whether a bar can be redrawn in place there. */
function canRedraw(stream: TextStream, env: Readonly<Record<string, string | undefined>>): boolean {
  return stream.isTTY === true && env["TERM"] !== "dumb";
}

/** Old Windows consoles and terminals of another encoding show blocks as question marks; macOS tells by its variable. */
function hasBlocks(env: Readonly<Record<string, string | undefined>>): boolean {
  const locale = env["LC_ALL"] ?? env["LC_CTYPE"] ?? env["LANG"] ?? "";
  return /utf-?8/i.test(locale) || env["WT_SESSION"] !== undefined || env["__CF_USER_TEXT_ENCODING"] !== undefined;
}

/**
 * Shows how far long work is, with its rate and the time left: on a terminal as a bar that is redrawn in place, elsewhere
 * as a plain line every ten seconds. It uses no colours.
 */
export class Progress implements ProgressBar {
  private readonly redraws: boolean;
  private readonly blocks: boolean;
  private shown = false;
  private current: { what: string; since: number; from: number } | undefined;
  private last = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly stream: TextStream,
    env: Readonly<Record<string, string | undefined>>,
    private readonly now: () => number,
  ) {
    this.redraws = canRedraw(stream, env);
    this.blocks = hasBlocks(env);
  }

  update(state: ProgressState): void {
    const now = this.now();
    const fresh = this.current?.what !== state.what;
    if (fresh) {
      this.current = { what: state.what, since: now, from: state.done };
      // A bar shows at once; a line only says how long work stands, so short work needs none.
      this.last = this.redraws ? Number.NEGATIVE_INFINITY : now;
    }
    const finished = state.done === state.total;
    const due = now - this.last >= (this.redraws ? redrawEvery : lineEvery);
    if (!due && !(this.redraws && finished)) return;
    // There may be any number of them, and who reads late would read what is no longer true.
    if ((this.stream.writableLength ?? 0) > 0) return;
    this.last = now;
    if (this.redraws) {
      this.stream.write(clearLine + this.bar(state, now));
      this.shown = true;
    } else {
      this.stream.write(`${this.parts(state, now).join("  ")}\n`);
    }
  }

  clear(): void {
    if (!this.shown) return;
    this.stream.write(clearLine);
    this.shown = false;
    this.last = Number.NEGATIVE_INFINITY;
  }

  say(line: string): void {
    this.clear();
    this.stream.write(`${harmless(line)}\n`);
  }

  private figures(state: ProgressState, now: number): { count: string; rate?: string; left?: string } {
    const bytes = state.unit === "bytes";
    const number = (value: number): string => (bytes ? (value / 1e6).toFixed(1) : String(value));
    const of = state.total === undefined ? "" : `/${number(state.total)}`;
    const count = `${number(state.done)}${of} ${bytes ? "MB" : state.unit}`;
    const { since, from } = this.current ?? { since: now, from: state.done };
    const seconds = (now - since) / 1000;
    const rate = (state.done - from) / seconds;
    if (!(seconds >= 0.5 && rate > 0)) return { count };
    const text = bytes ? `${amount(rate / 1e6)} MB/s` : `${amount(rate)} ${state.unit}/s`;
    if (state.total === undefined) return { count, rate: text };
    return { count, rate: text, left: `${clock((state.total - state.done) / rate)} left` };
  }

  private parts(state: ProgressState, now: number): string[] {
    const { count, rate, left } = this.figures(state, now);
    return [state.what, count, rate, left, state.note].filter((part) => part !== undefined).map(harmlessLine);
  }

  /** As much as fits on one line: the note goes first, then the rate, then the bar shrinks and goes, then the time left. */
  private bar(state: ProgressState, now: number): string {
    const width = Math.max(10, (this.stream.columns ?? 80) - 1);
    const { count, rate, left } = this.figures(state, now);
    const share = state.total === undefined || state.total === 0 ? undefined : Math.min(1, state.done / state.total);
    const drawn = (cells: number): string | undefined => {
      if (share === undefined) return undefined;
      const full = Math.round(share * cells);
      return this.blocks
        ? `${"█".repeat(full)}${"░".repeat(cells - full)}`
        : `[${"#".repeat(full)}${".".repeat(cells - full)}]`;
    };
    const choices = [
      [state.what, drawn(24), count, rate, left, state.note],
      [state.what, drawn(24), count, rate, left],
      [state.what, drawn(16), count, left],
      [state.what, drawn(8), count, left],
      [state.what, count, left],
      [state.what, count],
    ].map((parts) => harmlessLine(parts.filter((part) => part !== undefined).join("  ")));
    return choices.find((text) => textWidth(text) <= width) ?? shorten(choices.at(-1) ?? "", width);
  }
}

import type { JobEvent, ProgressEvent } from "../jobs/events.js";
import { harmless, harmlessJson, harmlessLine } from "../errors/harmless.js";
import { Progress } from "../report/progress.js";
import type { ProgressState } from "../models/surroundings.js";
import type { Surroundings } from "./surroundings.js";

/** Between two `progress` events, in ms. */
const progressEventEvery = 500;

/** Tells people or machines what happens: words on stderr and results on stdout, or one JSON object a line on stdout. */
export class Reporter {
  private readonly bar: Progress;
  private lastEvent = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly surroundings: Pick<Surroundings, "stdout" | "stderr" | "env" | "elapsed">,
    /** Whether machines read. */
    readonly json: boolean,
  ) {
    this.bar = new Progress(surroundings.stderr, surroundings.env, () => surroundings.elapsed());
  }

  /** For machines only. */
  event(event: JobEvent): void {
    if (this.json) this.surroundings.stdout.write(`${harmlessJson(event)}\n`);
  }

  /** For people only, on stderr. */
  say(text: string): void {
    if (this.json) return;
    this.bar.clear();
    this.surroundings.stderr.write(`${harmless(text)}\n`);
  }

  /** For people only, on stdout. */
  result(text: string): void {
    if (this.json) return;
    this.bar.clear();
    this.surroundings.stdout.write(`${harmless(text)}\n`);
  }

  /** For tables, on stdout: what is in the cells of a row stays as it is for programs, and not for a terminal. */
  table(row: string): void {
    this.bar.clear();
    const { stdout } = this.surroundings;
    stdout.write(`${stdout.isTTY === true ? harmlessLine(row) : row}\n`);
  }

  /** Something that the user should know. */
  warn(code: string, message: string): void {
    this.event({ event: "warning", code, message });
    this.say(`Warning: ${message}`);
  }

  /** A photo that could not be used. */
  skipped(path: string, reason: string): void {
    this.event({ event: "skipped", path, reason });
    this.say(`Skipped ${path}: ${reason}.`);
  }

  /** How far long work is; `what` and `note` are for people. */
  progress(
    event: Omit<ProgressEvent, "event"> & { readonly event?: "progress" },
    { what, note }: Pick<ProgressState, "what" | "note">,
  ): void {
    if (!this.json) {
      const { done, total, unit } = event;
      this.bar.update({ what, done, total: total ?? undefined, unit, note });
      return;
    }
    // Of what is read late, only the last is worth something; there may be any number of them.
    if ((this.surroundings.stdout.writableLength ?? 0) > 0) return;
    const now = this.surroundings.elapsed();
    if (now - this.lastEvent < progressEventEvery) return;
    this.lastEvent = now;
    this.event({ ...event, event: "progress" });
  }

  /** Takes away what is not to stay on the terminal. */
  end(): void {
    this.bar.clear();
  }
}

import { join } from "node:path";
import { z } from "zod";
import { FileError } from "../errors/errors.js";
import { writeFileAtomically } from "../files/atomic-write.js";
import { errorCode, fileSystemError } from "../files/file-system-errors.js";
import { readRegularText } from "../files/regular-file.js";
import { parseStrangerJson } from "../files/stranger-json.js";
import type { FactBook } from "../training/machine.js";
import { runFiles } from "./run-files.js";

/** Beside the checkpoints. */
export const measuredFile = "measured.json";

/** Numbers that were measured on a machine, by what they are. */
export const measuredFacts = z.record(z.string(), z.number().positive());

/**
 * What a run has measured on its machine to choose how it computes, such as by which tiles: written into the run, so that it goes on and
 * is repeated with the same numbers, wherever that is.
 */
export class MeasuredFacts implements FactBook {
  private readonly facts: Map<string, Promise<number>>;
  private readonly settled: Map<string, number>;

  /**
   * @param known those of the run that is gone on with or repeated
   * @param keep hears all that are known whenever there is a new one
   */
  constructor(
    known: Readonly<Record<string, number>>,
    private readonly keep: (all: Readonly<Record<string, number>>) => Promise<void>,
  ) {
    this.settled = new Map(Object.entries(known));
    this.facts = new Map(Object.entries(known).map(([name, value]) => [name, Promise.resolve(value)]));
  }

  /** All that are known by now. */
  get all(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.settled].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  take(name: string, measure: () => Promise<number>): Promise<number> {
    const known = this.facts.get(name);
    if (known !== undefined) return known;
    const fact = measure().then(async (value) => {
      this.settled.set(name, value);
      await this.keep(this.all);
      return value;
    });
    this.facts.set(name, fact);
    return fact;
  }
}

/**
 * Writes what was measured beside the checkpoints of a run.
 *
 * @param run the run's folder
 * @throws FileError when it cannot be written
 */
export async function writeMeasured(run: string, facts: Readonly<Record<string, number>>): Promise<void> {
  await writeFileAtomically(join(run, runFiles.checkpoints, measuredFile), `${JSON.stringify(facts)}\n`);
}

/**
 * What a run that was stopped has measured; nothing where it had not come so far.
 *
 * @param run the run's folder
 * @throws FileError when it cannot be read, or is damaged
 */
export async function readMeasured(run: string): Promise<Readonly<Record<string, number>>> {
  const file = join(run, runFiles.checkpoints, measuredFile);
  let text: string;
  try {
    text = await readRegularText(file);
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") return {};
    throw fileSystemError(cause, file, "read");
  }
  try {
    return parseStrangerJson(text, measuredFacts);
  } catch (cause) {
    throw new FileError(`${file} does not say what was measured.`, {
      subject: file,
      expected: "what `graft train` has written",
      received: text.slice(0, 100),
      advice: "Restore the file, or begin the run anew: graft train DIR.",
      cause,
    });
  }
}

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GraftError } from "../../src/errors/errors.js";
import type { FuzzReader } from "./fuzz-readers.js";
import { mutated } from "./mutate.js";

/* The child process of fuzz.ts: reads damaged files one after the other, and says before each which one it is. */

/** What the child says. */
export type FuzzMessage =
  | { readonly kind: "reading"; readonly number: number }
  | { readonly kind: "accepted"; readonly number: number }
  | { readonly kind: "refused"; readonly number: number }
  | { readonly kind: "found"; readonly number: number; readonly what: string }
  | { readonly kind: "readers"; readonly readers: readonly ListedReader[] }
  | { readonly kind: "done" };

/** What the child is asked, as JSON in its first argument. */
export type FuzzRequest = {
  /** The file that exports the readers. */
  readonly module: string;
  /** Where the intact files of each reader lie. */
  readonly seeds: string;
} & (
  | { readonly kind: "list" }
  | {
      readonly kind: "read";
      /** The reader. */
      readonly name: string;
      /** Where the damaged files are written to. */
      readonly folder: string;
      readonly from: number;
      /** The first that is not read. */
      readonly to: number;
      /** Where the damaged files that it took are kept, if they are. */
      readonly kept?: string | undefined;
    }
);

/** A reader, without its functions. */
export type ListedReader = Pick<FuzzReader, "name" | "mayHang" | "freshAfter" | "files">;

/** What is wrong with how something was refused. */
function wrongRefusal(error: unknown): string | undefined {
  if (!(error instanceof GraftError)) {
    return error instanceof Error ? (error.stack ?? String(error)).slice(0, 1500) : String(error);
  }
  const { subject, expected, received, message } = error;
  const facts = { subject, expected, received };
  const lacking = Object.entries(facts).filter(([, fact]) => fact === undefined || fact === "");
  if (error.name === "GraftError") return `an error without a kind: ${message.slice(0, 500)}`;
  if (lacking.length > 0)
    return `an error without ${lacking.map(([name]) => name).join(", ")}: ${message.slice(0, 500)}`;
  return message.length > 20_000 ? `a message of ${String(message.length)} characters` : undefined;
}

async function say(message: FuzzMessage): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    process.send?.(message, (error: Error | null) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}

/** Leaves only one file in a folder: making the folder anew takes longer than reading many a file. */
function emptyBut(file: string, folder: string): void {
  for (const entry of readdirSync(folder)) {
    if (entry !== file) rmSync(join(folder, entry), { recursive: true });
  }
}

/** Says which readers there are, and writes their intact files. */
async function list(readers: readonly FuzzReader[], folder: string): Promise<void> {
  for (const [index, reader] of readers.entries()) {
    mkdirSync(join(folder, String(index)), { recursive: true });
    for (const [number, bytes] of (await reader.seeds()).entries()) {
      writeFileSync(join(folder, String(index), String(number)), bytes);
    }
  }
  const listed = readers.map(({ name, mayHang, freshAfter, files }): ListedReader => ({
    ...{ name, mayHang, freshAfter, files },
  }));
  await say({ kind: "readers", readers: listed });
}

// What is thrown behind a reader's back is as bad as what it throws.
let behind: unknown;

async function read(
  readers: readonly FuzzReader[],
  { seeds: folderOfSeeds, name, folder, from, to, kept }: Extract<FuzzRequest, { readonly kind: "read" }>,
): Promise<void> {
  const reader = readers.find((one) => one.name === name);
  if (reader === undefined) throw new Error(`There is no reader "${name}".`);
  const own = join(folderOfSeeds, String(readers.indexOf(reader)));
  const seeds = readdirSync(own)
    .sort((a, b) => Number(a) - Number(b))
    .map((number) => new Uint8Array(readFileSync(join(own, number))));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  if (kept !== undefined) mkdirSync(kept, { recursive: true });
  for (let number = from; number < to; number++) {
    emptyBut(reader.file, folder);
    const path = join(folder, reader.file);
    const damaged = mutated(seeds, number);
    const bytes = reader.wrap?.(damaged) ?? damaged;
    writeFileSync(path, bytes);
    await say({ kind: "reading", number });
    try {
      await reader.read(path);
      if (kept !== undefined) writeFileSync(join(kept, `${String(number)}-${reader.file}`), bytes);
      await say({ kind: "accepted", number });
    } catch (error) {
      const what = wrongRefusal(error);
      await say(what === undefined ? { kind: "refused", number } : { kind: "found", number, what });
    }
    if (behind !== undefined) {
      const what = `behind its back: ${behind instanceof Error ? behind.message : JSON.stringify(behind)}`;
      await say({ kind: "found", number, what });
    }
    behind = undefined;
  }
}

process.on("disconnect", () => process.exit());
process.on("unhandledRejection", (error) => (behind = error));
const request = JSON.parse(process.argv[2] ?? "") as FuzzRequest;
const { readers } = (await import(request.module)) as { readonly readers: readonly FuzzReader[] };
if (request.kind === "list") await list(readers, request.seeds);
else await read(readers, request);
await say({ kind: "done" });
process.disconnect();
process.exit();

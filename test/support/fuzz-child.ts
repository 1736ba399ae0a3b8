import { mkdirSync, rmSync, writeFileSync } from "node:fs";
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

/** A reader, without its functions. */
export type ListedReader = Pick<FuzzReader, "name" | "mayHang" | "freshAfter">;

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

const [module = "", name = "", folder = "", from = "0", to = "0"] = process.argv.slice(2);
const { readers } = (await import(module)) as { readonly readers: readonly FuzzReader[] };
const reader = readers.find((one) => one.name === name);
if (name === "") {
  await say({
    kind: "readers",
    readers: readers.map(({ name: own, mayHang, freshAfter }): ListedReader => ({ name: own, mayHang, freshAfter })),
  });
}
const seeds = (await reader?.seeds()) ?? [];
process.on("disconnect", () => process.exit());
// What is thrown behind the reader's back is as bad as what it throws.
let behind: unknown;
process.on("unhandledRejection", (error) => (behind = error));

for (let number = Number(from); reader !== undefined && number < Number(to); number++) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const path = join(folder, reader.file);
  const bytes = mutated(seeds, number);
  writeFileSync(path, reader.wrap?.(bytes) ?? bytes);
  await say({ kind: "reading", number });
  try {
    await reader.read(path);
    await say({ kind: "accepted", number });
  } catch (error) {
    const what = wrongRefusal(error);
    await say(what === undefined ? { kind: "refused", number } : { kind: "found", number, what });
  }
  if (behind !== undefined)
    await say({
      kind: "found",
      number,
      what: `behind its back: ${behind instanceof Error ? behind.message : JSON.stringify(behind)}`,
    });
  behind = undefined;
}
await say({ kind: "done" });
process.disconnect();
process.exit();

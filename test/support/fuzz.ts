import { type ChildProcess, fork } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, describe, expect, it } from "vitest";
import type { FuzzMessage, ListedReader } from "./fuzz-child.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Damaged files for each reader: a hundred, or as many as a soak takes (`npm run test:soak`). */
const files = process.env["GRAFT_SOAK"] === "1" ? 100_000 : 100;

/** The most memory that the child may have, in bytes, and the most time for one file, in milliseconds. */
const limits = { memory: 2 * 2 ** 30, time: 20_000, timeOfHang: 3000 };

/** What came of the damaged files of one reader. */
interface FuzzResult {
  readonly accepted: number;
  readonly refused: number;
  readonly hung: number;
  readonly found: readonly { readonly number: number; readonly what: string }[];
}

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !/\.(test|d)\.ts$/.test(name))
    .map((name) => join(root, folder, name));
}

/** The sources as JavaScript, in a folder that finds the packages: translating them in each child and thread would take longer than all else. */
async function translate(): Promise<string> {
  const cache = join(root, "node_modules/.cache");
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "graft-fuzz-"));
  await build({
    entryPoints: [...sources("src"), ...sources("test")],
    outdir: folder,
    outbase: root,
    format: "esm",
    platform: "node",
    target: "node20",
  });
  copyFileSync(join(root, "package.json"), join(folder, "package.json"));
  return folder;
}

/** Bytes of memory that a process has; 0 where the system does not say it. */
function memoryOf({ pid }: ChildProcess): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${String(pid)}/status`, "utf8"))?.[1] ?? 0) * 1024;
  } catch {
    // It has ended, or the system is not Linux.
    return 0;
  }
}

/** Reads some damaged files in a child of its own, to the first that ends it. */
async function readSome(
  command: { readonly program: string; readonly arguments: readonly string[]; readonly time: number },
  hear: (message: FuzzMessage) => void,
): Promise<string | undefined> {
  const child = fork(command.program, command.arguments, {
    cwd: root,
    execArgv: ["--max-old-space-size=1024"],
    env: { ...process.env, GRAFT_DEBUG: "" },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let [said, since] = ["", Date.now()];
  const end: { reason: string | undefined; isDone: boolean } = { reason: undefined, isDone: false };
  child.stderr?.on("data", (text: Buffer) => (said = (said + text.toString()).slice(-2000)));
  child.on("message", (message: FuzzMessage) => {
    since = Date.now();
    end.isDone ||= message.kind === "done";
    hear(message);
  });
  const watch = setInterval(() => {
    const memory = memoryOf(child);
    if (memory > limits.memory) end.reason = `${String(Math.round(memory / 2 ** 20))} MiB of memory`;
    else if (Date.now() - since > command.time) end.reason = "hang";
    if (end.reason !== undefined) child.kill("SIGKILL");
  }, 50);
  const code = await new Promise((resolve) => {
    child.on("exit", (status, signal) => {
      resolve(status ?? signal);
    });
  });
  clearInterval(watch);
  return end.reason ?? (end.isDone ? undefined : `the process ended (${String(code)}) ${said}`);
}

async function fuzz(program: string, module: string, reader: ListedReader): Promise<FuzzResult> {
  const scratch = mkdtempSync(join(dirname(program), "files-"));
  let [accepted, refused, hung] = [0, 0, 0];
  const at = { reading: 0 };
  const found: { number: number; what: string }[] = [];
  const hear = (message: FuzzMessage): void => {
    if (message.kind === "reading") at.reading = message.number;
    if (message.kind === "accepted") accepted++;
    if (message.kind === "refused") refused++;
    if (message.kind === "found") found.push(message);
  };
  const { freshAfter = 5000, mayHang = false } = reader;
  for (let next = 0; next < files && found.length < 20;) {
    const end = Math.min(files, next + freshAfter);
    at.reading = next;
    const what = await readSome(
      {
        program,
        arguments: [module, reader.name, join(scratch, "input"), String(next), String(end)],
        time: mayHang ? limits.timeOfHang : limits.time,
      },
      hear,
    );
    if (what === "hang" && mayHang) hung++;
    else if (what !== undefined) found.push({ number: at.reading, what });
    next = what === undefined ? end : at.reading + 1;
  }
  return { accepted, refused, hung, found };
}

/** The readers that a module has. The child says it: this process need not read all the sources. */
async function readersOf(program: string, module: string): Promise<readonly ListedReader[]> {
  const listed: ListedReader[] = [];
  const failure = await readSome({ program, arguments: [module], time: 120_000 }, (message) => {
    if (message.kind === "readers") listed.push(...message.readers);
  });
  if (failure !== undefined) throw new Error(`The readers of ${module} cannot be had: ${failure}`);
  return listed;
}

/**
 * Tests of readers: whatever is damaged in a file, each takes it or refuses it by an error of Graft that states its facts, within limits of
 * memory and time.
 *
 * @param module a file in test/fuzz that exports a list of `FuzzReader` as `readers`
 */
export async function describeFuzzing(module: URL): Promise<void> {
  const translated = await translate();
  const program = join(translated, "test/support/fuzz-child.js");
  const inTranslation = join(translated, relative(root, fileURLToPath(module))).replace(/\.ts$/, ".js");
  const readers = await readersOf(program, inTranslation);
  describe(`${String(files)} damaged files`, () => {
    afterAll(() => {
      rmSync(translated, { recursive: true, force: true });
    });
    it.each(readers.map((reader) => [reader.name, reader] as const))(
      "of %s",
      async (_, reader) => {
        const { accepted, refused, hung, found } = await fuzz(program, inTranslation, reader);
        console.log(`${reader.name}: ${String(accepted)} taken, ${String(refused)} refused, ${String(hung)} ended`);
        expect(found).toEqual([]);
        // Otherwise the damage is such that nothing is tested.
        expect(accepted + refused + hung).toBe(files);
      },
      24 * 3_600_000,
    );
  });
}

import { type ChildProcess, fork } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { afterAll, describe, expect, it } from "vitest";
import type { FuzzMessage, FuzzRequest, ListedReader } from "./fuzz-child.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Damaged files for each reader: a thousand, or as many as a soak takes (`npm run test:soak`). */
const usualFiles = process.env["GRAFT_SOAK"] === "1" ? 100_000 : 1000;

/** Where files that were taken are kept, for a look at what the libraries of their formats say of them (`scripts/fuzz-peers.py`). */
const keptFolder = process.env["GRAFT_FUZZ_KEEP"];

/** The most memory that the child may have, in bytes, and the most time of processors for one file, and to begin, in milliseconds. */
const limits = { memory: 2 * 2 ** 30, time: 20_000, timeOfHang: 1000, timeToBegin: 120_000 };

/** Who waits for something that never comes uses no processor; neither does who gets none on a busy machine, so it has more time. */
const patience = 10;

/** How often the child is looked at, in milliseconds. */
const interval = 50;

interface Range {
  readonly from: number;
  /** The first that is not read. */
  readonly to: number;
}

/** Which files are read: `GRAFT_SOAK_FILES` is a number of them, or a range such as `20000-30000`, so that a soak can be done in pieces. */
function rangeOf({ files = 1000 }: ListedReader): Range {
  const asked = process.env["GRAFT_SOAK_FILES"];
  if (asked === undefined) return { from: 0, to: usualFiles === 1000 ? files : usualFiles };
  const [, from = "0", to] = /^(?:(\d+)-)?(\d+)$/.exec(asked) ?? [];
  if (to === undefined || Number(from) >= Number(to)) {
    throw new Error(`GRAFT_SOAK_FILES is a number of files, or a range such as 20000-30000, not "${asked}".`);
  }
  return { from: Number(from), to: Number(to) };
}

/** What came of the damaged files of one reader. */
interface FuzzResult {
  readonly accepted: number;
  readonly refused: number;
  /** Numbers of files that were not read to an end. */
  readonly hung: readonly number[];
  readonly found: readonly { readonly number: number; readonly what: string }[];
}

/** The modules that threads begin with. */
function workers(): string[] {
  return readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith("-worker.ts"))
    .map((name) => join(root, "src", name));
}

/**
 * The sources as JavaScript, in few files, in a folder that finds the packages: translating them in each child and thread, and finding
 * hundreds of files, would take longer than all else.
 */
async function translate(module: string): Promise<string> {
  const cache = join(root, "node_modules/.cache");
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "graft-fuzz-"));
  await build({
    entryPoints: [...workers(), module, join(root, "test/support/fuzz-child.ts")],
    outdir: folder,
    outbase: root,
    ...{ bundle: true, splitting: true, packages: "external", format: "esm", platform: "node", target: "node20" },
    // Otherwise what package.json says of dist/ counts for the sources.
    ignoreAnnotations: true,
    plugins: [
      {
        name: "modules know their address",
        setup(bundler) {
          bundler.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
            const address = pathToFileURL(join(folder, relative(root, path)).replace(/\.ts$/, ".js")).href;
            const text = await readFile(path, "utf8");
            return { contents: text.replaceAll("import.meta.url", JSON.stringify(address)), loader: "ts" };
          });
        },
      },
    ],
  });
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

/** Milliseconds of processors that a process has used; `undefined` where the system does not say it. */
function timeOf({ pid }: ChildProcess): number | undefined {
  try {
    // Behind the name, which may have anything in it; in hundredths of a second.
    const fields = readFileSync(`/proc/${String(pid)}/stat`, "utf8")
      .replace(/^.*\)/s, "")
      .trim()
      .split(" ");
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return undefined;
  }
}

/** Asks a child of its own, which is ended where it takes too much time or memory; gives why, or how it ended by itself. */
async function ask(
  program: string,
  request: FuzzRequest,
  time: number,
  hear: (message: FuzzMessage) => void,
): Promise<string | undefined> {
  const child = fork(program, [JSON.stringify(request)], {
    cwd: root,
    execArgv: ["--max-old-space-size=1024"],
    env: { ...process.env, GRAFT_DEBUG: "" },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let [said, isBusy] = ["", false];
  const since = { looks: 0, used: 0 };
  const end: { reason: string | undefined; isDone: boolean } = { reason: undefined, isDone: false };
  child.stderr?.on("data", (text: Buffer) => (said = (said + text.toString()).slice(-2000)));
  child.on("message", (message: FuzzMessage) => {
    isBusy = true;
    since.looks = 0;
    since.used = timeOf(child) ?? 0;
    end.isDone ||= message.kind === "done";
    hear(message);
  });
  const isHung = (): boolean => {
    const most = isBusy ? time : limits.timeToBegin;
    // Looks are counted: where this process gets no time, the child gets none either.
    const passed = since.looks++ * interval;
    const used = timeOf(child);
    return used === undefined ? passed > most : used - since.used > most || passed > patience * most;
  };
  const watch = setInterval(() => {
    const memory = memoryOf(child);
    if (memory > limits.memory) end.reason = `${String(Math.round(memory / 2 ** 20))} MiB of memory`;
    else if (isHung()) end.reason = "hang";
    if (end.reason !== undefined) child.kill("SIGKILL");
  }, interval);
  const code = await new Promise((resolve) => {
    child.on("exit", (status, signal) => {
      resolve(status ?? signal);
    });
  });
  clearInterval(watch);
  return end.reason ?? (end.isDone ? undefined : `the process ended (${String(code)}) ${said}`);
}

/** What children are told of the readers of a module. */
interface Translated {
  readonly program: string;
  readonly module: string;
  readonly seeds: string;
}

async function fuzz(translated: Translated, reader: ListedReader, { from, to }: Range): Promise<FuzzResult> {
  const { program, module, seeds } = translated;
  const folder = mkdtempSync(join(seeds, "files-"));
  const { name, freshAfter = 5000, mayHang = false } = reader;
  const kept = keptFolder === undefined ? undefined : join(keptFolder, name);
  let [accepted, refused] = [0, 0];
  const hung: number[] = [];
  const at = { reading: 0 };
  const found: { number: number; what: string }[] = [];
  const hear = (message: FuzzMessage): void => {
    if (message.kind === "reading") at.reading = message.number;
    if (message.kind === "accepted") accepted++;
    if (message.kind === "refused") refused++;
    if (message.kind === "found") found.push(message);
  };
  for (let next = from; next < to && found.length < 20;) {
    const end = Math.min(to, next + freshAfter);
    at.reading = next;
    const what = await ask(
      program,
      { kind: "read", module, seeds, name, folder: join(folder, "input"), from: next, to: end, kept },
      mayHang ? limits.timeOfHang : limits.time,
      hear,
    );
    if (what === "hang" && mayHang) hung.push(at.reading);
    else if (what !== undefined) found.push({ number: at.reading, what });
    next = what === undefined ? end : at.reading + 1;
  }
  return { accepted, refused, hung, found };
}

/** The readers that a module has; their intact files are written. The child does it: this process need not read all the sources. */
async function readersOf({ program, module, seeds }: Translated): Promise<readonly ListedReader[]> {
  const listed: ListedReader[] = [];
  const failure = await ask(program, { kind: "list", module, seeds }, limits.timeToBegin, (message) => {
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
  const path = fileURLToPath(module);
  const folder = await translate(path);
  const translated = {
    program: join(folder, "test/support/fuzz-child.js"),
    module: join(folder, relative(root, path)).replace(/\.ts$/, ".js"),
    seeds: join(folder, "seeds"),
  };
  const readers = await readersOf(translated).catch((error: unknown) => {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  });
  describe("damaged files", () => {
    afterAll(() => {
      rmSync(folder, { recursive: true, force: true });
    });
    it.each(readers.map((reader) => [reader.name, reader] as const))(
      "of %s",
      async (_, reader) => {
        const range = rangeOf(reader);
        const { accepted, refused, hung, found } = await fuzz(translated, reader, range);
        const ended = `${String(hung.length)} ended${hung.length > 0 ? ` (${hung.slice(0, 20).join(", ")})` : ""}`;
        console.log(
          `${reader.name}: ${String(accepted)} taken, ${String(refused)} refused, ${ended}, ${String(found.length)} found`,
        );
        expect(found).toEqual([]);
        // Otherwise the damage is such that nothing is tested.
        expect(accepted + refused + hung.length).toBe(range.to - range.from);
      },
      24 * 3_600_000,
    );
  });
}

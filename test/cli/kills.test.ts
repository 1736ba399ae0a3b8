import { access, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readModel } from "../../src/onnx/read-model.js";
import { Generator } from "../../src/random/generator.js";
import { bytesOfRun, prepareSmallRun, type RunBytes, smallRun } from "../support/small-run.js";
import { graft, type Outcome, type Running, startGraft } from "./command.js";

/*
 * A run is killed again and again, at moments that a seeded generator draws: some of time, some in the middle of a write. Whatever
 * it was doing, it goes on and comes to the bytes of one that nobody stopped.
 */

const soak = process.env["GRAFT_SOAK"] === "1";
const runs = soak ? 50 : 2;
const mostKills = soak ? 4 : 2;
const preload = new URL("../support/failing-writes.mjs", import.meta.url).href;

let folder = "";
let reference: RunBytes;
/** What the reference wrote, in order: what was done, and to which file. */
let writes: { readonly action: string; readonly file: string }[] = [];
/** How long it took, in ms. */
let duration = 0;
/** How often a run was killed where: by stage, by what was written, and by signal. */
const hits = { stage: new Map<string, number>(), write: new Map<string, number>(), signal: new Map<string, number>() };

/** A kind of write: files of trainings are as one. */
const kindOf = (file: string): string =>
  timeless(file.replace(/\d+\.safetensors$/, "*.safetensors").replace(/\.lock$/, "lock"));

/** Event files have the time in their names. */
const timeless = (name: string): string => name.replace(/tfevents\.\d+/, "tfevents.*");

interface Write {
  readonly action: string;
  readonly file: string;
}

/** Lines of a log of writes; the temporary name of a file is replaced by the name it was given afterwards. */
function writesIn(log: string, run: string): Write[] {
  const lines = log
    .trim()
    .split("\n")
    .map((line) => {
      const [, action = "", path = ""] = /^(?:dies )?(\S+) (.*)$/.exec(line) ?? [];
      return { action, path };
    });
  return lines.map(({ action, path }, index) => {
    const isTemporary = path.endsWith(".tmp");
    const renamed = lines.slice(index).find((later) => later.action === "rename")?.path;
    return { action, file: kindOf(relative(join(folder, run), isTemporary ? (renamed ?? path) : path)) };
  });
}

const plan = (run: string, more: object): Readonly<Record<string, string>> => ({
  GRAFT_CACHE: join(folder, "cache"),
  NODE_OPTIONS: `--import=${preload}`,
  GRAFT_TEST_WRITES: JSON.stringify({ folders: [join(folder, run)], log: join(folder, `${run}.log`), ...more }),
});

const begin = (run: string): readonly string[] => [...smallRun(4), "--json", "--out", run];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-kills-"));
  await prepareSmallRun(folder);
  const started = performance.now();
  // Removals are counted only where the process is to die at one; this one it does not reach.
  const { exitCode, stderr } = await graft(begin("reference"), folder, plan("reference", { die: { at: 1e9 } }));
  duration = performance.now() - started;
  expect(stderr).toBe("");
  expect(exitCode).toBe(0);
  reference = await bytesOfRun(join(folder, "reference"));
  writes = writesIn(await readFile(join(folder, "reference.log"), "utf8"), "reference");
}, 120_000);

afterAll(async () => {
  if (soak) console.log(Object.fromEntries(Object.entries(hits).map(([what, map]) => [what, Object.fromEntries(map)])));
  await rm(folder, { recursive: true });
});

const isThere = (...path: string[]): Promise<boolean> =>
  access(join(folder, ...path)).then(
    () => true,
    () => false,
  );

function count(what: keyof typeof hits, name: string): void {
  hits[what].set(name, 1 + (hits[what].get(name) ?? 0));
}

async function hasEnded(run: string): Promise<boolean> {
  return !(await isThere(run, "checkpoints", "begun.json")) && (await isThere(run, "run.json"));
}

/** The next process of a run: it goes on where there is something to go on with. */
async function next(run: string, more: object, ...options: readonly string[]): Promise<Running> {
  await rm(join(folder, `${run}.log`), { force: true });
  const isBegun = await isThere(run, "checkpoints", "begun.json");
  const args = isBegun ? ["train", "--resume", run, "--json"] : begin(run);
  return startGraft([...args, ...options], folder, plan(run, more));
}

/** What a process was doing when it was killed. */
function stageOf(stdout: string): string {
  const found = [
    ...stdout.matchAll(
      /"event":"(?:stage","stage":"([\w-]+)|(done|error|photos)|progress","stage":"(features|reading))"/g,
    ),
  ];
  const [, stage, event, progress] = found.at(-1) ?? [];
  return stage ?? event ?? progress ?? "beginning";
}

/** What must hold however a run was killed. */
async function check(run: string, { exitCode, stdout, stderr }: Outcome): Promise<void> {
  expect(stderr).not.toContain("mistake in Graft");
  expect([null, 0, 130], `${stdout}\n${stderr}`).toContain(exitCode);
  // Whole, or not there.
  if (await isThere(run, "model.onnx")) readModel(await readFile(join(folder, run, "model.onnx")), "model.onnx");
  for (const file of ["run.json", "checkpoints/state.json", "checkpoints/begun.json"])
    if (await isThere(run, file)) JSON.parse(await readFile(join(folder, run, file), "utf8"));
}

async function endsInTheSameBytes(number: number): Promise<void> {
  const random = new Generator(1000 + number);
  const run = `run${number}`;
  // Its beginning writes to the cache, too.
  if (number % 5 === 0) await rm(join(folder, "cache"), { recursive: true, force: true });
  const kinds = [...new Set(writes.map(({ file }) => file))];
  const kills = 1 + random.integer(mostKills);
  for (let kill = 0; kill < kills; kill++) {
    const signal =
      (["SIGKILL", "SIGKILL", "SIGKILL", "SIGTERM", "SIGINT", "SIGINT twice"] as const)[random.integer(6)] ?? "SIGKILL";
    const first = signal === "SIGINT twice" ? "SIGINT" : signal;
    const every = random.uniform() < 0.5 ? [] : ["--checkpoint-every", ["0.05s", "2"][random.integer(2)] ?? "1"];
    let outcome: Outcome;
    if (await hasEnded(run)) break;
    if (kill === 0 || random.uniform() < 0.3) {
      // Each run begins with a write of another kind; which one of these, the generator draws.
      const wanted = kinds[(number + kill) % kinds.length];
      const places = writes.flatMap(({ file }, place) => (file === wanted ? [place + 1] : []));
      const at = places[random.integer(places.length)] ?? 1;
      outcome = await (await next(run, { die: { at, signal: first } }, ...every)).outcome;
      const log = await readFile(join(folder, `${run}.log`), "utf8").catch(() => "");
      const place = log.split("\n").findIndex((line) => line.startsWith("dies "));
      // What a temporary file was to become is known by the reference.
      if (place >= 0)
        count(
          "write",
          (kill === 0 ? writes[place] : writesIn(log, run)[place])?.file.replace(/.*\.tmp$/, "another") ?? "",
        );
      if (place < 0) continue;
    } else {
      const running = await next(run, {}, ...every);
      // After a time, or some moments after it has said a number of lines.
      const lines = random.integer(40);
      const wait = random.uniform(0, 60);
      const isTimed = random.uniform() < 0.4;
      const moment = isTimed
        ? sleep(random.uniform(0, duration))
        : running.seen(new RegExp(`^(?:.*\\n){${lines}}`)).then(() => sleep(wait));
      // One that ends before says nothing more.
      await Promise.race([moment.catch(() => undefined), running.outcome]);
      running.signal(first);
      if (signal === "SIGINT twice") {
        await sleep(150);
        running.signal("SIGINT");
      }
      outcome = await running.outcome;
    }
    await check(run, outcome);
    count("stage", stageOf(outcome.stdout));
    count("signal", signal);
  }
  if (!(await hasEnded(run))) {
    const { exitCode, stderr } = await (await next(run, {})).outcome;
    expect(exitCode, stderr).toBe(0);
  }
  expect(await bytesOfRun(join(folder, run))).toEqual(reference);
  // Nothing else is left; what a run that was killed at its very end has left goes when somebody asks for it.
  const again = await graft(["train", "--resume", run, "--json"], folder, { GRAFT_CACHE: join(folder, "cache") });
  expect(again.exitCode, again.stderr).toBe(0);
  const left = async (name: string): Promise<string[]> =>
    (await readdir(join(folder, name), { recursive: true })).map(timeless).sort();
  expect(await left(run)).toEqual(await left("reference"));
  await rm(join(folder, run), { recursive: true });
}

describe("a run that is killed at random moments", () => {
  for (let number = 0; number < runs; number++) {
    test(`ends in the same bytes (${number})`, { timeout: soak ? 1_200_000 : 240_000 }, () =>
      endsInTheSameBytes(number),
    );
  }

  test.runIf(soak)("was hit in each stage, at each kind of write, and by each signal", () => {
    expect([...hits.stage.keys()]).toEqual(
      expect.arrayContaining(["features", "head", "views", "last-stage", "all-photos"]),
    );
    expect([...hits.write.keys()]).toEqual(expect.arrayContaining([...new Set(writes.map(({ file }) => file))]));
    expect(hits.signal.size).toBe(4);
  });
});

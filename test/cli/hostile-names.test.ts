import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "../../src/cli/run.js";
import { jobParts } from "../../src/hosts/node/job-parts.js";
import { readModel } from "../../src/onnx/read-model.js";
import { writeModel } from "../../src/onnx/write-model.js";
import { events } from "./command.js";
import { colours, writePhoto } from "./photos.js";
import { tinyNetwork } from "./tiny-network.js";

/*
 * Folders, classes, photos, networks, nodes and runs whose names would steer a terminal, forge a line, run in a shell, be a formula or be
 * part of a page, through all commands: on a terminal, in a pipe, for machines, and in all files that are written.
 */

/** What stands for a kind of name. No line of Graft's begins with "forged". */
const hostile = [
  "esc\u001b[2J\u001b]0;title\u0007\u009b31m",
  "line\nforged line\rforged\ttab",
  "turned\u202egpj\u200b",
  "blank\u00a0x\u202fy\u2003z\u2028forged ",
  "$(touch pwned)`touch pwned`%s{{x}}",
  "=cmd|' C'!A0",
  "<script>alert(1)<\"'&amp;",
  "--json",
  "__proto__",
].map((name) => name.normalize("NFC"));

/** What no line for people may hold: what steers a terminal, ends a line, turns a text round or is not seen. */
const steering =
  // eslint-disable-next-line no-control-regex -- these are what must not come
  /[\0-\x09\x0b-\x1f\x7f-\xa0\u00ad\u061c\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\ufeff]|(?:^|\n)forged/u;

/** A bar is redrawn in place. */
const redraw = /\r\u001b\[2K/g; // eslint-disable-line no-control-regex -- as the bar does it

interface Said {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

let folder = "";
let photos = "";
let network = "";
let trained = "";

/** Runs the command line in this process. */
async function graft(args: readonly string[], isTTY: boolean, input = new Uint8Array()): Promise<Said> {
  const [stdout, stderr]: [string[], string[]] = [[], []];
  const exitCode = await run(args, {
    stdout: { write: (text) => stdout.push(text), isTTY, columns: 80 },
    stderr: { write: (text) => stderr.push(text), isTTY, columns: 80 },
    readInput: () => Promise.resolve(input),
    goOnUnread: () => undefined,
    env: { LANG: "C.UTF-8" },
    now: () => Date.now(),
    elapsed: () => performance.now(),
    parts: jobParts,
    serve: () => Promise.reject(new Error("not in this test")),
    onInterrupt: () => () => undefined,
    leaveBehind: () => undefined,
    endNow: () => undefined,
  });
  return { exitCode, stdout: stdout.join(""), stderr: stderr.join("") };
}

/** Runs it for people, with and without a terminal, and for machines. */
async function expectHarmless(args: readonly string[], exitCode = 0, forMachines = true): Promise<void> {
  for (const isTTY of [false, true]) {
    const said = await graft(args, isTTY);
    const shown = (said.stdout + said.stderr).replace(redraw, "");
    expect(said.exitCode, shown).toBe(exitCode);
    expect(shown).not.toMatch(steering);
  }
  if (!forMachines) return;
  const { stdout, stderr, exitCode: code } = await graft([...args, "--json"], true);
  expect(code, stdout).toBe(exitCode);
  expect(stdout + stderr.replace(redraw, "")).not.toMatch(steering);
  for (const line of stdout.trimEnd().split("\n")) expect(JSON.parse(line)).toHaveProperty("event");
}

/** Files of a run hold names as text: JSON, tables and pictures that a terminal or a page shows. */
async function expectWrittenHarmless(path: string): Promise<void> {
  const written = (await readdir(path)).filter((name) => /\.(?:svg|csv|json|jsonl|html)$/.test(name));
  expect(written).toEqual(
    expect.arrayContaining(["curves.svg", "history.csv", "photos.jsonl", "report.html", "run.json"]),
  );
  for (const name of written) {
    const text = await readFile(join(path, name), "utf8");
    expect(text, name).not.toMatch(steering);
    if (name.endsWith(".json")) JSON.parse(text);
    else if (name.endsWith(".csv")) expect(text, name).not.toMatch(/(?:^|[\n,])"?[=+@]/);
    else if (/\.(?:svg|html)$/.test(name)) expect(text, name).not.toMatch(/<script/);
  }
}

const saved = { ...process.env };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-names-"));
  process.env["GRAFT_CACHE"] = join(folder, "cache\u001b[1m\nforged");
  photos = join(folder, "photos\u001b[31m\nforged\u202e $(touch pwned)");
  const names = Object.keys(colours) as (keyof typeof colours)[];
  let seed = 0;
  for (const [index, name] of hostile.entries()) {
    const colour = names[index % names.length] ?? "red";
    await mkdir(join(photos, name), { recursive: true });
    for (const of of ["a", "b"]) await writePhoto(join(photos, name, `${of}${name}.jpg`), colour, ++seed);
    await writePhoto(join(photos, name, "c.jpg"), colour, ++seed);
    await writeFile(join(photos, name, `broken${name}.jpg`), `no photo ${index}`);
  }
  network = join(folder, "network\u001b[0m\nforged \u202e.onnx");
  const plain = readModel(tinyNetwork(), "tiny.onnx");
  const named = (text: string): string => `${text}\u001b[2J\nforged\u00a0<script>`;
  await writeFile(
    network,
    writeModel({
      ...plain,
      nodes: plain.nodes.map((node) => ({ ...node, name: named(node.name) })),
      metadata: { licence: named("a licence"), preprocess: "torch" },
    }),
  );
  trained = join(folder, "run\u001b[0m\nforged $(touch pwned)");
}, 60_000);

afterAll(async () => {
  process.env = saved;
  await rm(folder, { recursive: true });
});

describe("names that are hostile stay text", { timeout: 240_000 }, () => {
  test("train, resume and from", async () => {
    const args = ["train", photos, "--network", network, "--epochs", "1", "--unfreeze", "none", "--out", trained];
    const json = await graft([...args, "--json"], true);
    expect(json.exitCode, json.stderr).toBe(0);
    expect(json.stdout + json.stderr).not.toMatch(steering);
    const told = events(json.stdout);
    expect(told.find(({ event }) => event === "start")?.["classes"]).toEqual([...hostile].sort());
    expect(told.filter(({ event }) => event === "skipped")).toHaveLength(hostile.length);
    await expectWrittenHarmless(trained);
    await expectHarmless(["train", "--resume", trained]);
    const repeated = await graft(["train", "--from", trained, "--out", join(folder, "again\nforged")], true);
    expect(repeated.exitCode, repeated.stderr).toBe(0);
    expect((repeated.stdout + repeated.stderr).replace(redraw, "")).not.toMatch(steering);
  });

  test("predict", async () => {
    const all = ["predict", trained, photos];
    await expectHarmless(all);
    const best = await graft([...all, "--top", "3"], true);
    expect((best.stdout + best.stderr).replace(redraw, "")).not.toMatch(steering);
    const onTerminal = await graft([...all, "--csv"], true);
    expect(onTerminal.stdout + onTerminal.stderr.replace(redraw, "")).not.toMatch(steering);
    const table = (await graft([...all, "--csv"], false)).stdout;
    expect(table).not.toMatch(/(?:^|[\n,])"?[=+\-@]/);
    const lists = [hostile.map((name) => join(photos, name, "c.jpg")).join("\0"), "missing\u001b[2J\u00a0forged.jpg\n"];
    for (const list of lists) {
      const said = await graft(["predict", trained, "-"], true, Buffer.from(list));
      expect((said.stdout + said.stderr).replace(redraw, "")).not.toMatch(steering);
    }
  });

  test("evaluate", async () => {
    await expectHarmless(["evaluate", trained, photos]);
    await writePhoto(join(folder, "others\nforged", "not\u001b[2J\nforged", "c.jpg"), "red", 1);
    await writePhoto(join(folder, "others\nforged", hostile[0] ?? "", "c.jpg"), "red", 2);
    await expectHarmless(["evaluate", trained, join(folder, "others\nforged")], 2);
  });

  test("explain", async () => {
    const out = join(folder, "heat\u001b[2J\nforged");
    const some = hostile.slice(0, 4).map((name) => join(photos, name, `a${name}.jpg`));
    await expectHarmless(["explain", trained, ...some, "--out", out]);
    await expectHarmless(["explain", trained, ...some, "--class", "none\u001b[2J\nforged"], 2);
  });

  test("report", async () => {
    await expectHarmless(["report", trained]);
    await expectHarmless(["report", trained, "--photos", photos]);
    await expectWrittenHarmless(trained);
  });

  test("inspect, networks and cache", async () => {
    await expectHarmless(["inspect", network]);
    await expectHarmless(["inspect", trained]);
    await expectHarmless(["networks"]);
    await expectHarmless(["cache"]);
    await expectHarmless(["cache", "--clear"]);
  });

  test("tune", async () => {
    const out = join(folder, "tuned\u001b[2J\nforged");
    const args = ["tune", photos, "--network", network, "--time", "3s", "--out", out];
    const { exitCode, stdout, stderr } = await graft(args, true);
    expect(exitCode, stderr).toBe(0);
    expect((stdout + stderr).replace(redraw, "")).not.toMatch(steering);
    await expectWrittenHarmless(out);
  });

  const wrong = "no\u001b[2J\nforged\u00a0\u202e$(x)";
  test.each([
    ["train", wrong],
    ["train", "PHOTOS", "--network", wrong],
    ["train", "PHOTOS", "--network", "NETWORK", "--network-output", wrong],
    ["train", "PHOTOS", "--network", "NETWORK", "--unfreeze", wrong],
    ["train", "PHOTOS", "--network", "NETWORK", "--class-weights", wrong],
    ["train", "PHOTOS", "--weights", wrong, "--network", "vgg16"],
    ["train", "PHOTOS", "--out", "RUN"],
    ["train", "PHOTOS", "--preprocess", wrong],
    ["train", "PHOTOS", "--device", wrong],
    ["train", "PHOTOS", "--seed", wrong],
    ["train", "PHOTOS", `--${wrong}`],
    ["train", "--resume", wrong],
    ["train", "--from", wrong],
    ["train", "PHOTOS", "--network", `hf:${wrong}`],
    ["predict", wrong, "PHOTOS"],
    ["predict", "RUN", wrong],
    ["predict", "RUN", `${wrong}/*.jpg`],
    ["evaluate", "RUN", wrong],
    ["evaluate", wrong, "PHOTOS"],
    ["explain", "RUN", wrong],
    ["explain", "RUN", "PHOTOS", "--method", wrong],
    ["report", wrong],
    ["report", "RUN", "--photos", wrong],
    ["watch", "RUN", wrong],
    ["watch", wrong, "PHOTOS"],
    ["inspect", wrong],
    ["inspect", `hf:${wrong}`],
    ["tune", "PHOTOS", "--time", wrong],
    ["cache", wrong],
    [wrong],
    ["help", wrong],
  ])("refused: %j %j %j %j %j", async (...words) => {
    const args = words.map((word) => ({ PHOTOS: photos, NETWORK: network, RUN: trained })[word] ?? word);
    for (const more of [[], ["--json"]]) {
      const said = await graft([...args, ...more], true);
      const shown = (said.stdout + said.stderr).replace(redraw, "");
      expect([1, 2], shown).toContain(said.exitCode);
      expect(shown).not.toMatch(steering);
      expect(shown).not.toContain("mistake in Graft");
    }
  });
});

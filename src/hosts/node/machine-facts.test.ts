import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { showWarnings } from "../../errors/warn.js";
import { createNodeRuntime } from "../../runtime/node/runtime.js";
import { elementWorks } from "../../passes/tile-choice.js";
import { measureElementWork } from "../../training/programs/element-work.js";
import { machineFact } from "./machine-facts.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-facts-"));
  vi.stubEnv("GRAFT_CACHE", folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const engine = { engine: "an engine" };
const warn = vi.fn<(line: string, code?: string) => void>();
showWarnings(warn);

test("a fact is measured once, and again for another engine, another name, or where what was kept is damaged", async () => {
  const measure = vi.fn(() => Promise.resolve(90));
  expect(await machineFact("rate", measure, engine)).toBe(90);
  expect(await machineFact("rate", measure, engine)).toBe(90);
  expect(measure).toHaveBeenCalledTimes(1);
  await machineFact("rate", measure, { ...engine, engine: "another" });
  await machineFact("other rate", measure, engine);
  expect(measure).toHaveBeenCalledTimes(3);
  const files = (await readdir(join(folder, "machine"))).filter((name) => !name.includes("."));
  expect(files).toHaveLength(3);
  for (const file of files) await writeFile(join(folder, "machine", file), "damaged");
  expect(await machineFact("rate", () => Promise.resolve(45), engine)).toBe(45);
  expect(warn).not.toHaveBeenCalled();
});

test("a file where the cache has a folder is replaced", async () => {
  await writeFile(join(folder, "machine"), "");
  expect(await machineFact("rate", () => Promise.resolve(90), engine)).toBe(90);
  expect(await machineFact("rate", () => Promise.resolve(45), engine)).toBe(90);
});

test("where it cannot be kept it is measured each time, and somebody is told", async () => {
  await writeFile(join(folder, "file"), "");
  vi.stubEnv("GRAFT_CACHE", join(folder, "file"));
  const measure = vi.fn(() => Promise.resolve(90));
  expect(await machineFact("rate", measure, engine)).toBe(90);
  expect(measure).toHaveBeenCalledTimes(1);
  expect(warn).toHaveBeenCalledWith(expect.stringMatching(/cannot be written.*GRAFT_CACHE/), "cache");
});

test("the measurement gives one of the rates that lowering knows", async () => {
  expect(elementWorks).toContain(await measureElementWork(createNodeRuntime()));
});

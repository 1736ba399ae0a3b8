import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
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

const warn = vi.fn<(line: string) => void>();
const engine = { engine: "an engine", warn };

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

test("where it cannot be kept it is measured each time, and somebody is told", async () => {
  // A file where a folder should be.
  await writeFile(join(folder, "machine"), "");
  const measure = vi.fn(() => Promise.resolve(90));
  expect(await machineFact("rate", measure, engine)).toBe(90);
  expect(measure).toHaveBeenCalledTimes(1);
  expect(warn).toHaveBeenCalledWith(expect.stringContaining("measured each time"));
});

test("the measurement gives one of the rates that lowering knows", async () => {
  expect(elementWorks).toContain(await measureElementWork(createNodeRuntime()));
});

import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FileError } from "../errors/errors.js";
import { type ReservedFolder, reserveRunFolder } from "./reserve-run-folder.js";
import { checkRoom, RunKeeper } from "./run-keeper.js";

let folder = "";
let reserved: ReservedFolder;
let told: string[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-keeper-"));
  reserved = await reserveRunFolder(join(folder, "run"), "unused");
  told = [];
});
afterEach(async () => {
  await reserved.abandon();
  await rm(folder, { recursive: true });
});

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const keeperOf = (...places: string[]): RunKeeper =>
  new RunKeeper(
    reserved,
    (message) => told.push(message),
    () => places.map((place) => join(folder, place)),
  );
const read = (...path: string[]): Promise<string> => readFile(join(folder, ...path), "utf8");

/** Makes that a model cannot be written, and that it can. */
const obstacle = (): string => join(folder, "run", "model.onnx");

test("models replace each other, and the rest comes at the end", async () => {
  const keeper = keeperOf();
  for (const model of ["one", "two"]) {
    expect(await keeper.keepModel(utf8(model))).toBe(true);
    expect(await read("run", "model.onnx")).toBe(model);
  }
  await keeper.finish({ history: "h", record: {} });
  expect((await readdir(join(folder, "run"))).filter((name) => !name.startsWith("."))).toEqual([
    ...["history.csv", "model.onnx", "run.json"],
  ]);
  expect(told).toEqual([]);
});

test("a model that cannot be written is tried again at the next and at the end, and said once", async () => {
  const keeper = keeperOf();
  await mkdir(join(obstacle(), "in"), { recursive: true });
  expect(await keeper.keepModel(utf8("one"))).toBe(false);
  expect(await keeper.keepModel(utf8("two"))).toBe(false);
  expect(await keeper.retry()).toBe(false);
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(/model\.onnx cannot be written.*The training goes on/);
  await rm(obstacle(), { recursive: true });
  await keeper.finish({ record: {} });
  expect(await read("run", "model.onnx")).toBe("two");
});

test("a run's folder with a name as long as systems take is saved elsewhere, too", async () => {
  const path = join(folder, "n".repeat(250));
  const check = (): Promise<void> => Promise.reject(new FileError("It has gone.", { subject: path }));
  const keeper = new RunKeeper(
    { path, check },
    () => undefined,
    () => [folder],
  );
  await expect(keeper.finish({ history: "h" })).rejects.toThrow(/What was learned is in .*graft-n{40}-/);
});

test("what cannot be written in the end goes where there is room, and the error says where", async () => {
  const keeper = keeperOf("missing", "full", "elsewhere");
  await mkdir(join(folder, "elsewhere"));
  await writeFile(join(folder, "full"), "");
  await mkdir(join(obstacle(), "in"), { recursive: true });
  await keeper.keepModel(utf8("one"));
  const failed = await keeper.finish({ history: "h", record: { a: 1 } }).catch((cause: unknown) => cause);
  expect(failed).toBeInstanceOf(FileError);
  const [made = ""] = await readdir(join(folder, "elsewhere"));
  expect(String(failed)).toContain(`What was learned is in ${join(folder, "elsewhere", made)}, since `);
  expect(String(failed)).toContain("are history.csv, run.json, model.onnx: move them");
  expect(await read("elsewhere", made, "model.onnx")).toBe("one");
  expect((await readdir(join(folder, "elsewhere", made))).sort()).toEqual(["history.csv", "model.onnx", "run.json"]);
});

test("where nothing can be written, the last good model stays and is named", async () => {
  const keeper = keeperOf("missing");
  await keeper.keepModel(utf8("one"));
  await mkdir(join(folder, "run", "history.csv", "in"), { recursive: true });
  const finished = keeper.finish({ history: "h" });
  await expect(finished).rejects.toThrow(FileError);
  await expect(finished).rejects.toThrow(
    /history\.csv cannot be written.*are lost.*model\.onnx is the last that could be/,
  );
  expect(await read("run", "model.onnx")).toBe("one");
});

test("a folder that was removed meanwhile is made again; one that another run has taken is left to it", async () => {
  const keeper = keeperOf("");
  await keeper.keepModel(utf8("one"));
  await rm(join(folder, "run"), { recursive: true });
  expect(await keeper.keepModel(utf8("two"))).toBe(true);
  expect(await read("run", "model.onnx")).toBe("two");
  await rm(join(folder, "run"), { recursive: true });
  const other = await reserveRunFolder(join(folder, "run"), "unused");
  expect(await keeper.keepModel(utf8("three"))).toBe(false);
  await expect(keeper.finish({ record: {} })).rejects.toThrow(/What was learned is in .*that of another process/);
  expect((await readdir(join(folder, "run"))).filter((name) => !name.startsWith("."))).toEqual([]);
  await other.abandon();
});

test("room is looked for before: none for the model ends it, little is said", () => {
  expect(checkRoom(folder, 14e6, 50e6)).toBeUndefined();
  expect(checkRoom(folder, 14e6, 40e6)).toMatch(/40\.0 MB are free .* may take 46\.2 MB.*--out/);
  expect(() => checkRoom(folder, 14e6, 14e6)).toThrow(/model\.onnx cannot be written.*15\.0 MB are wanted.*--out/);
});

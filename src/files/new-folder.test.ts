import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { writeNewFolder } from "./new-folder.js";

const folders: string[] = [];
let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-folder-"));
  folders.push(folder);
});
afterAll(() => Promise.all(folders.map((path) => rm(path, { recursive: true }))));

const files = new Map<string, Uint8Array | string>([
  ["config.json", "{}"],
  ["onnx/model.onnx", Uint8Array.of(1, 2, 3)],
]);

async function listed(path: string): Promise<string[]> {
  return (await readdir(path, { recursive: true })).map((name) => name.replaceAll("\\", "/")).sort();
}

test("all files are there under a new name, and nothing beside it", async () => {
  const path = join(folder, "some", "place");
  expect(await writeNewFolder(path, files, "refuse")).toBe(path);
  expect(await listed(folder)).toEqual(
    ["some", "some/place", "some/place/config.json", "some/place/onnx", "some/place/onnx/model.onnx"].sort(),
  );
  expect([...(await readFile(join(path, "onnx", "model.onnx")))]).toEqual([1, 2, 3]);
});

test.each(["refuse", "another"] as const)("what holds something is not touched: %s", async (taken) => {
  const path = join(folder, "place");
  await mkdir(path);
  await writeFile(join(path, "mine"), "mine");
  const written = await writeNewFolder(path, files, taken);
  expect(written).toBe(taken === "refuse" ? undefined : `${path}-2`);
  expect(await listed(path)).toEqual(["mine"]);
  expect(await readdir(folder)).toEqual(taken === "refuse" ? ["place"] : ["place", "place-2"]);
});

test("an empty folder is filled, and a file in its place is not replaced", async () => {
  await mkdir(join(folder, "empty"));
  expect(await writeNewFolder(join(folder, "empty"), files, "refuse")).toBe(join(folder, "empty"));
  await writeFile(join(folder, "file"), "mine");
  expect(await writeNewFolder(join(folder, "file"), files, "refuse")).toBeUndefined();
  expect(await readFile(join(folder, "file"), "utf8")).toBe("mine");
  expect((await readdir(folder)).sort()).toEqual(["empty", "file"]);
});

test("several that want one name get one each", async () => {
  for (let round = 0; round < 20; round++) {
    const path = join(folder, `place ${round}`);
    const written = await Promise.all([1, 2, 3].map(() => writeNewFolder(path, files, "another")));
    expect([...written].sort()).toEqual([path, `${path}-2`, `${path}-3`]);
    for (const name of written) expect((await listed(name ?? "")).length).toBe(3);
  }
});

test("of several that want one name and no other, one gets it", async () => {
  for (let round = 0; round < 20; round++) {
    const path = join(folder, `place ${round}`);
    const written = await Promise.all([1, 2, 3].map(() => writeNewFolder(path, files, "refuse")));
    expect(written.filter((name) => name !== undefined)).toEqual([path]);
    expect((await listed(path)).length).toBe(3);
  }
});

test("where nothing can be written, nothing remains", async () => {
  await writeFile(join(folder, "file"), "mine");
  await expect(writeNewFolder(join(folder, "file", "inside"), files, "refuse")).rejects.toThrow(/inside/);
  await expect(writeNewFolder(join(folder, "place"), new Map([["a\0b", "x"]]), "refuse")).rejects.toThrow();
  expect(await readdir(folder)).toEqual(["file"]);
});

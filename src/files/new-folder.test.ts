import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { FileError } from "../errors/errors.js";
import { writeFileAtomically } from "./atomic-write.js";
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

test("an empty folder that was there stays the folder that it is", async () => {
  const path = join(folder, "empty");
  await mkdir(path, { mode: 0o700 });
  await writeFile(join(path, ".graft-0123456789ab-1-1-01234567.tmp"), "what another process is writing");
  const before = await stat(path);
  expect(await writeNewFolder(path, files, "refuse")).toBe(path);
  const after = await stat(path);
  expect([after.ino, after.mode]).toEqual([before.ino, before.mode]);
  expect((await listed(path)).filter((name) => !name.startsWith(".graft-"))).toEqual([
    "config.json",
    "onnx",
    "onnx/model.onnx",
  ]);
});

test.skipIf(process.platform === "win32")("a link to an empty folder is one", async () => {
  await mkdir(join(folder, "empty"));
  await symlink("empty", join(folder, "link"));
  expect(await writeNewFolder(join(folder, "link"), files, "refuse")).toBe(join(folder, "link"));
  expect(await listed(join(folder, "empty"))).toEqual(["config.json", "onnx", "onnx/model.onnx"]);
});

test("what cannot be written is named as it was asked for", async () => {
  const path = join(folder, "place");
  const tooLong = new Map([["a".repeat(300), "x"]]);
  const error: unknown = await writeNewFolder(path, tooLong, "refuse").catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(FileError);
  expect(String(error)).toContain(`${path} cannot be written`);
  expect(await readdir(folder)).toEqual([]);
});

test.skipIf(process.getuid?.() === 0 || process.platform === "win32")(
  "a folder that may not be entered is named",
  async () => {
    const closed = join(folder, "closed");
    await mkdir(closed, { mode: 0o600 });
    await expect(writeNewFolder(join(closed, "place"), files, "refuse")).rejects.toThrow(/place cannot be written/);
    await expect(writeFileAtomically(join(closed, "file"), "x")).rejects.toThrow(/file cannot be written/);
    await chmod(closed, 0o700);
  },
);

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

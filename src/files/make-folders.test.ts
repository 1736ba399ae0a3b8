import { readdirSync, type Stats } from "node:fs";
import type * as FileSystem from "node:fs/promises";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { makeFolders, makeFoldersSync } from "./make-folders.js";

/** A folder on a disk that is read-only, as Node 20 on Linux behaves there. */
const disk = "/a-disk-that-is-read-only";

vi.mock("node:fs/promises", async (importOriginal) => {
  const original = await importOriginal<typeof FileSystem>();
  const mkdir = (path: string, options?: { recursive: boolean }): Promise<string | undefined> => {
    if (!path.startsWith(disk)) return original.mkdir(path, options as { recursive: true });
    const code = options?.recursive === true || path.split("/").length > 3 ? "ENOENT" : "EROFS";
    return Promise.reject(Object.assign(new Error(`${code}: mkdir '${path}'`), { code }));
  };
  const stat = (path: string): Promise<Stats> =>
    path.startsWith(`${disk}/`)
      ? Promise.reject(Object.assign(new Error(`ENOENT: stat '${path}'`), { code: "ENOENT" }))
      : original.stat(path);
  return { ...original, mkdir, stat };
});

test.each([`${disk}/a`, `${disk}/a/b/c`])("a disk that is read-only is called so: %s", async (path) => {
  await expect(makeFolders(path)).rejects.toMatchObject({ code: "EROFS" });
});

test("folders are made from the first that is missing", async () => {
  const folder = await mkdtemp(join(tmpdir(), "graft-folders-"));
  expect(await makeFolders(join(folder, "a", "b"))).toBe(join(folder, "a"));
  expect(await makeFolders(join(folder, "a", "b"))).toBeUndefined();
  expect(await readdir(folder, { recursive: true })).toEqual(["a", join("a", "b")]);
  await rm(folder, { recursive: true });
});

test("folders that many make at once are there for all of them, and one of them made the highest", async () => {
  const folder = await mkdtemp(join(tmpdir(), "graft-folders-"));
  for (let round = 0; round < 20; round++) {
    const highest = join(folder, String(round));
    const made = await Promise.all(
      Array.from({ length: 30 }, (_, one) => makeFolders(join(highest, "a", String(one), "b"))),
    );
    expect(made.filter((path) => path === highest)).toHaveLength(1);
    expect(await readdir(join(highest, "a"))).toHaveLength(30);
  }
  await rm(folder, { recursive: true });
});

test.skipIf(process.platform !== "linux")("a folder that takes none is no reason to try for ever", async () => {
  await expect(makeFolders("/proc/no-such-folder/a")).rejects.toMatchObject({
    code: "ENOENT",
    path: "/proc/no-such-folder",
  });
  expect(() => {
    makeFoldersSync("/proc/no-such-folder/a");
  }).toThrow(expect.objectContaining({ code: "ENOENT", path: "/proc/no-such-folder" }) as Error);
});

test("folders are made at once where nobody can wait", async () => {
  const folder = await mkdtemp(join(tmpdir(), "graft-folders-"));
  for (let times = 0; times < 2; times++) makeFoldersSync(join(folder, "a", "b"));
  expect(readdirSync(folder, { recursive: true })).toEqual(["a", join("a", "b")]);
  await writeFile(join(folder, "file"), "");
  for (const path of ["file", join("file", "a")]) {
    expect(() => {
      makeFoldersSync(join(folder, path));
    }).toThrow(/EEXIST|ENOTDIR|ENOENT/);
  }
  await rm(folder, { recursive: true });
});

test("what is a file is no folder", async () => {
  const folder = await mkdtemp(join(tmpdir(), "graft-folders-"));
  await writeFile(join(folder, "a"), "");
  await expect(makeFolders(join(folder, "a"))).rejects.toMatchObject({ code: "EEXIST" });
  await expect(makeFolders(join(folder, "a", "b"))).rejects.toThrow();
  await rm(folder, { recursive: true });
});

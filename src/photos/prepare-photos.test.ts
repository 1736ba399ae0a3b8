import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FileError, UsageError } from "../errors/errors.js";
import { preparePhotos } from "./prepare-photos.js";

let folder = "";
let events: Record<string, unknown>[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-prepare-"));
  events = [];
});
afterEach(() => rm(folder, { recursive: true }));

/** Writes a file that looks like a JPEG from its first bytes. */
async function put(path: string, content = path): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), Buffer.from(`\xff\xd8\xff${content}`, "latin1"));
}

async function prepare(seed = 0): ReturnType<typeof preparePhotos> {
  return preparePhotos(folder, seed, (event) => events.push({ ...event }));
}

function warnings(): unknown[] {
  return events.filter(({ event }) => event === "warning").map(({ code }) => code);
}

test("empty files in several classes are skipped, not taken for one photo with two labels", async () => {
  for (const name of ["cat", "dog"]) {
    for (const photo of ["1.jpg", "2.jpg", "3.jpg"]) await put(join(name, photo));
    await writeFile(join(folder, name, "4.jpg"), "");
  }
  const { skipped, training, validation } = await prepare();
  expect(skipped).toEqual([
    { path: join(folder, "cat", "4.jpg"), reason: "the file is empty" },
    { path: join(folder, "dog", "4.jpg"), reason: "the file is empty" },
  ]);
  expect([training.length, validation.length]).toEqual([4, 2]);
  expect(warnings()).toEqual([]);
});

test("one photo in two classes is a warning", async () => {
  for (const name of ["cat", "dog"]) for (const photo of ["1.jpg", "2.jpg", "3.jpg"]) await put(join(name, photo));
  await put("cat/x.jpg", "same");
  await put("dog/y.jpg", "same");
  await prepare();
  expect(warnings()).toEqual(["conflicting-duplicates"]);
});

test("photos on both sides of a division that the user made are a warning, for each set", async () => {
  for (const set of ["train", "val", "test"]) {
    for (const name of ["cat", "dog"]) await put(join(set, name, "1.jpg"));
    await put(join(set, "cat", "same.jpg"), "same");
  }
  const { division, training, validation, test: held } = await prepare();
  expect(division).toBe("folders");
  expect([training.length, validation.length, held.length]).toEqual([3, 3, 3]);
  expect(warnings()).toEqual(["shared-photos", "shared-photos"]);
  expect(String(events.find(({ event }) => event === "warning")?.["message"])).toMatch(
    /1 validation photo is among the training photos too, such as/,
  );
});

test("what no set or class holds is a warning", async () => {
  for (const set of ["train", "val", "attic"]) for (const name of ["cat", "dog"]) await put(join(set, name, "1.jpg"));
  await prepare();
  expect(warnings()).toEqual(["ignored"]);
});

test("the fingerprint follows names and contents, not the place; the split follows the seed", async () => {
  for (const name of ["cat", "dog"]) for (let photo = 0; photo < 9; photo++) await put(join(name, `${photo}.jpg`));
  const first = await prepare();
  const moved = `${folder}-moved`;
  await rename(folder, moved);
  folder = moved;
  const second = await prepare();
  expect(second.fingerprint).toBe(first.fingerprint);
  const names = (photos: readonly { path: string }[]): string[] => photos.map(({ path }) => path.slice(-9));
  expect(names(second.validation)).toEqual(names(first.validation));
  const seeds = await Promise.all([1, 2, 3].map(prepare));
  expect(seeds.some(({ validation }) => String(names(validation)) !== String(names(first.validation)))).toBe(true);
  await put("cat/0.jpg", "another");
  expect((await prepare()).fingerprint).not.toBe(first.fingerprint);
});

test("a class whose files are all no photos is named, with a reason", async () => {
  for (const photo of ["1.jpg", "2.jpg"]) await put(join("cat", photo));
  await mkdir(join(folder, "dog"));
  await writeFile(join(folder, "dog", "1.jpg"), "<html>");
  await expect(prepare()).rejects.toThrow(FileError);
  await expect(prepare()).rejects.toThrow(/The class "dog".*1 file that cannot be used.*it is a web page/);
});

test("a class with one photo cannot be split", async () => {
  for (const photo of ["1.jpg", "2.jpg"]) await put(join("cat", photo));
  await put("dog/1.jpg");
  await expect(prepare()).rejects.toThrow(UsageError);
});

import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FileError } from "../errors/errors.js";
import type { PhotoSet } from "./photo.js";
import { scanClassFolders, scanFolder, scanToMeasure } from "./scan.js";

const kerasExtensions = ["png", "jpg", "jpeg", "bmp", "ppm", "tif", "tiff"];

let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "graft-scan-"));
});
afterEach(async () => {
  await rm(dir, { recursive: true });
});

/** Makes empty files: what is inside is not the scan's concern. */
async function make(...paths: string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), "");
  }
}

const listed = (set: PhotoSet | undefined) =>
  set?.photos.map(({ path, classIndex }) => `${classIndex} ${relative(set.directory, path).replaceAll("\\", "/")}`);

async function failure(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof FileError)) throw new Error(`expected a FileError, got ${String(error)}`);
  return error.message;
}

describe("a folder with one folder per class", () => {
  test("gives the photos in Keras's order, deeper ones too", async () => {
    await make("dog/10.jpg", "dog/2.JPG", "Cat/z.png", "Cat/a/b/1.jpeg", "Cat/a/2.webp", "Cat/a-b/1.tiff");
    const found = await scanFolder(dir);
    expect(found.classes).toEqual(["Cat", "dog"]);
    expect(found.validation).toBeUndefined();
    expect(found.test).toBeUndefined();
    expect(found.ignored).toEqual([]);
    expect(listed(found.train)).toEqual([
      ...["0 Cat/z.png", "0 Cat/a/2.webp", "0 Cat/a-b/1.tiff", "0 Cat/a/b/1.jpeg"],
      ...["1 dog/10.jpg", "1 dog/2.JPG"],
    ]);
  });

  test("takes names with spaces, of any script, and class names that are words for sets", async () => {
    await make("日本 料理/μ 1.jpg", "größe/ü.heic", "train/1.gif", "tram/1.avif");
    expect((await scanFolder(dir)).classes).toEqual(["größe", "train", "tram", "日本 料理"]);
    await make("tickets/valid/1.jpg", "tickets/expired/1.jpg");
    expect((await scanFolder(join(dir, "tickets"))).classes).toEqual(["expired", "valid"]);
  });

  test("leaves out what computers put between the photos", async () => {
    await make("a/1.jpg", "b/1.jpg", ".DS_Store", "a/.DS_Store", "a/._1.jpg", "a/Thumbs.db", "b/notes.txt");
    await make(".ipynb_checkpoints/1.jpg", "__MACOSX/a/._1.jpg", "a/.hidden/2.jpg", "@eaDir/1.jpg");
    const found = await scanFolder(dir);
    expect(found.classes).toEqual(["a", "b"]);
    expect(listed(found.train)).toEqual(["0 a/1.jpg", "1 b/1.jpg"]);
  });

  test("leaves out heat maps beside their photos, and says which; a photo of such a name alone is one", async () => {
    await make("a/1.jpg", "a/1.jpg.heat.png", "a/1.jpg.heat-2.png", "b/1.jpg", "b/2.jpg.heat.png");
    const found = await scanFolder(dir);
    expect(listed(found.train)).toEqual(["0 a/1.jpg", "1 b/1.jpg", "1 b/2.jpg.heat.png"]);
    expect(found.heatMaps.map((path) => relative(dir, path))).toEqual(
      ["1.jpg.heat-2.png", "1.jpg.heat.png"].map((name) => join("a", name)),
    );
  });

  test("reports photos that lie beside the class folders", async () => {
    await make("a/1.jpg", "b/1.jpg", "lost.jpg", "readme.md");
    expect((await scanFolder(dir)).ignored).toEqual([join(dir, "lost.jpg")]);
  });

  test.skipIf(process.platform === "win32")("follows symbolic links and survives circular ones", async () => {
    await make("real/1.jpg", "more/2.jpg", "set/b/1.jpg");
    await symlink(join(dir, "real"), join(dir, "set", "a"));
    await symlink(join(dir, "more"), join(dir, "real", "deeper"));
    await symlink(join(dir, "set", "b", "1.jpg"), join(dir, "real", "link.jpg"));
    await symlink(join(dir, "nowhere.jpg"), join(dir, "real", "broken.jpg"));
    await symlink(join(dir, "real"), join(dir, "real", "again"));
    const expected = ["0 a/1.jpg", "0 a/broken.jpg", "0 a/link.jpg", "0 a/deeper/2.jpg", "1 b/1.jpg"];
    expect(listed((await scanFolder(join(dir, "set"))).train)).toEqual(expected);
    const unfollowed = await scanFolder(join(dir, "set"), { followLinks: false });
    expect(listed(unfollowed.train)).toEqual(expected.filter((path) => !path.includes("deeper")));
  });

  test.skipIf(process.platform === "win32")("visits each folder once, however many ways lead to it", async () => {
    await make("set/b/1.jpg", "set/a/0/1.jpg");
    // Of a million ways one is gone. (Linux follows 40 links in a path.)
    for (let level = 1; level <= 20; level++) {
      await mkdir(join(dir, "levels", String(level)), { recursive: true });
      for (const side of ["left", "right"]) {
        await symlink(join(dir, "levels", String(level + 1)), join(dir, "levels", String(level), side));
      }
    }
    await make("levels/21/deep.jpg");
    await symlink(join(dir, "levels", "1"), join(dir, "set", "a", "more"));
    await symlink(join(dir, "levels", "21"), join(dir, "set", "b", "deepest"));
    const photos = listed((await scanFolder(join(dir, "set"))).train);
    expect(photos).toEqual([
      "0 a/0/1.jpg",
      `0 a/more${"/left".repeat(20)}/deep.jpg`,
      "1 b/1.jpg",
      "1 b/deepest/deep.jpg",
    ]);
  });

  test.skipIf(process.platform === "win32")("says that a path is longer than the system takes", async () => {
    await make("set/b/1.jpg", "set/a/1.jpg");
    expect(await failure(scanFolder(join(dir, "x".repeat(5000))))).toMatch(/longer than the system takes/);
  });
});

describe("a folder with train, validation and test", () => {
  test.each(["validation", "val", "valid", "Validation"])("is recognised with %s", async (validation) => {
    await make("train/b/1.jpg", "train/a/1.jpg", `${validation}/a/2.jpg`, `${validation}/b/2.jpg`);
    await make("test/b/3.jpg", "test/a/3.jpg", "unlabelled/1.jpg", "poster.png");
    const found = await scanFolder(dir);
    expect(found.classes).toEqual(["a", "b"]);
    expect(listed(found.train)).toEqual(["0 a/1.jpg", "1 b/1.jpg"]);
    expect(found.validation?.directory).toBe(join(dir, validation));
    expect(listed(found.validation)).toEqual(["0 a/2.jpg", "1 b/2.jpg"]);
    expect(listed(found.test)).toEqual(["0 a/3.jpg", "1 b/3.jpg"]);
    expect(found.ignored).toEqual([join(dir, "unlabelled"), join(dir, "poster.png")]);
  });

  test("may lack validation", async () => {
    await make("train/a/1.jpg", "train/b/1.jpg", "test/a/1.jpg", "test/b/1.jpg");
    const found = await scanFolder(dir);
    expect(listed(found.train)).toEqual(["0 a/1.jpg", "1 b/1.jpg"]);
    expect(found.validation).toBeUndefined();
    expect(found.test?.photos).toHaveLength(2);
  });

  test("refuses two folders whose names differ in nothing that one sees", async () => {
    await make("caf\u00e9/1.jpg", "cafe\u0301/2.jpg", "tea/3.jpg");
    // Some disks take both for one.
    if ((await readdir(dir)).length < 3) return;
    expect(await failure(scanFolder(dir))).toMatch(/Two folders in .* have the same name, "caf\u00e9"/);
  });

  test("gives classes in one order, however their letters are written", async () => {
    await make("e\u0301/1.jpg", "z/2.jpg");
    expect((await scanFolder(dir)).classes).toEqual(["z", "\u00e9"]);
  });

  test("matches class names that a Mac has decomposed", async () => {
    await make("train/café/1.jpg", "train/tee/1.jpg", "validation/cafe\u0301/2.jpg", "validation/tee/2.jpg");
    const found = await scanFolder(dir);
    expect(found.classes).toEqual(["café", "tee"]);
    expect(found.validation?.photos).toHaveLength(2);
  });

  test("must have the same classes everywhere, and says which name is meant", async () => {
    await make("train/cats/1.jpg", "train/dogs/1.jpg", "val/cat/1.jpg", "val/dogs/1.jpg");
    const message = await failure(scanFolder(dir));
    expect(message).toContain('has a class "cat" that');
    expect(message).toContain('Did you mean "cats"?');
    await rm(join(dir, "val", "cat"), { recursive: true });
    expect(await failure(scanFolder(dir))).toContain('lacks the class "cats"');
  });

  test("must have training photos and only one folder of validation photos", async () => {
    await make("val/a/1.jpg", "val/b/1.jpg", "test/a/1.jpg", "test/b/1.jpg");
    expect(await failure(scanFolder(dir))).toContain("has no training photos");
    await make("train/a/1.jpg", "train/b/1.jpg", "valid/a/1.jpg");
    expect(await failure(scanFolder(dir))).toContain('Received: "val", "valid"');
  });

  test("says so when photos lie directly in a set", async () => {
    await make("train/1.jpg", "train/2.jpg", "validation/1.jpg");
    const message = await failure(scanFolder(dir));
    expect(message).toContain(`directly in ${join(dir, "train")}`);
    expect(message).toContain('2 photos such as "1.jpg"');
  });
});

describe("a folder that cannot be used", () => {
  test.each([
    ["is missing", [], "missing", "nothing of that name"],
    ["is a file", ["photo.jpg"], "photo.jpg", "Received: a file"],
    ["is empty", [], "", "an empty folder"],
    ["holds photos only", ["1.jpg", "2.jpg"], "", "not in class folders"],
    ["holds other files only", ["readme.md"], "", "files that are no photos"],
    ["has one class", ["cats/1.jpg"], "", 'one class only, "cats"'],
    ["has an empty class", ["cats/1.jpg", "dogs/.DS_Store"], "", '"dogs" in'],
    ["has a class with other files", ["cats/1.jpg", "dogs/clip.mp4"], "", 'other files, such as "clip.mp4"'],
  ])("is refused when it %s", async (_, files, path, expected) => {
    await make(...files);
    expect(await failure(scanFolder(join(dir, path)))).toContain(expected);
  });
});

describe("scanClassFolders", () => {
  test("lists what Keras lists, without judging", async () => {
    await make("only/1.jpg", "only/2.webp", "only/3.bmp", "none/readme.md");
    const set = await scanClassFolders(dir, { extensions: kerasExtensions });
    expect(set.classes).toEqual(["none", "only"]);
    expect(listed(set)).toEqual(["1 only/1.jpg", "1 only/3.bmp"]);
  });

  test("takes the classes named, in their order, and refuses one that is not there", async () => {
    await make("a/1.jpg", "b/1.jpg", "c/1.jpg");
    expect(listed(await scanClassFolders(dir, { classes: ["c", "a"] }))).toEqual(["0 c/1.jpg", "1 a/1.jpg"]);
    expect(await failure(scanClassFolders(dir, { classes: ["a", "bb"] }))).toContain("Did you mean");
  });
});

const shared = join(import.meta.dirname, "../../../shared/data");

test.skipIf(!existsSync(shared))("the shared data sets are found whole (skipped without ../shared)", async () => {
  const cats = await scanFolder(join(shared, "cats-vs-dogs-small"));
  expect(cats.classes).toEqual(["cats", "dogs"]);
  expect([cats.train, cats.validation, cats.test].map((set) => set?.photos.length)).toEqual([2000, 1000, 1000]);
  const flowers = await scanFolder(join(shared, "oxford-flowers12"));
  expect(flowers.classes).toHaveLength(12);
  expect([flowers.train.photos.length, flowers.validation, flowers.test?.photos.length]).toEqual([720, undefined, 240]);
});

test("a folder to measure with needs no training photos", async () => {
  await make("Test/cat/1.jpg", "Test/dog/2.jpg");
  const only = await scanToMeasure(dir);
  expect(only.classes).toEqual(["cat", "dog"]);
  expect(listed(only.test)).toEqual(["0 cat/1.jpg", "1 dog/2.jpg"]);
  await make("val/cat/3.jpg", "val/dog/4.jpg");
  expect(listed((await scanToMeasure(dir)).test)).toEqual(["0 cat/1.jpg", "1 dog/2.jpg"]);
  await rm(join(dir, "Test"), { recursive: true });
  const validation = await scanToMeasure(dir);
  expect(validation.test).toBeUndefined();
  expect(listed(validation.validation)).toEqual(["0 cat/3.jpg", "1 dog/4.jpg"]);
  // Training needs them.
  expect(await failure(scanFolder(dir))).toMatch(/no training photos/);
  await make("train/cat/5.jpg", "train/dog/6.jpg");
  expect(listed((await scanToMeasure(dir)).train)).toEqual(["0 cat/5.jpg", "1 dog/6.jpg"]);
});

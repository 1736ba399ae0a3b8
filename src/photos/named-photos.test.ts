import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { namedPhotos, photoOrList } from "./named-photos.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-named-"));
});
afterEach(() => rm(folder, { recursive: true }));

const windows = process.platform === "win32";

test.skipIf(windows)("** goes through no links to folders, of which a few make a million ways", async () => {
  for (let level = 1; level <= 20; level++) {
    await mkdir(join(folder, String(level)));
    for (const side of ["left", "right"])
      await symlink(join("..", String(level + 1)), join(folder, String(level), side));
  }
  await mkdir(join(folder, "21"));
  await writeFile(join(folder, "21", "deep.jpg"), "");
  expect(await namedPhotos([`${folder}/**/*.jpg`])).toEqual([`${folder}/21/deep.jpg`]);
  // What is named itself may be a link, and so may what a single star stands for.
  expect(await namedPhotos([`${folder}/20/left/**`])).toEqual([`${folder}/20/left/deep.jpg`]);
  expect(await namedPhotos([`${folder}/20/*/*.jpg`])).toEqual([
    `${folder}/20/left/deep.jpg`,
    `${folder}/20/right/deep.jpg`,
  ]);
});

test.skipIf(windows)("links to files are files for **, and one that leads nowhere is named", async () => {
  await mkdir(join(folder, "set", "inner"), { recursive: true });
  await writeFile(join(folder, "real.jpg"), "");
  await symlink(join(folder, "real.jpg"), join(folder, "set", "inner", "link.jpg"));
  await symlink(join(folder, "nowhere.jpg"), join(folder, "set", "broken.jpg"));
  expect(await namedPhotos([`${folder}/set/**/*.jpg`])).toEqual([
    `${folder}/set/broken.jpg`,
    `${folder}/set/inner/link.jpg`,
  ]);
});

test("heat maps beside photos are no photos of a folder, and are those of their name", async () => {
  for (const name of ["cat.jpg", "cat.jpg.heat.png", "cat.jpg.heat-2.png", "my.heat.png"]) {
    await writeFile(join(folder, name), "");
  }
  const named = (...names: string[]) => names.map((name) => join(folder, name));
  expect(await namedPhotos([folder])).toEqual(named("cat.jpg", "my.heat.png"));
  expect(await namedPhotos(named("cat.jpg.heat.png"))).toEqual(named("cat.jpg.heat.png"));
  const pattern = (end: string) => `${folder.replaceAll("\\", "/")}/${end}`;
  expect(await namedPhotos([pattern("*.png")])).toEqual([pattern("my.heat.png")]);
  expect(await namedPhotos([pattern("cat*.heat*.png")])).toEqual([
    pattern("cat.jpg.heat-2.png"),
    pattern("cat.jpg.heat.png"),
  ]);
});

test("a list is read as Windows writes it too: in UTF-16, behind a mark, with its ends of lines", () => {
  const given = { paths: ["a b.jpg", "ж.png"] };
  const text = "\ufeffa b.jpg\r\n\r\nж.png\r\n";
  expect(photoOrList(Buffer.from(text))).toEqual(given);
  expect(photoOrList(Buffer.from(text, "utf16le"))).toEqual(given);
  expect(photoOrList(Buffer.from(text, "utf16le").swap16())).toEqual(given);
});

test("a name in another encoding costs the others nothing", () => {
  expect(photoOrList(Buffer.from("caf\u00e9.jpg\0b.jpg\0", "latin1"))).toEqual({ paths: ["caf\ufffd.jpg", "b.jpg"] });
});

test("what begins as a photo is one, also where no byte of it is one that no path has", () => {
  const photo = new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 0x41, 0xff]);
  expect(photoOrList(photo)).toEqual({ photo });
  expect(photoOrList(Buffer.from("P3 1 1 255 0 0 0\n"))).toMatchObject({ photo: {} });
});

import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PhotoRoot, PhotosGoneError } from "./photo-root.js";

let folder = "";
let photos = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-root-"));
  photos = join(folder, "photos");
  for (const name of ["cats", "dogs"]) {
    await mkdir(join(photos, name), { recursive: true });
    await writeFile(join(photos, name, "1.jpg"), "no photo");
  }
});
afterEach(() => rm(folder, { recursive: true }));

test("a photo that is gone alone is to blame itself", async () => {
  await writeFile(join(photos, "cats", "2.jpg"), "another");
  await rm(join(photos, "cats", "1.jpg"));
  await expect(new PhotoRoot(photos).check(join(photos, "cats", "1.jpg"))).resolves.toBeUndefined();
  // One that lies elsewhere says nothing of the folder.
  await expect(new PhotoRoot(photos).check(join(folder, "elsewhere", "1.jpg"))).resolves.toBeUndefined();
});

test.each([
  ["has gone", async () => rename(photos, join(folder, "away")), () => photos, "no such folder"],
  [
    "is the empty place of a disk",
    async () => {
      await rm(photos, { recursive: true });
      await mkdir(photos);
    },
    () => photos,
    "an empty folder",
  ],
  [
    "has lost a class",
    async () => rm(join(photos, "cats"), { recursive: true }),
    () => join(photos, "cats"),
    "no such folder",
  ],
  [
    "is a file now",
    async () => rm(photos, { recursive: true }).then(() => writeFile(photos, "")),
    () => photos,
    "no folder any more",
  ],
])("a folder that %s is named in place of its photos", async (_, change, gone, received) => {
  await change();
  const checked = new PhotoRoot(photos).check(join(photos, "cats", "1.jpg"));
  await expect(checked).rejects.toThrow(PhotosGoneError);
  await expect(checked).rejects.toThrow(`The folder ${gone()} has gone while its photos were used.`);
  await expect(checked).rejects.toThrow(`Received: ${received}.`);
});

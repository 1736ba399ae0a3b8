import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeIfFree, writeNewFile } from "./new-file.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-new-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("of several that write under one name at the same moment, one does, and no other name is taken", async () => {
  const path = join(folder, "made", "page.html");
  const written = await Promise.all(["a", "b", "c"].map(async (text) => ((await writeIfFree(path, text)) ? text : "")));
  const [text, ...others] = written.filter((one) => one !== "");
  expect(others).toEqual([]);
  expect(await readFile(path, "utf8")).toBe(text);
  expect(await readdir(join(folder, "made"))).toEqual(["page.html"]);
});

test("whoever may take another name gets one", async () => {
  const path = join(folder, "page.html");
  const written = await Promise.all(["a", "b"].map((text) => writeNewFile(path, text)));
  expect(written.sort()).toEqual([join(folder, "page-2.html"), path]);
});

import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { graft } from "./command.js";
import { writePhotoFolder } from "./photos.js";
import { tinyNetwork } from "./tiny-network.js";

let folder = "";
const settings = ["--network", "tiny.onnx", "--preprocess", "torch", "--learning-rate", "0.0015", "--epochs", "2"];

/** SHA-256 of the `model.onnx`, and the history without seconds, of a run with the same photos and seed. */
async function resultOf(run: string, env: Readonly<Record<string, string>> = {}): Promise<readonly [string, string]> {
  const own = { GRAFT_CACHE: join(folder, "cache"), ...env };
  const { exitCode, stderr } = await graft(["train", "photos", ...settings, "--out", run], folder, own);
  expect(exitCode, stderr).toBe(0);
  const history = await readFile(join(folder, run, "history.csv"), "utf8");
  return [
    createHash("sha256")
      .update(await readFile(join(folder, run, "model.onnx")))
      .digest("hex"),
    history.replaceAll(/,[^,\n]*$/gm, ""),
  ];
}

/** Options of Node for a process that believes it has so many hardware threads, and so decodes with as many. */
async function threads(number: number): Promise<Readonly<Record<string, string>>> {
  const path = join(folder, `threads-${number}.mjs`);
  const lines = [
    'import os from "node:os";',
    'import { syncBuiltinESMExports } from "node:module";',
    `os.availableParallelism = () => ${number};`,
    "syncBuiltinESMExports();",
  ];
  await writeFile(path, lines.join("\n"));
  return { NODE_OPTIONS: `--import ${pathToFileURL(path).href}` };
}

let first: readonly [string, string];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-bytes-"));
  await writeFile(join(folder, "tiny.onnx"), tinyNetwork());
  await writePhotoFolder(join(folder, "photos"), 8, ["red", "blue"]);
  // With a cold cache.
  first = await resultOf("first");
});
afterAll(() => rm(folder, { recursive: true }));

describe("the same seed gives the same bytes", () => {
  test("with what is kept of the photos", async () => {
    expect(await resultOf("warm")).toEqual(first);
  });

  test("without anything that is kept", async () => {
    expect(await resultOf("cold", { GRAFT_CACHE: join(folder, "another-cache") })).toEqual(first);
  });

  test("where nothing can be kept", async () => {
    // A file has no folders in it.
    expect(await resultOf("uncached", { GRAFT_CACHE: join(folder, "tiny.onnx") })).toEqual(first);
  });

  test.each([1, 3, 7])("with %i threads that decode", async (number) => {
    const cache = { GRAFT_CACHE: join(folder, `cache-${number}`) };
    expect(await resultOf(`threads-${number}`, { ...cache, ...(await threads(number)) })).toEqual(first);
  });

  test("in another time zone and language", async () => {
    const env = { TZ: "Pacific/Apia", LC_ALL: "tr_TR.UTF-8", LANG: "de_DE.UTF-8", GRAFT_CACHE: join(folder, "apia") };
    expect(await resultOf("apia", env)).toEqual(first);
  });
});

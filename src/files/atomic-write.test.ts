import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FileError } from "../errors/errors.js";
import { appendToFile } from "./append.js";
import { writeFileAtomically } from "./atomic-write.js";
import { temporaryPath } from "./temporary-name.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-atomic-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function* pieces(count: number, error?: Error): AsyncGenerator<Uint8Array> {
  for (let piece = 0; piece < count; piece++) yield Promise.resolve(new Uint8Array(1000).fill(piece));
  if (error !== undefined) throw error;
}

test("pieces become one file, and when they break off the old one stays without a trace", async () => {
  const path = join(folder, "a", "b");
  await writeFileAtomically(path, pieces(3));
  const before = await readFile(path);
  expect(before).toHaveLength(3000);
  await expect(writeFileAtomically(path, pieces(1, new Error("no more")))).rejects.toThrow("no more");
  expect((await readFile(path)).equals(before)).toBe(true);
  expect(await readdir(join(folder, "a"))).toEqual(["b"]);
});

test("a name as long as names may be can be written", async () => {
  const name = "n".repeat(250);
  await writeFileAtomically(join(folder, name), "text");
  expect(await readdir(folder)).toEqual([name]);
});

test("what a killed process has left in a folder is swept by the next that writes there", async () => {
  const dead = String(spawnSync(process.execPath, ["-e", ""]).pid);
  const left = temporaryPath(folder).replace(`-${process.pid}-`, `-${dead}-`);
  await mkdir(left);
  await writeFile(join(left, "member"), "half of an archive");
  await writeFileAtomically(join(folder, "a"), "text");
  expect(await readdir(folder)).toEqual(["a"]);
});

test("a folder in the place of a file is named, and nothing stays beside it", async () => {
  await mkdir(join(folder, "a", "in"), { recursive: true });
  await expect(writeFileAtomically(join(folder, "a"), "text")).rejects.toThrow(FileError);
  await expect(appendToFile(join(folder, "a"), Buffer.from("text"))).rejects.toThrow(/a folder where a file should be/);
  expect(await readdir(folder)).toEqual(["a"]);
});

test.runIf(process.platform === "linux")("a record that does not fit leaves the file as it was", async () => {
  const module = new URL("./append.ts", import.meta.url).href;
  const path = join(folder, "log");
  // The shell's limit of a file's size stands in for a full disk: a part of the record is written, and then no more.
  const script = `process.on("SIGXFSZ", () => undefined);
    const { appendToFile } = await import(${JSON.stringify(module)});
    await appendToFile(${JSON.stringify(path)}, new Uint8Array(1000));
    await appendToFile(${JSON.stringify(path)}, new Uint8Array(100_000)).catch((cause) => console.log(cause.message));`;
  const { stdout } = spawnSync(
    "sh",
    ["-c", 'ulimit -f 8 && exec "$0" --import tsx --input-type=module -e "$1"', process.execPath, script],
    {
      env: { ...process.env, TSX_DISABLE_CACHE: "1" },
    },
  );
  expect(stdout.toString()).toMatch(/log cannot be written.*a file larger than the disk or a limit lets it be/);
  expect((await readFile(path)).length).toBe(1000);
});

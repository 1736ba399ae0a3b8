import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { FileError } from "../errors/errors.js";
import { fileSystemError } from "./file-system-errors.js";
import { openRegularFileSync, readRegularFile, readRegularText } from "./regular-file.js";

const folder = mkdtempSync(join(tmpdir(), "graft-regular-"));
const at = (name: string): string => join(folder, name);
const onUnix = process.platform !== "win32";
const server = createServer();

beforeAll(async () => {
  writeFileSync(at("file"), "eight by");
  if (!onUnix) return;
  symlinkSync(at("file"), at("link"));
  execFileSync("mkfifo", [at("pipe")]);
  symlinkSync(at("pipe"), at("link-to-pipe"));
  await new Promise<void>((resolve) => server.listen(at("socket"), resolve));
});

afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

it("reads a file, and one that a link leads to", async () => {
  expect(await readRegularText(at("file"))).toBe("eight by");
  if (onUnix) expect(await readRegularText(at("link"))).toBe("eight by");
});

it("refuses one that is larger than it may be", async () => {
  await expect(readRegularFile(at("file"), { most: 7 })).rejects.toThrow(/too large.*at most 7 bytes.*8 bytes/);
  expect((await readRegularFile(at("file"), { most: 8 })).length).toBe(8);
});

it.runIf(onUnix)("refuses a text that is longer than texts can be, before it is read", async () => {
  writeFileSync(at("endless"), "");
  truncateSync(at("endless"), 500_000_001);
  await expect(readRegularText(at("endless"))).rejects.toThrow(/too large.*at most 500000000 bytes/);
});

it.runIf(onUnix).each([
  ["pipe", "a pipe (FIFO)"],
  ["link-to-pipe", "a pipe (FIFO)"],
  ["socket", "a socket"],
  [".", "a folder where a file should be"],
])("names %s and does not wait for it", async (name, kind) => {
  const error = await readRegularFile(at(name)).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(FileError);
  expect(error).toMatchObject({ subject: at(name), received: kind });
  expect(() => openRegularFileSync(at(name))).toThrow(kind);
  // It says all that there is to say: words for errors of the file system leave it as it is.
  expect(fileSystemError(error, at(name), "read")).toBe(error);
});

it.runIf(onUnix)("names a device, which would never end", async () => {
  await expect(readRegularFile("/dev/zero")).rejects.toThrow("a device");
});

it("leaves what is missing to the file system's words", async () => {
  const error = await readRegularFile(at("none")).catch((cause: unknown) => cause);
  expect(fileSystemError(error, at("none"), "read").received).toBe("no such file or folder");
});

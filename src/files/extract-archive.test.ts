import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { strToU8, zipSync } from "fflate";
import { afterAll, expect, it } from "vitest";
import { tar } from "../../test/support/tar.js";
import { hashFile } from "./checksum.js";
import { extractArchive } from "./extract-archive.js";

const folder = mkdtempSync(join(tmpdir(), "graft-archive-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** A ZIP archive whose list of contents says the same member many times, and how large it is. */
function overlapping(times: number, size: number): Buffer {
  const one = Buffer.from(zipSync({ "a.bin": new Uint8Array(1000) }));
  const start = one.readUInt32LE(one.length - 6);
  const entry = Buffer.from(one.subarray(start, one.length - 22));
  entry.writeUInt32LE(size, 24);
  const end = Buffer.from(one.subarray(one.length - 22));
  end.writeUInt16LE(Math.min(times, 0xffff), 8);
  end.writeUInt16LE(Math.min(times, 0xffff), 10);
  end.writeUInt32LE(times * entry.length, 12);
  return Buffer.concat([one.subarray(0, start), ...Array.from({ length: times }, () => entry), end]);
}

/** A tar archive of a file of zeros that is said to be large, and has nothing behind it. */
function largeTar(size: number): Uint8Array {
  const archive = Buffer.from(tar({ "a.bin": "" }));
  archive.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  archive.write("        ", 148);
  const sum = archive.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  archive.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return archive;
}

it.each([
  ["ZIP: one member of 3 GB", () => overlapping(1, 3e9)],
  ["ZIP: many members, each of them small enough", () => overlapping(300, 2 ** 22)],
  ["tar.gz: one member of 3 GB", () => gzipSync(largeTar(3e9))],
])("%s in a small archive is refused before anything is unpacked", async (_what, make) => {
  const archive = join(folder, "bomb");
  writeFileSync(archive, make());
  await expect(extractArchive(archive, join(folder, "out"))).rejects.toThrow(
    /is not unpacked.*members of more than 1\.1 GB together/,
  );
  expect(readdirSync(folder).filter((name) => name !== "bomb")).toEqual([]);
});

it("a text that packs well is unpacked all the same", async () => {
  const archive = join(folder, "text.zip");
  const text = "the same again and again\n".repeat(200_000);
  writeFileSync(archive, zipSync({ "text.txt": strToU8(text) }));
  await extractArchive(archive, join(folder, "text"));
  expect(readFileSync(join(folder, "text", "text.txt"), "utf8")).toBe(text);
});

it.runIf(process.platform !== "win32")("a pipe is neither unpacked nor hashed, and not waited for", async () => {
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  await expect(extractArchive(pipe, join(folder, "out"))).rejects.toThrow("a pipe (FIFO)");
  await expect(hashFile(pipe, "sha256")).rejects.toThrow("a pipe (FIFO)");
});

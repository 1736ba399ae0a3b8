import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { strToU8, zipSync } from "fflate";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { tar } from "./support/tar.js";
import { FileError } from "../src/errors/errors.js";
import { readZip } from "../src/formats/keras/zip.js";
import { extractArchive } from "../src/files/extract-archive.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-archive-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function extract(bytes: Uint8Array, name: string): Promise<string> {
  await writeFile(join(folder, name), bytes);
  await extractArchive(join(folder, name), join(folder, "out"));
  return readFile(join(folder, "out", "a.txt"), "utf8");
}

const zip = (): Buffer => Buffer.from(zipSync({ "a.txt": strToU8("first"), "b.txt": strToU8("second") }, { level: 0 }));

describe("a ZIP archive", () => {
  test("is read, with a comment behind it too", async () => {
    const commented = Buffer.concat([zip(), Buffer.from("words")]);
    commented.writeUInt16LE(5, commented.length - 7);
    expect(await extract(commented, "a.zip")).toBe("first");
    const { members } = await readZip(commented, "a.zip", ["b.txt"]);
    expect(Buffer.from(members["b.txt"] ?? []).toString()).toBe("second");
  });

  const damages: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
    "whose list leads to another member": (bytes) => {
      const list = bytes.indexOf(Buffer.from([0x50, 0x4b, 1, 2]));
      const second = bytes.indexOf("b.txt") - 30;
      bytes.writeUInt32LE(second, list + 42);
      return bytes;
    },
    "whose list is damaged in its middle": (bytes) => {
      bytes.writeUInt8(0, bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 1, 2])));
      return bytes;
    },
    "with fewer members than it says": (bytes) => {
      bytes.writeUInt16LE(3, bytes.length - 22 + 10);
      return bytes;
    },
    "with something between its list and its end": (bytes) =>
      Buffer.concat([bytes.subarray(0, -22), Buffer.alloc(40), bytes.subarray(-22)]),
    "whose bytes have changed": (bytes) => {
      bytes.write("worse", bytes.indexOf("first"));
      return bytes;
    },
  };

  test.each(Object.entries(damages))("%s is refused, as zipfile refuses it", async (_, damage) => {
    await expect(extract(damage(zip()), "a.zip")).rejects.toThrow(FileError);
    await expect(readZip(damage(zip()), "a.zip", ["a.txt", "b.txt"])).rejects.toThrow(FileError);
  });
});

describe("a tar archive", () => {
  const whole = (): Uint8Array => tar({ "a.txt": strToU8("first") });

  test("is read, also without the blocks that mark its end", async () => {
    expect(await extract(whole().subarray(0, 1024), "a.tar")).toBe("first");
  });

  test("that ends within the last block of a member is refused", async () => {
    await expect(extract(whole().subarray(0, 1000), "a.tar")).rejects.toThrow(/end is missing/);
  });
});

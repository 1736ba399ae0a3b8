import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { contentHash } from "./content-hash.js";
import { PhotoError } from "./decode.js";

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "graft-hash-"));
});
afterAll(async () => {
  await rm(dir, { recursive: true });
});

describe("content hashes", () => {
  test("are the SHA-256 of the bytes", async () => {
    const path = join(dir, "abc ü");
    await writeFile(path, "abc");
    // FIPS 180-2, appendix B.1.
    expect(await contentHash(path)).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });

  test("say which file cannot be read", async () => {
    const missing = join(dir, "missing");
    await expect(contentHash(missing)).rejects.toThrow(PhotoError);
    await expect(contentHash(missing)).rejects.toMatchObject({ path: missing, reason: "there is no such file" });
    await expect(contentHash(dir)).rejects.toMatchObject({ path: dir });
  });
});

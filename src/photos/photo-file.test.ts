import { execFileSync } from "node:child_process";
import { createServer } from "node:net";
import { mkdtemp, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PhotoError } from "./photo-error.js";
import { lookAtFile, readPhotoFile } from "./photo-file.js";

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "graft-photo-file-"));
});
afterAll(async () => {
  await rm(dir, { recursive: true });
});

// FIPS 180-2, appendix B.1.
const hashOfAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

describe.each([
  ["in one piece", readPhotoFile],
  ["piece by piece", lookAtFile],
])("photo files read %s", (_, read) => {
  test("have the SHA-256 of their bytes, and a link that of what it leads to", async () => {
    const path = join(dir, "abc ü");
    await writeFile(path, "abc");
    expect(await read(path)).toMatchObject({ path, hash: hashOfAbc, state: expect.any(String) as unknown });
    const link = join(dir, "link");
    await rm(link, { force: true });
    await symlink(path, link);
    expect((await read(link)).hash).toBe(hashOfAbc);
  });

  test("that cannot be read say why", async () => {
    const missing = join(dir, "missing");
    await expect(read(missing)).rejects.toThrow(PhotoError);
    await expect(read(missing)).rejects.toMatchObject({ path: missing, reason: "there is no such file" });
    await expect(read(dir)).rejects.toMatchObject({ path: dir, reason: "it is a folder" });
    await expect(read(join(dir, "x".repeat(5000)))).rejects.toMatchObject({ reason: /longer than the system takes/ });
    const circle = join(dir, "circle");
    await rm(circle, { force: true });
    await symlink(circle, circle);
    await expect(read(circle)).rejects.toMatchObject({ reason: /links lead in a circle/ });
  });

  test.skipIf(process.platform === "win32")("are regular files: nothing else is waited for", async () => {
    const fifo = join(dir, "pipe.jpg");
    await rm(fifo, { force: true });
    execFileSync("mkfifo", [fifo]);
    await expect(read(fifo)).rejects.toMatchObject({ path: fifo, reason: /^it is a pipe/ });
    await expect(read("/dev/zero")).rejects.toMatchObject({ reason: /^it is a device/ });
    const socket = join(dir, "s.jpg");
    await rm(socket, { force: true });
    const server = createServer().listen(socket);
    await new Promise((resolve) => server.once("listening", resolve));
    await expect(read(socket)).rejects.toMatchObject({ reason: /^it is a socket/ });
    server.close();
  });

  test("are not larger than a photo can be", async () => {
    const huge = join(dir, "huge.jpg");
    await writeFile(huge, "\xff\xd8\xff");
    await truncate(huge, 2 ** 30 + 1);
    await expect(read(huge)).rejects.toMatchObject({ reason: /limit of 1073741824/ });
    await rm(huge);
  });
});

test("a file that has other bytes than before is not used", async () => {
  const path = join(dir, "before");
  await writeFile(path, "abc");
  expect((await readPhotoFile(path, hashOfAbc)).hash).toBe(hashOfAbc);
  await writeFile(path, "abd");
  await expect(readPhotoFile(path, hashOfAbc)).rejects.toMatchObject({
    reason: "it has changed since it was first read",
  });
});

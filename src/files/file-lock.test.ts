import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { withFileLock } from "./file-lock.js";

let folder = "";
let lock = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-lock-"));
  lock = join(folder, "x.lock");
});
afterEach(() => rm(folder, { recursive: true }));

const poll = 5;
const pause = (): Promise<void> => new Promise((done) => setTimeout(done, 10));

test("actions under one lock run one after the other", async () => {
  const log: string[] = [];
  const action = (name: string) => async (): Promise<void> => {
    log.push(`${name} begins`);
    await pause();
    log.push(`${name} ends`);
  };
  await Promise.all(["a", "b", "c"].map((name) => withFileLock(lock, action(name), { poll })));
  expect(log).toHaveLength(6);
  for (let i = 0; i < 6; i += 2) expect(log[i + 1]?.charAt(0)).toBe(log[i]?.charAt(0));
  expect(await readdir(folder)).toEqual([]);
});

test("the lock names its holder, and is released when the action throws", async () => {
  const failing = withFileLock(lock, async () => {
    expect(await readFile(lock, "utf8")).toBe(`${String(process.pid)} ${hostname()}\n`);
    throw new Error("action broke");
  });
  await expect(failing).rejects.toThrow("action broke");
  expect(await readdir(folder)).toEqual([]);
});

test("the lock of a process that has died is taken over", async () => {
  const dead = spawnSync(process.execPath, ["-e", ""]).pid;
  await writeFile(lock, `${String(dead)} ${hostname()}\n`);
  expect(await withFileLock(lock, () => Promise.resolve("done"), { poll })).toBe("done");
});

test("the lock of another computer is taken over only when nobody has touched it for a minute", async () => {
  await writeFile(lock, "1 elsewhere\n");
  const signal = AbortSignal.timeout(50);
  await expect(withFileLock(lock, () => Promise.resolve(), { poll, signal })).rejects.toThrow(/timeout/i);
  const old = new Date(Date.now() - 61_000);
  await utimes(lock, old, old);
  expect(await withFileLock(lock, () => Promise.resolve("done"), { poll })).toBe("done");
});

test("a folder that is not there is named", async () => {
  await expect(withFileLock(join(folder, "no", "x.lock"), () => Promise.resolve())).rejects.toThrow(
    /x\.lock cannot be written.*no such file or folder/,
  );
});

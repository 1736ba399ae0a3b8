import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ThreadPool } from "./threads.js";

let folder: string;
let entry: URL;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-threads-"));
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  await writeFile(
    join(folder, "worker.ts"),
    `import { parentPort, threadId } from "node:worker_threads";
    parentPort?.on("message", ({ id, job }) => {
      for (; job === "for ever"; );
      if (job === "die") process.exit(3);
      if (job === "fail") parentPort?.postMessage({ id, error: new Error("failed") });
      else parentPort?.postMessage({ id, result: threadId });
    });`,
  );
  entry = pathToFileURL(join(folder, "worker"));
});

afterAll(() => rm(folder, { recursive: true }));

test("a job that never ends is given up after its time, and the next one has another thread", async () => {
  const pool = new ThreadPool<string, number>(entry, { size: 1 });
  const first = await pool.run("name");
  const error = (): Error => new Error("too long");
  await expect(pool.run("for ever", [], { milliseconds: 200, error })).rejects.toThrow("too long");
  expect(await pool.run("name", [], { milliseconds: 60_000, error })).not.toBe(first);
  await pool.end();
});

test.each([true, false])("where a thread dies, others end with it if they share something: %s", async (shares) => {
  let lost = 0;
  const pool = new ThreadPool<string, number>(entry, { size: 2, ...(shares ? { onLost: () => (lost += 1) } : {}) });
  const limit = { milliseconds: 2000, error: (): Error => new Error("too long") };
  await Promise.all([pool.run("name"), pool.run("name")]);
  const waiting = pool.run("for ever", [], limit).catch((error: unknown) => error);
  await expect(pool.run("die")).rejects.toThrow("A thread ended with code 3.");
  expect(await waiting).toMatchObject({ message: shares ? "A thread ended with code 3." : "too long" });
  // Others take their place.
  await pool.run("name");
  expect(lost).toBe(shares ? 1 : 0);
  await pool.end();
  expect(lost).toBe(shares ? 1 : 0);
});

test("a thread lives on after a failed job, unless it is told to end", async () => {
  const threads = async (endsAfterErrors: boolean): Promise<number> => {
    const pool = new ThreadPool<string, number>(entry, { size: 1, endsAfterErrors });
    const before = await pool.run("name");
    await expect(pool.run("fail")).rejects.toThrow("failed");
    const after = await pool.run("name");
    await pool.end();
    return new Set([before, after]).size;
  };
  expect(await threads(false)).toBe(1);
  expect(await threads(true)).toBe(2);
});

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FileError } from "../errors/errors.js";
import { showWarnings } from "../errors/warn.js";
import { tryFileLock, withFileLock } from "./file-lock.js";
import { ownMark } from "./process-mark.js";

let folder = "";
let lock = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-lock-"));
  lock = join(folder, "x.lock");
});
afterEach(() => rm(folder, { recursive: true }));

const poll = 5;
const timing = { beat: 20, fresh: 1000, watch: 200 };
const pause = (ms = 10): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** A lock as another process would write it. */
async function lockOf(mark: object, touched = new Date()): Promise<void> {
  await writeFile(lock, `${JSON.stringify({ ...ownMark(), since: new Date().toISOString(), ...mark })}\n`);
  await utimes(lock, touched, touched);
}

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

test("who waits for long says once for what, and for which process; not for itself", async () => {
  const told: string[] = [];
  showWarnings((line, code) => told.push(`${code ?? ""}: ${line}`));
  try {
    const other = spawn(process.execPath, ["-e", "setInterval(() => undefined, 1000)"]);
    await once(other, "spawn");
    await lockOf({ pid: other.pid, began: "", host: "elsewhere" });
    const options = { poll, timing: { ...timing, patience: 30 } };
    const waiting = withFileLock(lock, () => Promise.resolve("done"), options);
    await expect.poll(() => told).not.toEqual([]);
    await pause(50);
    other.kill();
    await once(other, "exit");
    expect(await waiting).toBe("done");
    const line = `waiting: Process ${String(other.pid)} on elsewhere is at work on ${join(folder, "x")}, since `;
    expect(told).toEqual([expect.stringMatching(/ UTC: this one waits for its end, and goes on then\.$/)]);
    expect(told[0]?.startsWith(line), told[0]).toBe(true);

    const both = [100, 0].map((ms) => withFileLock(lock, () => pause(ms), options));
    await Promise.all(both);
    expect(told).toHaveLength(1);
  } finally {
    showWarnings(() => undefined);
  }
});

test("the lock names its holder, and is released when the action throws", async () => {
  const failing = withFileLock(lock, async () => {
    expect(JSON.parse(await readFile(lock, "utf8"))).toMatchObject(ownMark());
    throw new Error("action broke");
  });
  await expect(failing).rejects.toThrow("action broke");
  expect(await readdir(folder)).toEqual([]);
});

test("the lock of a process that has died is taken over, by one of many", async () => {
  const dead = spawnSync(process.execPath, ["-e", ""]).pid;
  await lockOf({ pid: dead });
  let inside = 0;
  const action = async (): Promise<void> => {
    expect(++inside).toBe(1);
    await pause(2);
    inside--;
  };
  await Promise.all(Array.from({ length: 20 }, () => withFileLock(lock, action, { poll })));
  expect(await readdir(folder)).toEqual([]);
});

test.runIf(process.platform === "linux")(
  "a later process of the same number, and one that has ended but was not asked for, count as dead",
  async () => {
    await lockOf({ began: "1" });
    expect(await withFileLock(lock, () => Promise.resolve("done"), { poll })).toBe("done");
    // `exec` keeps the number of the parent, which never asks for its child.
    const script = 'sh -c "echo \\$\\$" & exec sleep 20';
    const parent = spawn("sh", ["-c", script], { stdio: ["ignore", "pipe", "ignore"] });
    const [line] = (await once(parent.stdout, "data")) as [Buffer];
    const child = Number(line);
    await pause(100);
    const stat = await readFile(`/proc/${String(child)}/stat`, "latin1");
    expect(stat).toContain(") Z ");
    await lockOf({ pid: child, began: stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] });
    expect(await withFileLock(lock, () => Promise.resolve("done"), { poll })).toBe("done");
    parent.kill("SIGKILL");
  },
);

test("a process of this computer that lives keeps its lock, whatever the clock says", async () => {
  for (const touched of [new Date(0), new Date(Date.now() + 3_600_000)]) {
    await lockOf({}, touched);
    const taken = await tryFileLock(lock, timing);
    // Where the system does not say when a process began, it is believed only as long as it touches its lock.
    if (process.platform === "linux") expect(taken).toMatchObject({ holder: { mark: ownMark() } });
  }
});

test.each([
  ["old", -3_600_000],
  ["of the future", 3_600_000],
])("a lock of another computer that is %s is taken only where nobody touches it", async (_, shift) => {
  const there = { space: "elsewhere", host: "other" };
  const touched = new Date(Date.now() + shift);
  await lockOf(there, touched);
  const heart = setInterval(() => {
    touched.setMilliseconds(touched.getMilliseconds() + 20);
    utimes(lock, touched, touched).catch(() => undefined);
  }, 20);
  expect(await tryFileLock(lock, timing)).toMatchObject({ holder: { mark: { host: "other" } } });
  clearInterval(heart);
  await pause(50);
  const taken = await tryFileLock(lock, timing);
  expect(taken).toHaveProperty("lock");
  if ("lock" in taken) await taken.lock.release();
  expect(await readdir(folder)).toEqual([]);
});

test("a lock that was touched just now, and one that does not say whose it is, are believed", async () => {
  await lockOf({ space: "elsewhere" });
  expect(await tryFileLock(lock, timing)).toHaveProperty("holder");
  await writeFile(lock, "");
  expect(await tryFileLock(lock, timing)).toEqual({ holder: {} });
  const signal = AbortSignal.timeout(50);
  await expect(withFileLock(lock, () => Promise.resolve(), { poll, signal })).rejects.toThrow(/timeout/i);
});

test("what a process was killed at while it took a lock away does not stay", async () => {
  await lockOf({ pid: spawnSync(process.execPath, ["-e", ""]).pid });
  await writeFile(`${lock}.taking`, "");
  expect(await withFileLock(lock, () => Promise.resolve("done"), { poll, timing })).toBe("done");
  expect(await readdir(folder)).toEqual([]);
});

test("a holder takes a lock anew that was removed, is told when it is another's, and takes away no other's", async () => {
  const taken = await tryFileLock(lock, timing);
  if (!("lock" in taken)) throw new Error("not taken");
  await taken.lock.check();
  await rm(folder, { recursive: true });
  await taken.lock.check();
  await taken.lock.check();
  await lockOf({});
  await expect(taken.lock.check()).rejects.toThrow(FileError);
  await expect(taken.lock.check()).rejects.toThrow(/no longer held by this process/);
  await taken.lock.release();
  expect(await readdir(folder)).toEqual(["x.lock"]);
});

test("a folder that is not there is named, and so is what is no lock", async () => {
  await expect(withFileLock(join(folder, "no", "x.lock"), () => Promise.resolve())).rejects.toThrow(
    /x\.lock cannot be written.*no such file or folder/,
  );
  await symlink(join(folder, "nowhere"), lock);
  await expect(withFileLock(lock, () => Promise.resolve())).rejects.toThrow(/x\.lock is no lock/);
  await rm(lock);
  await mkdir(lock);
  await expect(tryFileLock(lock)).rejects.toThrow(/x\.lock is no lock/);
});

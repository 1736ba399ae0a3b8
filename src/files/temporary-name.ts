import { randomBytes } from "node:crypto";
import { lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { hashBytes } from "./checksum.js";
import { errorCode } from "./file-system-errors.js";
import { livelinessOf, ownMark } from "./process-mark.js";

const pattern = /^\.graft-([0-9a-f]{12})-(\d+)-(\d*)-[0-9a-f]{8}\.tmp$/;

/** Nothing is written for so long without a byte: what a process elsewhere has not touched since is a leftover. In ms. */
const longest = 24 * 3_600_000;

/**
 * A name for a file, or a folder, that is not whole yet, in the folder where it will be. It says which process makes it, so that others
 * can tell a leftover from work, and is short, whatever the final name is.
 */
export function temporaryPath(folder: string): string {
  const { space, pid, began } = ownMark();
  return join(folder, `.graft-${spaceName(space)}-${pid}-${began}-${randomBytes(4).toString("hex")}.tmp`);
}

function spaceName(space: string): string {
  return hashBytes(new TextEncoder().encode(space), "sha256").slice(0, 12);
}

/** Whether a name is one of {@link temporaryPath}, of whichever process. */
export function isTemporaryName(name: string): boolean {
  return pattern.test(name);
}

/** Whether a name in a folder is that of unfinished work whose process has died. Of a process elsewhere, that is what is a day old. */
export async function isLeftover(folder: string, name: string): Promise<boolean> {
  const [, spaceOf, pid, began = ""] = pattern.exec(name) ?? [];
  if (spaceOf === undefined) return false;
  const { space } = ownMark();
  const liveliness = spaceOf === spaceName(space) ? livelinessOf({ space, pid: Number(pid), began }) : "unknown";
  if (liveliness !== "unknown") return liveliness === "dead";
  return lstat(join(folder, name)).then(
    ({ mtimeMs }) => Date.now() - mtimeMs > longest,
    (cause: unknown) => errorCode(cause) === "ENOENT",
  );
}

/** Removes from a folder what processes that have died left in the middle of their work. What cannot be removed waits for the next time. */
export async function sweepLeftovers(folder: string): Promise<void> {
  // A folder that cannot be listed has nothing that could be swept; who writes to it hears what is wrong.
  for (const name of await readdir(folder).catch(() => [])) {
    if (!(await isLeftover(folder, name))) continue;
    await rm(join(folder, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

/**
 * Removes unfinished work of this process, where it still is. Why it could not be finished is what its user hears: what cannot be removed,
 * for example in a folder that may not be entered, waits for {@link sweepLeftovers}.
 */
export async function removeUnfinished(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true }).catch(() => undefined);
}

const swept = new Map<string, Promise<void>>();

/** {@link sweepLeftovers}, once for each folder that this process writes to. */
export function sweepOnce(folder: string): Promise<void> {
  const sweeping = swept.get(folder) ?? sweepLeftovers(folder);
  swept.set(folder, sweeping);
  return sweeping;
}

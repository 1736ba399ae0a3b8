import { copyFile, lstat, readdir, readlink, realpath, rm, stat, symlink } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { makeFolder, replaceFile, syncFile, syncFolder, writeFileAtomically } from "../atomic-write.js";
import type { Checksum } from "../checksum.js";
import { hashFile } from "../checksum.js";
import { errorCode, fileSystemError } from "../file-system-errors.js";
import { readRegularText } from "../regular-file.js";
import { sweepOnce, temporaryPath } from "../temporary-name.js";
import { type HubReference, isCommit, isPathInside } from "./reference.js";
import type { HubSettings } from "./settings.js";

/**
 * A repository in the cache that the hub's programs share: `models--owner--name` with `blobs` (contents, by their hash), `snapshots` (a folder a
 * commit, of links to contents) and `refs` (which commit a branch or tag was when it was last asked for).
 *
 * @see https://huggingface.co/docs/huggingface_hub/guides/manage-cache
 */
export class CachedRepository {
  readonly folder: string;

  constructor(
    { repository }: Pick<HubReference, "repository">,
    private readonly settings: Pick<HubSettings, "cache" | "copies">,
  ) {
    this.folder = join(settings.cache, ["models", ...repository.split("/")].join("--"));
  }

  /** Folder of a commit. */
  snapshot(commit: string): string {
    return join(this.folder, "snapshots", commit);
  }

  /** Path of contents. */
  blob(oid: string): string {
    return join(this.folder, "blobs", oid);
  }

  /** The commit that a revision was when it was last fetched; `undefined` when it never was. */
  async commitOf(revision: string): Promise<string | undefined> {
    if (isCommit(revision)) return revision;
    const path = join(this.folder, "refs", revision);
    try {
      const commit = (await readRegularText(path, { most: 2 ** 16 })).trim();
      return isCommit(commit) ? commit : undefined;
    } catch (cause) {
      if (isMissing(cause)) return undefined;
      throw fileSystemError(cause, path, "read", elsewhere);
    }
  }

  /** Notes which commit a revision is. */
  async note(revision: string, commit: string): Promise<void> {
    if (revision === commit || (await this.commitOf(revision)) === commit) return;
    await writeFileAtomically(join(this.folder, "refs", revision), commit);
  }

  /** Paths of the files that a snapshot has whole, with `/` between folders. */
  async files(commit: string): Promise<string[]> {
    const folder = this.snapshot(commit);
    try {
      const found = await readdir(folder, { recursive: true });
      const paths: string[] = [];
      for (const name of found.sort()) {
        const path = name.split(sep).join("/");
        // A link whose contents are gone is no file.
        if (isPathInside(path) && (await isFile(join(folder, name)))) paths.push(path);
      }
      return paths;
    } catch (cause) {
      if (isMissing(cause)) return [];
      throw fileSystemError(cause, folder, "read", elsewhere);
    }
  }

  /** Whether a file of a snapshot holds what its hash says. Where it is a copy, nothing says what it should hold. */
  async isUndamaged(commit: string, file: string): Promise<boolean> {
    const path = join(this.snapshot(commit), file);
    try {
      const target = await targetOf(path);
      const checksum = target === undefined ? undefined : checksumOf(target);
      return checksum === undefined || (await hashFile(path, checksum.algorithm)) === checksum.hex;
    } catch (cause) {
      throw fileSystemError(cause, path, "read", elsewhere);
    }
  }

  /** What a snapshot has under a path: a link to contents, a copy of them, or neither. */
  async state(commit: string, file: string, oid: string): Promise<"linked" | "copied" | "absent"> {
    const path = join(this.snapshot(commit), file);
    try {
      const target = await targetOf(path);
      if (target !== undefined) return target === oid && (await this.#leadsToBlobs(path)) ? "linked" : "absent";
      const checksum = checksumOf(oid);
      return (await isFile(path)) && (await hashFile(path, checksum.algorithm)) === checksum.hex ? "copied" : "absent";
    } catch (cause) {
      if (isMissing(cause)) return "absent";
      throw fileSystemError(cause, path, "read", elsewhere);
    }
  }

  /**
   * Puts contents into a snapshot under a path: as a link, or where the system has none (Windows without developer mode), as a file.
   *
   * @param isNew whether nothing else can hold these contents: then a file that is no link is they themselves, as Python's library does it
   */
  async link(commit: string, file: string, oid: string, isNew: boolean): Promise<void> {
    const path = join(this.snapshot(commit), file);
    const blob = this.blob(oid);
    const temporary = temporaryPath(dirname(path));
    try {
      await makeFolder(dirname(path));
      await sweepOnce(dirname(path));
      try {
        // Renamed over what is there, so that who reads at the same time finds one or the other.
        if (!(await this.#linked(relative(dirname(path), blob), temporary))) {
          await (isNew ? replaceFile(blob, temporary) : copyFile(blob, temporary));
          await syncFile(temporary);
        }
        await replaceFile(temporary, path);
        await syncFolder(dirname(path));
      } catch (cause) {
        await rm(temporary, { force: true });
        throw cause;
      }
    } catch (cause) {
      throw fileSystemError(cause, path, "write", elsewhere);
    }
  }

  /** Whether a link leads into the folder of contents: one that says a whole path leads out of a cache that was moved. */
  async #leadsToBlobs(path: string): Promise<boolean> {
    const [from, blobs] = [await realpath(dirname(path)), await realpath(join(this.folder, "blobs"))];
    return (await realpath(resolve(from, dirname(await readlink(path))))) === blobs;
  }

  async #linked(target: string, path: string): Promise<boolean> {
    if (this.settings.copies) return false;
    try {
      await symlink(target, path, "file");
      return true;
    } catch (cause) {
      if (noLinks.has(errorCode(cause) ?? "")) return false;
      throw cause;
    }
  }
}

/** Codes of systems and disks that have no links, or do not let everybody make them. */
const noLinks = new Set(["EPERM", "EACCES", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EINVAL"]);

/** What to do where the cache cannot be used. */
export const elsewhere = "Set the environment variable HF_HUB_CACHE to another folder, or mend this one.";

/** What contents of a name must add up to: a SHA-256 has 64 digits, Git's name 40. */
export function checksumOf(oid: string): Checksum {
  return { algorithm: oid.length === 64 ? "sha256" : "git-sha1", hex: oid };
}

/** The name of the contents that a link leads to; `undefined` for a file that is none. */
async function targetOf(path: string): Promise<string | undefined> {
  if (!(await lstat(path)).isSymbolicLink()) return undefined;
  const name = basename(await readlink(path));
  return /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(name) ? name : undefined;
}

/** A link that leads to itself leads nowhere. */
function isMissing(cause: unknown): boolean {
  return ["ENOENT", "ENOTDIR", "ELOOP"].includes(errorCode(cause) ?? "");
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (cause) {
    if (isMissing(cause)) return false;
    throw cause;
  }
}

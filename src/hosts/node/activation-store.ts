import { randomBytes } from "node:crypto";
import type { Stats } from "node:fs";
import { open, readdir, rm, stat, statfs, utimes } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { z } from "zod";
import type { KeptTrunk } from "../../jobs/parts.js";
import type { ActivationStore, TrunkDescription } from "../../training/machine.js";
import { FileError } from "../../errors/errors.js";
import { byteCount } from "../../errors/words.js";
import { appendToFile } from "../../files/append.js";
import { writeFileAtomically } from "../../files/atomic-write.js";
import { cacheFolder } from "../../files/cache.js";
import { hashBytes } from "../../files/checksum.js";
import { withFileLock } from "../../files/file-lock.js";
import { errorCode, fileSystemError } from "../../files/file-system-errors.js";
import { makeFolders } from "../../files/make-folders.js";
import { readRegularText } from "../../files/regular-file.js";

/*
 * A trunk has a folder, and in it pairs of files: `<name>.rows` with rows of one width one after the other, and
 * `<name>.index` with an entry for each row in the same order. A process writes a pair of its own and reads all. A row is
 * written before its entry; so a process that is killed leaves at most rows without entries and a piece of an entry, and
 * neither is ever read. A damaged row does not fit the checksum in its entry.
 */

/** Bytes of an entry: the sample (16), the row's checksum (4). */
const entryBytes = 20;
const keyBytes = 16;

/** Rows wait in memory until there are so many bytes of them. */
const writeBytes = 8 * 2 ** 20;

/** All trunks together may take this much disk, in bytes, and never more than half of what is free. */
const diskLimit = 10 * 2 ** 30;

/** So many bytes stay free, whatever else writes to the disk meanwhile: a run's own files come first. */
const diskReserve = 2 ** 30;

const aboutFile = "about.json";

const aboutSchema = z.object({
  version: z.literal(1),
  model: z.string(),
  width: z.number().int().positive(),
  engine: z.string(),
  created: z.string(),
});

/** The folder of the activations that are kept; its name is that of the first version, so that what was kept is found. */
export function activationFolder(): string {
  return join(cacheFolder(), "features");
}

interface Entry {
  readonly file: string;
  readonly row: number;
  readonly checksum: number;
}

function keyOf(identity: string): string {
  return hashBytes(Buffer.from(identity), "sha256").slice(0, 2 * keyBytes);
}

/** Names in a folder: of its files, or of the folders in it. */
async function listIfThere(folder: string, kind: "files" | "folders"): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory() === (kind === "folders")).map(({ name }) => name);
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") return [];
    throw fileSystemError(cause, folder, "read");
  }
}

async function sizeOf(path: string): Promise<number> {
  return (await statIfThere(path))?.size ?? 0;
}

/** Another process may clear the cache meanwhile. */
async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") return undefined;
    throw fileSystemError(cause, path, "read");
  }
}

/** What is kept of trunks, the trunk that was used last first. */
export async function keptTrunks(folder: string = activationFolder()): Promise<KeptTrunk[]> {
  const trunks: KeptTrunk[] = [];
  for (const name of await listIfThere(folder, "folders")) {
    const path = join(folder, name);
    const files = await listIfThere(path, "files");
    const sizes = await Promise.all(files.map(async (file) => [file, await sizeOf(join(path, file))] as const));
    const entries = sizes.filter(([file]) => file.endsWith(".index")).reduce((sum, [, size]) => sum + size, 0);
    const about = await readAbout(path);
    const lastUsed = (await statIfThere(path))?.mtime;
    if (lastUsed === undefined) continue;
    trunks.push({
      name,
      model: about?.model ?? "unknown",
      rows: Math.floor(entries / entryBytes),
      bytes: sizes.reduce((sum, [, size]) => sum + size, 0),
      lastUsed,
    });
  }
  return trunks.sort((a, b) => b.lastUsed.getTime() - a.lastUsed.getTime());
}

async function readAbout(path: string): Promise<z.infer<typeof aboutSchema> | undefined> {
  try {
    return aboutSchema.safeParse(JSON.parse(await readRegularText(join(path, aboutFile), { most: 2 ** 20 }))).data;
  } catch {
    // Not there, or not written to its end: then nothing in the folder is used.
    return undefined;
  }
}

/**
 * Removes what is kept of trunks. Training goes on without it, and computes again.
 *
 * @throws FileError when a folder cannot be removed
 */
export async function clearActivations(folder: string = activationFolder()): Promise<void> {
  try {
    // Again where a run adds to it at the same time.
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  } catch (cause) {
    throw fileSystemError(cause, folder, "write");
  }
}

/** How a store is opened. */
export interface ActivationStoreOptions {
  /** Default {@link activationFolder}. */
  readonly folder?: string;
  /** Bytes on disk for all trunks. Default 10 GiB, and never more than half of what is free. */
  readonly limit?: number;
  /** Bytes that stay free on the disk, for what is more important. Default 1 GiB. */
  readonly reserve?: number;
  /** Hears when the cache cannot be used; training goes on without. */
  readonly warn: (line: string) => void;
}

/**
 * The rows that are kept of a trunk, for reading and adding. Makes room first where all trunks together take more than the
 * limit, by removing those that were not used for longest.
 *
 * @returns `undefined`, after a warning, when the folder cannot be used
 */
export async function openActivationStore(
  { digest, model, width, engine }: TrunkDescription,
  { folder = activationFolder(), limit = diskLimit, reserve = diskReserve, warn }: ActivationStoreOptions,
): Promise<ActivationStore | undefined> {
  const processor = cpus()[0]?.model ?? "";
  const name = hashBytes(Buffer.from(JSON.stringify({ digest, engine, processor })), "sha256").slice(0, 32);
  const path = join(folder, name);
  try {
    await makeFolders(folder);
    const isReady = async (): Promise<boolean> => (await readAbout(path))?.width === width;
    if (!(await isReady())) {
      // Others may begin with the same trunk at this moment, in this process too: one of them makes the folder.
      await withFileLock(`${path}.lock`, async () => {
        if (await isReady()) return;
        await rm(path, { recursive: true, force: true });
        await makeFolders(path);
        const about = { version: 1, model, width, engine, created: new Date().toISOString() };
        await writeFileAtomically(join(path, aboutFile), `${JSON.stringify(about)}\n`);
      });
    }
    const room = await touchAndMakeRoom(path, folder, { name, limit, warn });
    return await DiskActivations.open(path, width * 4, { room, reserve, warn });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    warn(`Activations are not kept for other runs: ${path} cannot be used (${reason}).`);
    return undefined;
  }
}

/** What is kept in a folder that nobody may write to is used all the same. */
async function touchAndMakeRoom(
  path: string,
  folder: string,
  { name, limit, warn }: { readonly name: string; readonly limit: number; readonly warn: (line: string) => void },
): Promise<number> {
  try {
    const now = new Date();
    await utimes(path, now, now);
    return await makeRoom(folder, name, limit);
  } catch (cause) {
    if (!["EROFS", "EACCES", "EPERM"].includes(errorCode(cause) ?? "")) throw cause;
    warn(`${fileSystemError(cause, path, "write").message} What is kept there is used, and nothing is added.`);
    return 0;
  }
}

/** Removes the trunks that were not used for longest, until the others fit; gives the bytes that may be added. */
async function makeRoom(folder: string, current: string, limit: number): Promise<number> {
  const trunks = await keptTrunks(folder);
  const { bavail, bsize } = await statfs(folder);
  let used = trunks.reduce((sum, { bytes }) => sum + bytes, 0);
  const allowed = Math.min(limit, (used + bavail * bsize) / 2);
  for (const { name, bytes } of trunks.reverse()) {
    if (used <= allowed * 0.9 || name === current) continue;
    await rm(join(folder, name), { recursive: true, force: true });
    used -= bytes;
  }
  return Math.max(0, allowed - used);
}

/** How much may be written, and who hears when it cannot. */
interface Limits {
  /** Bytes that may be added. */
  readonly room: number;
  /** Bytes that stay free on the disk. */
  readonly reserve: number;
  readonly warn: (line: string) => void;
}

/**
 * An index, as far as there are rows. Nothing of what is no file, or cannot be read: what it is about is computed again.
 *
 * @param rows how many rows there are
 */
async function readIndex(path: string, rows: number): Promise<Buffer> {
  try {
    const { size } = await stat(path);
    const bytes = Buffer.alloc(Math.min(size, rows * entryBytes));
    if (bytes.length === 0) return bytes;
    const handle = await open(path);
    try {
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
      return bytes.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (errorCode(cause) === undefined) throw cause;
    return Buffer.alloc(0);
  }
}

class DiskActivations implements ActivationStore {
  private readonly own = `${Date.now().toString(36)}-${process.pid.toString(36)}-${randomBytes(4).toString("hex")}`;
  /** Rows that are not written yet. */
  private waiting: { readonly key: string; readonly row: Buffer }[] = [];
  private written = 0;
  private writing: Promise<void> = Promise.resolve();
  private room: number;
  /** Whether nothing more is written. */
  private closed = false;

  private constructor(
    private readonly path: string,
    private readonly rowBytes: number,
    private readonly limits: Limits,
    private readonly entries: Map<string, Entry>,
  ) {
    this.room = limits.room;
  }

  static async open(path: string, rowBytes: number, limits: Limits): Promise<DiskActivations> {
    const entries = new Map<string, Entry>();
    for (const file of await readdir(path)) {
      if (!file.endsWith(".index")) continue;
      const rows = file.replace(/index$/, "rows");
      const index = await readIndex(join(path, file), Math.floor((await sizeOf(join(path, rows))) / rowBytes));
      const complete = Math.floor(index.length / entryBytes);
      for (let row = 0; row < complete; row++) {
        const at = row * entryBytes;
        const key = index.toString("hex", at, at + keyBytes);
        entries.set(key, { file: rows, row, checksum: index.readUInt32LE(at + keyBytes) });
      }
    }
    return new DiskActivations(path, rowBytes, limits, entries);
  }

  async get(identity: string): Promise<Float32Array | undefined> {
    const key = keyOf(identity);
    const entry = this.entries.get(key);
    if (entry === undefined) return undefined;
    const row = await this.read(entry);
    if (row !== undefined && crc32(row) === entry.checksum)
      return new Float32Array(row.buffer, row.byteOffset, row.length / 4);
    this.entries.delete(key);
    return undefined;
  }

  private async read({ file, row }: Entry): Promise<Buffer | undefined> {
    try {
      const handle = await open(join(this.path, file));
      try {
        // Memory of its own, which begins where a Float32Array may.
        const { bytesRead, buffer } = await handle.read(Buffer.from(new ArrayBuffer(this.rowBytes)), {
          position: row * this.rowBytes,
        });
        return bytesRead === this.rowBytes ? buffer : undefined;
      } finally {
        await handle.close();
      }
    } catch {
      // The cache was cleared meanwhile, or the disk is broken: it is computed again.
      return undefined;
    }
  }

  async put(identity: string, row: Float32Array): Promise<void> {
    if (this.closed || this.room < this.rowBytes) return;
    this.room -= this.rowBytes;
    this.waiting.push({ key: keyOf(identity), row: Buffer.from(row.buffer, row.byteOffset, row.byteLength) });
    if (this.waiting.length * this.rowBytes < writeBytes) return;
    const before = this.writing;
    this.begin();
    // One portion may wait while another is written.
    await before;
  }

  flush(): Promise<void> {
    this.begin();
    return this.writing;
  }

  private begin(): void {
    const rows = this.waiting;
    if (rows.length === 0) return;
    this.waiting = [];
    this.writing = this.writing.then(() => this.write(rows));
  }

  private async write(rows: readonly { readonly key: string; readonly row: Buffer }[]): Promise<void> {
    if (this.closed) return;
    const file = `${this.own}.rows`;
    try {
      const { bavail, bsize } = await statfs(this.path);
      if (bavail * bsize - rows.length * this.rowBytes < this.limits.reserve) {
        this.closed = true;
        this.limits.warn(
          `Activations are not kept for other runs from here on: ${byteCount(bavail * bsize)} are free at ${this.path}, of which ` +
            `${byteCount(this.limits.reserve)} are left for what is more important.`,
        );
        return;
      }
      await appendToFile(join(this.path, file), Buffer.concat(rows.map(({ row }) => row)));
      const index = Buffer.alloc(rows.length * entryBytes);
      rows.forEach(({ key, row }, position) => {
        index.write(key, position * entryBytes, "hex");
        index.writeUInt32LE(crc32(row), position * entryBytes + keyBytes);
      });
      await appendToFile(join(this.path, `${this.own}.index`), index);
      rows.forEach(({ key, row }, position) => {
        this.entries.set(key, { file, row: this.written + position, checksum: crc32(row) });
      });
      this.written += rows.length;
    } catch (cause) {
      // Rows may have been written without their entries, after which no other would be found.
      this.closed = true;
      const { message } = cause instanceof FileError ? cause : fileSystemError(cause, this.path, "write");
      this.limits.warn(`${message} Activations are not kept for other runs from here on.`);
    }
  }
}

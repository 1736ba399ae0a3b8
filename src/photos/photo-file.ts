import { createHash } from "node:crypto";
import { type BigIntStats, statSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { GraftError } from "../errors/errors.js";
import { hashBytes } from "../files/checksum.js";
import { errorCode } from "../files/file-system-errors.js";
import { openRegularFile } from "../files/regular-file.js";
import { PhotoError } from "./photo-error.js";

/** The most bytes of a photo's file: a gibibyte, more than 200 megapixels take in any format of 8 bits. */
const mostBytes = 2 ** 30;

/** Formats are told by the first bytes. */
const startBytes = 256;

const pieceBytes = 2 ** 20;

/** A photo as its file holds it, wherever that lies. */
export interface PhotoBytes {
  /** Path of the file, or what errors call bytes that lie in none. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** A photo's file as it was when it was read: what is made of the bytes is kept under the hash of these same bytes. */
export interface PhotoFile extends PhotoBytes {
  /** SHA-256 of the bytes, 64 hexadecimal digits. */
  readonly hash: string;
  /** State of the file, as {@link fileState} gives it; `undefined` where it changed while it was read. */
  readonly state: string | undefined;
}

/** What is known of a file that was read piece by piece. */
export interface LookedAtFile extends Omit<PhotoFile, "bytes"> {
  readonly size: number;
  /** The first 256 bytes. */
  readonly start: Uint8Array;
}

/**
 * What tells a file from the one that takes its place: which file it is, its size and its times. That of the last change, of
 * which the system keeps account, nobody can set back.
 *
 * @returns `undefined` where there is no file
 */
export function fileState(path: string): string | undefined {
  try {
    return described(statSync(path, { bigint: true }));
  } catch {
    // Reading it says what is wrong.
    return undefined;
  }
}

function described({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(" ");
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EISDIR: "it is a folder",
  EACCES: "its permissions do not allow reading it",
  EPERM: "its permissions do not allow reading it",
  ENAMETOOLONG: "its path is longer than the system takes",
  ELOOP: "its links lead in a circle",
  EMFILE: "too many files are open",
  ENFILE: "too many files are open",
};

/** Why a file could not be read. */
function unreadable(path: string, cause: unknown): PhotoError {
  if (cause instanceof PhotoError) return cause;
  // It is no regular file.
  if (cause instanceof GraftError) {
    const kind = cause.received ?? "no file";
    return new PhotoError(path, kind.startsWith("a folder") ? "it is a folder" : `it is ${kind}, not a file`, cause);
  }
  return new PhotoError(path, reasons[errorCode(cause) ?? ""] ?? `it cannot be read (${String(cause)})`, cause);
}

/** Does something with a photo's open file; what goes wrong is said in words. */
async function withFile<Result>(path: string, work: (file: FileHandle) => Promise<Result>): Promise<Result> {
  try {
    const file = await openRegularFile(path);
    try {
      return await work(file);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function stateOf(file: FileHandle): Promise<string> {
  return described(await file.stat({ bigint: true }));
}

/**
 * Reads a photo's file, once: its bytes and their hash.
 *
 * @param hash what its bytes must have, where it was read before
 * @throws PhotoError when it cannot be read, is no regular file, or has other bytes
 */
export async function readPhotoFile(path: string, hash?: string): Promise<PhotoFile> {
  const read = await withFile(path, async (file) => {
    const before = await stateOf(file);
    const { size } = await file.stat();
    if (size > mostBytes) {
      throw new PhotoError(path, `its ${size} bytes are more than the limit of ${mostBytes} for a photo's file`);
    }
    const bytes = await file.readFile();
    return { bytes, state: before === (await stateOf(file)) ? before : undefined };
  });
  const found = hashBytes(read.bytes, "sha256");
  if (hash !== undefined && found !== hash) {
    throw new PhotoError(path, "it has changed since it was first read");
  }
  // As a plain array: a Buffer's slice() would share memory.
  const bytes = new Uint8Array(read.bytes.buffer, read.bytes.byteOffset, read.bytes.byteLength);
  return { path, bytes, hash: found, state: read.state };
}

/**
 * Reads a photo's file piece by piece, for its hash and its first bytes.
 *
 * @throws PhotoError when it cannot be read, or is no regular file
 */
export async function lookAtFile(path: string): Promise<LookedAtFile> {
  return withFile(path, async (file) => {
    const stats = await file.stat({ bigint: true });
    const before = described(stats);
    const hash = createHash("sha256");
    // Most files are much smaller than a piece; one byte more shows the end of those. One that grows meanwhile is read in more pieces.
    const piece = Buffer.allocUnsafeSlow(Math.min(pieceBytes, Number(stats.size) + startBytes));
    let start = new Uint8Array();
    let size = 0;
    for (;;) {
      const { bytesRead } = await file.read(piece, 0, piece.length, size);
      if (bytesRead === 0) break;
      if (size === 0) start = Uint8Array.from(piece.subarray(0, Math.min(bytesRead, startBytes)));
      hash.update(piece.subarray(0, bytesRead));
      size += bytesRead;
      if (size > mostBytes)
        throw new PhotoError(path, `it has more than ${mostBytes} bytes, the limit for a photo's file`);
    }
    const state = before === (await stateOf(file)) ? before : undefined;
    return { path, hash: hash.digest("hex"), state, size, start };
  });
}

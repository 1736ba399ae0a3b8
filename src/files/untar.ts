import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { placeOf, refuseArchive, UnpackedSize, writeMember } from "./archive-members.js";
import { makeFolders } from "./make-folders.js";
import { openRegularFile } from "./regular-file.js";

const block = 512;
const decoder = new TextDecoder();

/** Bytes of a stream, as many at a time as one asks for. */
class Reader {
  private waiting: Uint8Array = new Uint8Array(0);

  constructor(private readonly chunks: AsyncIterator<Uint8Array>) {}

  /** The next bytes, at most `most`; `undefined` at the end. */
  async some(most: number): Promise<Uint8Array | undefined> {
    while (this.waiting.length === 0) {
      const next = await this.chunks.next();
      if (next.done === true) return undefined;
      this.waiting = next.value;
    }
    const bytes = this.waiting.subarray(0, most);
    this.waiting = this.waiting.subarray(bytes.length);
    return bytes;
  }

  /** Exactly so many bytes; fewer at the end. */
  async exactly(length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const part = await this.some(length - filled);
      if (part === undefined) return bytes.subarray(0, filled);
      bytes.set(part, filled);
      filled += part.length;
    }
    return bytes;
  }

  /** So many bytes, piece by piece. */
  async *pieces(length: number, cutOff: () => never): AsyncGenerator<Uint8Array> {
    for (let left = length; left > 0;) {
      const part = await this.some(left);
      if (part === undefined) return cutOff();
      left -= part.length;
      yield part;
    }
  }
}

function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** A number in octal digits, or in binary where the first bit says so. */
function numberIn(bytes: Uint8Array): number {
  if (((bytes[0] ?? 0) & 0x80) === 0) return Number.parseInt(text(bytes).trim() || "0", 8);
  return bytes.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
}

/** Whether a header adds up to what it says; its own sum counts as spaces. */
function addsUp(header: Uint8Array): boolean {
  const sum = header.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0);
  return sum === numberIn(header.subarray(148, 156));
}

/** Name and size that a record of extended headers says: lines `<length> <key>=<value>`. */
function extended(record: string): ReadonlyMap<string, string> {
  return new Map(
    record.split("\n").flatMap((line) => {
      const match = /^\d+ ([^=]+)=(.*)$/s.exec(line);
      return match === null ? [] : [[match[1] ?? "", match[2] ?? ""] as const];
    }),
  );
}

/**
 * Unpacks a tar archive, compressed by gzip or not.
 *
 * @param folder into which its members go; none of them leads out of it
 * @throws FileError when it is damaged, or holds something else than files and folders
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html
 */
export async function untar(archive: string, folder: string, gzipped: boolean): Promise<void> {
  const file = await openRegularFile(archive);
  try {
    const { size } = await file.stat();
    const packed = file.createReadStream({ highWaterMark: 1 << 20, autoClose: false });
    const chunks = chunksOf(packed, gzipped);
    try {
      await unpackMembers(new Reader(chunks), archive, folder, new UnpackedSize(archive, size));
    } finally {
      await chunks.return(undefined);
      packed.destroy();
    }
  } finally {
    await file.close();
  }
}

/**
 * What a file holds, piece by piece. The stream begins with the first piece and ends with the generator, so that an error always has
 * somebody who waits for it.
 */
async function* chunksOf(packed: Readable, gzipped: boolean): AsyncGenerator<Uint8Array, undefined> {
  const stream = gzipped ? packed.pipe(createGunzip()) : packed;
  packed.on("error", (cause) => stream.destroy(cause));
  yield* stream as AsyncIterable<Uint8Array>;
}

async function unpackMembers(reader: Reader, archive: string, folder: string, unpacked: UnpackedSize): Promise<void> {
  const cutOff = (): never => refuseArchive(archive, "one whose end is missing");
  let told: ReadonlyMap<string, string> = new Map();
  for (let members = 0; ; members++) {
    const header = await reader.exactly(block);
    if (header.every((byte) => byte === 0)) {
      if (members === 0) refuseArchive(archive, "an empty file");
      // What follows is filling, and behind it the checksum of gzip, which is compared when all was read.
      for (let rest = await reader.some(1 << 20); rest !== undefined; rest = await reader.some(1 << 20))
        unpacked.add(rest.length);
      return;
    }
    if (header.length < block) cutOff();
    if (!addsUp(header)) refuseArchive(archive, "no tar archive, or a damaged one");
    const size = Number(told.get("size") ?? numberIn(header.subarray(124, 136)));
    const kind = String.fromCharCode(header[156] ?? 0);
    unpacked.add(size);
    const prefix = text(header.subarray(257, 262)) === "ustar" ? text(header.subarray(345, 500)) : "";
    const own = `${prefix === "" ? "" : `${prefix}/`}${text(header.subarray(0, 100))}`;
    const name = told.get("path") ?? own;
    const padding = (block - (size % block)) % block;
    if (["x", "L", "g", "K"].includes(kind)) {
      if (size > 1 << 20) refuseArchive(archive, "a name of more than a megabyte");
      const record = await reader.exactly(size);
      if (record.length < size) cutOff();
      if (kind === "x") told = new Map([...told, ...extended(decoder.decode(record))]);
      if (kind === "L") told = new Map([...told, ["path", text(record)]]);
    } else {
      told = new Map();
      const path = placeOf(archive, folder, name);
      if (kind === "5" || name.endsWith("/")) await makeFolders(path);
      else if (kind === "0" || kind === "\0" || kind === "7") await writeMember(path, reader.pieces(size, cutOff));
      else refuseArchive(archive, `${JSON.stringify(name)}, which is a link or a device`);
    }
    if ((await reader.exactly(padding)).length < padding) cutOff();
  }
}

import type { FileHandle } from "node:fs/promises";
import { Transform, type TransformCallback } from "node:stream";
import { crc32, createInflateRaw } from "node:zlib";
import { placeOf, refuseArchive, UnpackedSize, writeMember } from "./archive-members.js";
import { makeFolders } from "./make-folders.js";
import { openRegularFile } from "./regular-file.js";

/** A member as the archive's list of contents has it. */
interface Member {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly packed: number;
  readonly size: number;
  readonly crc: number;
  readonly offset: number;
  readonly attributes: number;
}

const decoder = new TextDecoder();
const full = 0xffffffff;

async function read(file: FileHandle, position: number, length: number): Promise<DataView> {
  const bytes = new Uint8Array(length);
  const { bytesRead } = await file.read(bytes, 0, length, position);
  return new DataView(bytes.buffer, 0, bytesRead);
}

/** Where the list of contents lies, and how much of it there is. */
async function contents(
  file: FileHandle,
  archive: string,
): Promise<{ readonly offset: number; readonly length: number; readonly count: number }> {
  const { size } = await file.stat();
  const length = Math.min(size, 22 + 0xffff);
  const tail = await read(file, size - length, length);
  let end = length - 22;
  while (end >= 0 && tail.getUint32(end, true) !== 0x06054b50) end--;
  if (end < 0) return refuseArchive(archive, "no ZIP archive, or one whose end is missing");
  const [listed, offset] = [tail.getUint32(end + 12, true), tail.getUint32(end + 16, true)];
  const isLarge = end >= 20 && tail.getUint32(end - 20, true) === 0x07064b50;
  if (!isLarge && offset + listed !== size - length + end) return refuseArchive(archive, "a damaged list of contents");
  if (offset !== full && listed !== full) return { offset, length: listed, count: tail.getUint16(end + 10, true) };
  // ZIP64: a locator before the end says where the larger numbers are.
  if (!isLarge) return refuseArchive(archive, "a damaged ZIP archive");
  const large = await read(file, Number(tail.getBigUint64(end - 12, true)), 56);
  if (large.byteLength < 56) return refuseArchive(archive, "a damaged ZIP archive");
  const [count = 0, listSize = 0, place = 0] = [32, 40, 48].map((at) => Number(large.getBigUint64(at, true)));
  return { offset: place, length: listSize, count };
}

function membersIn(list: DataView, archive: string): Member[] {
  const members: Member[] = [];
  const text = (from: number, length: number): string =>
    decoder.decode(new Uint8Array(list.buffer, list.byteOffset + from, length));
  for (let at = 0; at < list.byteLength;) {
    if (at + 46 > list.byteLength || list.getUint32(at, true) !== 0x02014b50) {
      return refuseArchive(archive, "a damaged list of contents");
    }
    const [nameLength, extraLength] = [list.getUint16(at + 28, true), list.getUint16(at + 30, true)];
    const next = at + 46 + nameLength + extraLength + list.getUint16(at + 32, true);
    if (next > list.byteLength) return refuseArchive(archive, "a damaged list of contents");
    const numbers = [at + 24, at + 20, at + 42].map((place) => list.getUint32(place, true));
    // ZIP64: what does not fit stands in an extra field, in this order.
    for (let extra = at + 46 + nameLength; extra + 4 <= next;) {
      const fieldLength = list.getUint16(extra + 2, true);
      let place = extra + 4;
      if (list.getUint16(extra, true) === 1) {
        numbers.forEach((number, index) => {
          if (number !== full || place + 8 > extra + 4 + fieldLength) return;
          numbers[index] = Number(list.getBigUint64(place, true));
          place += 8;
        });
      }
      extra += 4 + fieldLength;
    }
    const [size = 0, packed = 0, offset = 0] = numbers;
    members.push({
      name: text(at + 46, nameLength),
      flags: list.getUint16(at + 8, true),
      method: list.getUint16(at + 10, true),
      attributes: list.getUint32(at + 38, true),
      crc: list.getUint32(at + 16, true),
      ...{ size, packed, offset },
    });
    at = next;
  }
  return members;
}

/** Bytes of a part of a file, piece by piece; an archive of which they are too many or too few is damaged. */
async function* pieces(file: FileHandle, start: number, length: number, archive: string): AsyncGenerator<Uint8Array> {
  for (let done = 0; done < length;) {
    const part = await read(file, start + done, Math.min(1 << 20, length - done));
    if (part.byteLength === 0) refuseArchive(archive, "one whose end is missing");
    done += part.byteLength;
    yield new Uint8Array(part.buffer, 0, part.byteLength);
  }
}

/** Lets bytes pass, and says what they add up to; more than a member claims to have are an error. */
class Check extends Transform {
  size = 0;
  crc = 0;

  constructor(private readonly most: number) {
    super();
  }

  override _transform(chunk: Uint8Array, _: string, done: TransformCallback): void {
    this.size += chunk.length;
    this.crc = crc32(chunk, this.crc);
    done(this.size > this.most ? new Error("invalid size of a member") : null, chunk);
  }
}

/**
 * Unpacks a ZIP archive.
 *
 * @param folder into which its members go; none of them leads out of it
 * @throws FileError when it is damaged or encrypted, or holds something else than files and folders
 * @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */
export async function unzipFile(archive: string, folder: string): Promise<void> {
  const file = await openRegularFile(archive);
  try {
    const { offset, length, count } = await contents(file, archive);
    if (length > 2 ** 30) refuseArchive(archive, "a list of contents of more than a gigabyte");
    const members = membersIn(await read(file, offset, length), archive);
    if (members.length === 0) refuseArchive(archive, "an empty archive");
    // 16 bits of it, where there are more members than these can count.
    if (members.length % 0x10000 !== count % 0x10000) refuseArchive(archive, "a damaged list of contents");
    const unpacked = new UnpackedSize(archive, (await file.stat()).size);
    for (const { size } of members) unpacked.add(size);
    for (const { name, flags, method, packed, size, crc, offset: header, attributes } of members) {
      const path = placeOf(archive, folder, name);
      if (name.endsWith("/")) {
        await makeFolders(path);
        continue;
      }
      if ((flags & 1) !== 0) refuseArchive(archive, `${JSON.stringify(name)}, which is encrypted`);
      // The upper half are Unix's: 0xa000 is a link.
      if (((attributes >>> 16) & 0xf000) === 0xa000) refuseArchive(archive, `${JSON.stringify(name)}, which is a link`);
      const local = await read(file, header, 30);
      if (local.byteLength < 30 || local.getUint32(0, true) !== 0x04034b50)
        refuseArchive(archive, "a damaged ZIP archive");
      const nameLength = local.getUint16(26, true);
      const own = await read(file, header + 30, nameLength);
      if (decoder.decode(own) !== name) {
        refuseArchive(archive, `something else where ${JSON.stringify(name)} should be`);
      }
      const start = header + 30 + nameLength + local.getUint16(28, true);
      const bytes = pieces(file, start, packed, archive);
      const check = new Check(size);
      if (method === 0) await writeMember(path, bytes, check);
      else if (method === 8) await writeMember(path, bytes, createInflateRaw(), check);
      else refuseArchive(archive, `${JSON.stringify(name)}, packed in a way of its own (${method})`);
      if (check.size !== size || check.crc !== crc) refuseArchive(archive, `${JSON.stringify(name)}, which is damaged`);
    }
  } finally {
    await file.close();
  }
}

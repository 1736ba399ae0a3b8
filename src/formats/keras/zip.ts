import { crc32 } from "node:zlib";
import { unzip, zip } from "fflate";
import { FileError } from "../../errors/errors.js";
import { memoryBudget, memoryText } from "../../runtime/node/memory.js";

/** Members of a ZIP archive by name. */
export type Members = Readonly<Record<string, Uint8Array>>;

/** The most that a member may hold: what a Uint8Array of every engine can. */
const limit = 2 ** 31 - 1;

/** Whether bytes begin as a ZIP archive does. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4;
}

/**
 * Unpacks members of a ZIP archive.
 *
 * @param bytes the whole archive
 * @param name the file's name, for messages
 * @param wanted names of the members to unpack
 * @returns those that there are, and the names of all
 * @throws FileError when the archive is damaged, or a member claims to be far larger than it is
 */
export async function readZip(
  bytes: Uint8Array,
  name: string,
  wanted: readonly string[],
): Promise<{ readonly members: Members; readonly names: readonly string[] }> {
  checkContents(bytes, name);
  const names: string[] = [];
  const bombs: string[] = [];
  // Deflate reaches 1032:1 at most, weights never 100:1.
  const most = Math.min(memoryBudget(), Math.max(2 ** 28, 100 * bytes.length));
  let total = 0;
  const members = await new Promise<Members>((resolve, reject) => {
    unzip(
      bytes,
      {
        filter: ({ name: member, originalSize }) => {
          names.push(member);
          if (!wanted.includes(member)) return false;
          // A member may stand in the list many times.
          total += originalSize;
          if (originalSize > limit || total > most) bombs.push(member);
          return bombs.length === 0;
        },
      },
      (error, unpacked) => {
        if (error === null) resolve(unpacked);
        else reject(error);
      },
    );
  }).catch((cause: unknown) => {
    throw new FileError(`${name} is a truncated or damaged ZIP archive.`, {
      subject: name,
      expected: "a complete ZIP archive",
      received: `${String(bytes.byteLength)} bytes (${cause instanceof Error ? cause.message : String(cause)})`,
      advice: "Download or copy the file again.",
      cause,
    });
  });
  const [bomb] = bombs;
  if (bomb === undefined) {
    for (const [member, content] of Object.entries(members)) checkSum(bytes, member, content, name);
    return { members, names };
  }
  throw new FileError(`${name} is not unpacked.`, {
    subject: name,
    expected: `members of at most 2 GiB, and of ${memoryText(most)} together, hardly compressed`,
    received: `"${bomb}", with which it claims to be far larger`,
    advice: "Check where the file comes from.",
  });
}

/** The end of an archive: its signature, and how far behind it the number of members, the size and the place of their list are. */
const end = { signature: 0x06054b50, size: 22, members: 10, listSize: 12, list: 16 };

/** What stands in front of the end where numbers stand elsewhere, too. */
const locator = 0x07064b50;

/** What stands in front of a member: its signature, and how far behind it the length of its name and the name are. */
const local = { signature: 0x04034b50, nameLength: 26, name: 30 };

/**
 * Checks that the list of contents is one, and that where it leads to there are the members of which it speaks. The library takes what it
 * finds there. Archives of more than 4 GB, whose numbers stand elsewhere, are left to it.
 *
 * @throws FileError where they are not
 */
function checkContents(bytes: Uint8Array, name: string): void {
  const archive = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const damaged = (received: string): never => {
    throw new FileError(`${name} is a truncated or damaged ZIP archive.`, {
      subject: name,
      expected: "a complete ZIP archive",
      received,
      advice: "Download or copy the file again.",
    });
  };
  let last = archive.length - end.size;
  while (last >= 0 && last >= archive.length - end.size - 0xffff && archive.readUInt32LE(last) !== end.signature)
    last--;
  // Without an end the library has its own words.
  if (last < 0 || archive.readUInt32LE(last) !== end.signature) return;
  const members = archive.readUInt16LE(last + end.members);
  const start = archive.readUInt32LE(last + end.list);
  const stop = start + archive.readUInt32LE(last + end.listSize);
  if (members === 0xffff || start === 0xffffffff) return;
  let at = start;
  for (let member = 0; member < members; member++) {
    if (at + entry.name > last || archive.readUInt32LE(at) !== entry.signature) damaged("a damaged list of contents");
    const length = archive.readUInt16LE(at + entry.nameLength);
    const place = archive.readUInt32LE(at + entry.place);
    const own = archive.subarray(at + entry.name, at + entry.name + length);
    if (place !== 0xffffffff && !isMemberAt(archive, place, own)) {
      damaged(`something else where ${JSON.stringify(own.toString().slice(0, 200))} should be`);
    }
    const [extra, comment] = [entry.extraLength, entry.commentLength].map((field) => archive.readUInt16LE(at + field));
    at += entry.name + length + (extra ?? 0) + (comment ?? 0);
  }
  const isLarge = last >= 20 && archive.readUInt32LE(last - 20) === locator;
  if (at !== stop || (stop !== last && !isLarge)) damaged("a damaged list of contents");
}

function isMemberAt(archive: Buffer, place: number, name: Buffer): boolean {
  if (place + local.name > archive.length || archive.readUInt32LE(place) !== local.signature) return false;
  const length = archive.readUInt16LE(place + local.nameLength);
  return archive.subarray(place + local.name, place + local.name + length).equals(name);
}

/** A member's entry in the list of contents: its signature, and how far behind it its facts are. */
const entry = {
  signature: 0x02014b50,
  checksum: 16,
  nameLength: 28,
  extraLength: 30,
  commentLength: 32,
  place: 42,
  name: 46,
};

/**
 * Compares a member with the checksum that the archive has of it, which the library passes over.
 *
 * @throws FileError where they differ
 */
function checkSum(bytes: Uint8Array, member: string, content: Uint8Array, name: string): void {
  const archive = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sought = Buffer.from(member);
  // The last one counts, and the list lies at the end.
  for (let at = archive.lastIndexOf(sought); at >= entry.name; at = archive.lastIndexOf(sought, at - 1)) {
    const start = at - entry.name;
    if (archive.readUInt32LE(start) !== entry.signature) continue;
    if (archive.readUInt16LE(start + entry.nameLength) !== sought.length) continue;
    if (archive.readUInt32LE(start + entry.checksum) === crc32(content)) return;
    break;
  }
  throw new FileError(`${name} is a damaged ZIP archive.`, {
    subject: name,
    expected: `"${member}" with the checksum that the archive says of it`,
    received: "another checksum",
    advice: "Download or copy the file again.",
  });
}

/**
 * Packs members into a ZIP archive without compressing them, as Keras does: weights hardly shrink.
 *
 * @throws FileError when they do not fit the format
 */
export async function writeZip(members: Members, name: string): Promise<Uint8Array> {
  const total = Object.values(members).reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (total > limit) {
    throw new FileError(`${name} would be too large.`, {
      subject: name,
      expected: "at most 2 GiB",
      received: `${String(total)} bytes`,
    });
  }
  return new Promise((resolve, reject) => {
    zip({ ...members }, { level: 0 }, (error, packed) => {
      if (error === null) resolve(packed);
      else reject(error);
    });
  });
}

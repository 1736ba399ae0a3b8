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

/** A member's entry in the list of contents: its signature, and how far behind it the checksum and the name are. */
const entry = { signature: 0x02014b50, checksum: 16, nameLength: 28, name: 46 };

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

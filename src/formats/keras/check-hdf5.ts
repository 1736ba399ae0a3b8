import { FileError } from "../../errors/errors.js";

/** What a heap of strings of variable length begins with. */
const heap = [0x47, 0x43, 0x4f, 0x4c];

/** Bytes in front of a heap's objects, and of each object. */
const headerSize = 16;

/**
 * Checks what the HDF5 library follows without looking: it never returns from a heap of strings whose objects lead out of it, or
 * nowhere.
 *
 * @param bytes the whole file
 * @param name the file's name, for messages
 * @throws FileError when the sizes in such a heap cannot be right
 * @see https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html – "Global Heap"
 */
export function checkHeaps(bytes: Uint8Array, name: string): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = bytes.indexOf(0x47); at >= 0; at = bytes.indexOf(0x47, at + 1)) {
    if (!heap.every((byte, index) => bytes[at + index] === byte) || at + headerSize > bytes.length) continue;
    // The version, and three zeros; anything else is no heap, and the library looks at them too.
    if (view.getUint32(at + 4, true) !== 1) continue;
    const wrong = firstWrongObject(view, at);
    if (wrong === undefined) continue;
    throw new FileError(`${name} is a damaged HDF5 file.`, {
      subject: name,
      expected: `strings that lie within their heap at byte ${String(at)}`,
      received: `one at byte ${String(wrong.at)} of ${String(wrong.size)} bytes`,
      advice: "Download or copy the file again.",
    });
  }
}

/** The first object of a heap that does not end within it. */
function firstWrongObject(view: DataView, start: number): { at: number; size: bigint } | undefined {
  const end = BigInt(start) + view.getBigUint64(start + 8, true);
  // The library sees by itself that a file ends too early.
  if (end > BigInt(view.byteLength)) return undefined;
  for (let at = start + headerSize; at + headerSize <= Number(end);) {
    const isFree = view.getUint16(at, true) === 0;
    const size = view.getBigUint64(at + 8, true);
    // The size of free space counts its header, that of a string does not; strings end at a multiple of 8.
    const needed = isFree ? size : BigInt(headerSize) + ((size + 7n) / 8n) * 8n;
    if (needed < BigInt(headerSize) || BigInt(at) + needed > end) return { at, size };
    at += Number(needed);
  }
  return undefined;
}

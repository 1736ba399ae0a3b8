import { FileError } from "./errors.js";

const strict = new TextDecoder("utf-8", { fatal: true });

/** The most bytes of a text: JavaScript has none that are longer than 2²⁹ characters, and no list of photos and no description of a network is. */
export const mostText = 500_000_000;

/**
 * The text of a file of others. What is not UTF-8 is refused: with signs in the place of others a name would be another one, and nobody would
 * be told. A mark of the encoding in front, as editors of Windows put it, is left out.
 *
 * @param bytes the whole text
 * @param file the file's name, for messages
 * @throws FileError when the bytes are not UTF-8, or more than a text may have
 */
export function textOf(bytes: Uint8Array, file: string): string {
  if (bytes.length > mostText) {
    throw new FileError(`${file} is too large.`, {
      subject: file,
      expected: `a text of at most ${String(mostText)} bytes`,
      received: `${String(bytes.length)} bytes`,
      advice: "Check the path: no such file is as large.",
    });
  }
  try {
    return strict.decode(bytes);
  } catch (cause) {
    const at = firstWrongByte(bytes);
    throw new FileError(`${file} is no text in UTF-8.`, {
      subject: file,
      expected: "text in UTF-8",
      received: `the byte ${(bytes[at] ?? 0).toString(16).padStart(2, "0")} at ${String(at)}, which is none`,
      advice: "The file is damaged, or in another encoding: fetch it again, or save it as UTF-8.",
      cause,
    });
  }
}

/** Where a text stops being UTF-8: as far as it is, it is the same again when it is written anew. */
function firstWrongByte(bytes: Uint8Array): number {
  const again = new TextEncoder().encode(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
  const at = again.findIndex((byte, index) => byte !== bytes[index]);
  return at < 0 ? bytes.length : at;
}

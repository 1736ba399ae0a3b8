import { FileError } from "../errors/errors.js";

/** More than a photo of 200 million pixels takes, and more paths than anybody has photos. */
const most = 2 ** 30;

/**
 * All that a stream has, to its end.
 *
 * @throws FileError for more than a gibibyte
 */
export async function readAll(stream: AsyncIterable<Uint8Array | string>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of stream) {
    const bytes = typeof piece === "string" ? new TextEncoder().encode(piece) : piece;
    length += bytes.length;
    if (length > most) {
      throw new FileError("The standard input is too long.", {
        subject: "-",
        expected: "a photo or a list of paths, of 1 GiB at most",
        received: "more",
      });
    }
    pieces.push(bytes);
  }
  return new Uint8Array(Buffer.concat(pieces));
}

import { type Bitmap, BitmapError } from "./bitmap.js";

const space = new Set([9, 10, 11, 12, 13, 32]);
const hash = 35;

/** Reads words, and leaves out comments, which go from `#` to the end of the line. */
class Words {
  constructor(
    private readonly bytes: Uint8Array,
    public at: number,
  ) {}

  /** The next byte that is neither white space nor in a comment; `undefined` at the end. */
  private skip(): number | undefined {
    for (;;) {
      const byte = this.bytes[this.at];
      if (byte === undefined) return undefined;
      if (byte === hash) {
        while (this.at < this.bytes.length && this.bytes[this.at] !== 10 && this.bytes[this.at] !== 13) this.at++;
      } else if (space.has(byte)) {
        this.at++;
      } else {
        return byte;
      }
    }
  }

  number(): number {
    if (this.skip() === undefined) throw new BitmapError("its end is missing", true);
    let [value, digits] = [0, 0];
    for (;;) {
      const digit = (this.bytes[this.at] ?? 0) - 48;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      this.at++;
      digits++;
    }
    if (digits === 0 || digits > 10) throw new BitmapError("no number where one should be");
    const behind = this.bytes[this.at];
    if (behind !== undefined && behind !== hash && !space.has(behind)) {
      throw new BitmapError("something else in a number");
    }
    return value;
  }

  /** One digit, 0 or 1, which need no space between them. */
  bit(): number {
    const byte = this.skip();
    if (byte === undefined) throw new BitmapError("its end is missing", true);
    if (byte !== 48 && byte !== 49) throw new BitmapError("no 0 or 1 where one should be");
    this.at++;
    return byte - 48;
  }
}

/** Rounds halves to the even number, as Python does. */
function rounded(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest === 0.5) return below % 2 === 0 ? below : below + 1;
  return rest < 0.5 ? below : below + 1;
}

/**
 * The size that a PPM's header says.
 *
 * @throws BitmapError when it is damaged
 */
export function sizeOfPpm(bytes: Uint8Array): { readonly width: number; readonly height: number } {
  const words = new Words(bytes, 2);
  return { width: words.number(), height: words.number() };
}

/**
 * Decodes a PPM, PGM or PBM, P1 to P6: of one or three colours of up to 16 bits, or black and white. Levels are stretched to 0
 * to 255.
 *
 * @param bytes the whole file
 * @param check called with the size before anything of that size is made
 * @throws BitmapError when it is damaged
 * @see https://netpbm.sourceforge.net/doc/ppm.html
 */
export function decodePpm(bytes: Uint8Array, check: (width: number, height: number) => void): Bitmap {
  const kind = (bytes[1] ?? 0) - 48;
  const words = new Words(bytes, 2);
  const [width, height] = [words.number(), words.number()];
  if (width === 0 || height === 0) throw new BitmapError(`a size of ${width} × ${height} pixels`);
  check(width, height);
  const bits = kind === 1 || kind === 4;
  const most = bits ? 1 : words.number();
  if (most === 0 || most > 65535) throw new BitmapError(`a greatest level of ${most}`);
  const channels = kind === 3 || kind === 6 ? 3 : 1;
  const count = width * height * channels;
  const raw = kind >= 4;
  // One character of white space ends the header.
  const start = words.at + 1;
  const size = raw ? (bits ? Math.ceil(width / 8) * height : count * (most > 255 ? 2 : 1)) : 0;
  // Each number takes a character at least, so a size that the file cannot hold is found before it is made.
  const needed = raw ? start + size : words.at + count;
  if (needed > bytes.length) throw new BitmapError("its end is missing", true);

  const levelAt = (index: number): number => {
    if (!raw) return bits ? 1 - words.bit() : words.number();
    if (bits) {
      const [row, column] = [Math.floor(index / width), index % width];
      const byte = bytes[start + row * Math.ceil(width / 8) + (column >> 3)] ?? 0;
      return 1 - ((byte >> (7 - (column & 7))) & 1);
    }
    return most > 255
      ? (bytes[start + 2 * index] ?? 0) * 256 + (bytes[start + 2 * index + 1] ?? 0)
      : (bytes[start + index] ?? 0);
  };
  const data = new Uint8Array(width * height * 3);
  for (let index = 0; index < count; index++) {
    const level = levelAt(index);
    if (level > most) throw new BitmapError(`a level of ${level}, above the greatest of ${most}`);
    const byte = most === 255 ? level : rounded((level / most) * 255);
    if (channels === 3) data[index] = byte;
    else data.fill(byte, 3 * index, 3 * index + 3);
  }
  return { width, height, data, alpha: undefined };
}

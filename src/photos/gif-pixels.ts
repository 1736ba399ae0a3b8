/** Bytes of a GIF, read one after the other; behind its end there are none. */
class Bytes {
  at = 13;

  constructor(private readonly bytes: Uint8Array) {}

  next(): number {
    return this.bytes[this.at++] ?? 0;
  }

  get isOver(): boolean {
    return this.at >= this.bytes.length;
  }

  /** Bytes of a table of colours, as flags tell of one. */
  static tableSize(flags: number): number {
    return (flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1);
  }

  /** Joins blocks, which begin with their lengths, up to the empty one. */
  blocks(): Uint8Array {
    const parts: Uint8Array[] = [];
    for (let length = this.next(); length > 0 && !this.isOver; length = this.next()) {
      parts.push(this.bytes.subarray(this.at, this.at + length));
      this.at += length;
    }
    const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      joined.set(part, at);
      at += part.length;
    }
    return joined;
  }
}

const mostCodes = 4096;

/** Pixels that LZW codes stand for, as far as they are codes; no more than asked for are counted. */
function pixelsIn(codes: Uint8Array, bits: number, most: number): number {
  const clear = 2 ** bits;
  const lengths = new Uint32Array(mostCodes).fill(1, 0, clear);
  let [pixels, next, size, before] = [0, clear + 2, bits + 1, -1];
  let [held, count] = [0, 0];
  for (const byte of codes) {
    held |= byte << count;
    count += 8;
    while (count >= size) {
      const code = held & (2 ** size - 1);
      held >>>= size;
      count -= size;
      if (code === clear) {
        [next, size, before] = [clear + 2, bits + 1, -1];
        continue;
      }
      if (code === clear + 1 || code > next || (before < 0 && code >= clear)) return pixels;
      if (before >= 0 && next < mostCodes) {
        lengths[next] = (lengths[before] ?? 0) + 1;
        next++;
        if (next === 2 ** size && size < 12) size++;
      }
      pixels += lengths[code] ?? 0;
      if (pixels >= most) return most;
      before = code;
    }
  }
  return pixels;
}

/**
 * Whether the data of a GIF's first picture are enough for it. The image library leaves what is missing as it was, without a word; Pillow refuses
 * such a file.
 *
 * @param bytes the whole file
 * @returns `true` also where there is no picture, which the library says by itself
 * @see https://www.w3.org/Graphics/GIF/spec-gif89a.txt
 */
export function hasAllPixels(bytes: Uint8Array): boolean {
  const reader = new Bytes(bytes);
  reader.at += Bytes.tableSize(bytes[10] ?? 0);
  while (!reader.isOver) {
    const kind = reader.next();
    if (kind === 0x21) {
      reader.next();
      reader.blocks();
    } else if (kind === 0x2c) {
      reader.at += 4;
      const [width, height] = [0, 0].map(() => reader.next() + 256 * reader.next());
      const flags = reader.next();
      reader.at += Bytes.tableSize(flags);
      const bits = reader.next();
      const most = (width ?? 0) * (height ?? 0);
      return bits < 1 || bits > 11 || pixelsIn(reader.blocks(), bits, most) === most;
    } else return true;
  }
  return true;
}

import { type Bitmap, BitmapError } from "./bitmap.js";

/** Where the colours of a pixel of 16, 24 or 32 bits lie in it; 0 for none. */
type Masks = readonly [red: number, green: number, blue: number, alpha: number];

/** What the header of a BMP says. */
interface Header {
  readonly width: number;
  readonly height: number;
  /** Whether the first row in the file is the highest. */
  readonly topDown: boolean;
  readonly bits: number;
  readonly compression: number;
  /** First byte of the pixels. */
  readonly offset: number;
  readonly masks: Masks;
  /** `[colours, 3]`. */
  readonly palette: Uint8Array;
}

const plain = 0;
const rle8 = 1;
const rle4 = 2;
const bitFields = 3;
const alphaBitFields = 6;

/** Masks where the file says none. */
function usualMasks(bits: number): Masks {
  return bits === 16 ? [0x7c00, 0x3e0, 0x1f, 0] : [0xff0000, 0xff00, 0xff, 0];
}

function readHeader(bytes: Uint8Array): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (at: number): number => view.getUint16(at, true);
  const number = (at: number): number => view.getUint32(at, true);
  const size = number(14);
  // The first version, of OS/2, had sides of 16 bits and colours of three bytes.
  const old = size === 12;
  if (!old && ![16, 40, 52, 56, 64, 108, 124].includes(size)) throw new BitmapError(`a header of ${size} bytes`);
  const width = old ? word(18) : number(18);
  const signed = old ? word(20) : view.getInt32(22, true);
  const bits = old ? word(24) : word(28);
  const compression = old || size < 40 ? plain : number(30);
  const colours = old || size < 40 ? 0 : number(46);
  const masked = compression === bitFields || compression === alphaBitFields;
  const maskAt = (index: number): number => number(54 + 4 * index);
  // From 52 bytes on the masks are part of the header; before, they follow it.
  const alpha = size >= 56 || compression === alphaBitFields ? maskAt : () => 0;
  const masks: Masks = masked ? [maskAt(0), maskAt(1), maskAt(2), alpha(3)] : usualMasks(bits);
  const behind = 14 + size + (size === 40 && masked ? (compression === alphaBitFields ? 16 : 12) : 0);
  const count = bits > 8 ? 0 : Math.min(colours === 0 ? 2 ** bits : colours, 256);
  const entry = old ? 3 : 4;
  const palette = new Uint8Array(3 * 256);
  for (let colour = 0; colour < count && behind + entry * (colour + 1) <= bytes.length; colour++) {
    for (let channel = 0; channel < 3; channel++) {
      palette[3 * colour + channel] = bytes[behind + entry * colour + 2 - channel] ?? 0;
    }
  }
  const height = Math.abs(signed);
  return { width, height, topDown: signed < 0, bits, compression, offset: number(10), masks, palette };
}

/**
 * The size that a BMP's header says.
 *
 * @throws BitmapError when it is damaged
 */
export function sizeOfBmp(bytes: Uint8Array): { readonly width: number; readonly height: number } {
  if (bytes.length < 30) throw new BitmapError("its end is missing", true);
  return readHeader(bytes);
}

/** Numbers of colours of compressed rows, `[height, width]`, the lowest row first. */
function runLengths(bytes: Uint8Array, { width, height, offset, compression }: Header): Uint8Array {
  const nibbles = compression === rle4;
  const indices = new Uint8Array(width * height);
  let [at, place] = [offset, 0];
  const next = (): number => {
    const byte = bytes[at++];
    if (byte === undefined) throw new BitmapError("its end is missing", true);
    return byte;
  };
  const put = (index: number): void => {
    // What is too long for its row is cut off.
    indices[place++] = index;
  };
  for (;;) {
    const [count, value] = [next(), next()];
    if (count > 0) {
      const left = Math.min(count, width - (place % width));
      for (let pixel = 0; pixel < left; pixel++) put(nibbles ? (pixel % 2 === 0 ? value >> 4 : value & 15) : value);
    } else if (value === 0) {
      place = Math.ceil(place / width) * width;
    } else if (value === 1) {
      break;
    } else if (value === 2) {
      const [right, up] = [next(), next()];
      place += right + up * width;
    } else {
      const start = at;
      let byte = 0;
      for (let pixel = 0; pixel < value; pixel++) {
        if (!nibbles || pixel % 2 === 0) byte = next();
        put(nibbles ? (pixel % 2 === 0 ? byte >> 4 : byte & 15) : byte);
      }
      if ((at - start) % 2 === 1) at++;
    }
    if (place >= indices.length) return indices;
  }
  throw new BitmapError("its end is missing", true);
}

/** Moves the bits of a colour to the right, and stretches them to 8. */
function levels(mask: number): (pixel: number) => number {
  if (mask === 0) return () => 0;
  const lowest = (mask & -mask) >>> 0;
  const most = (mask >>> 0) / lowest;
  return (pixel) => Math.min(255, Math.floor(((((pixel & mask) >>> 0) / lowest) * 255) / most));
}

/**
 * Decodes a BMP: of 1, 4 and 8 bits with a palette, of 16, 24 and 32 bits, compressed by runs or not, from below or from above.
 *
 * @param bytes the whole file
 * @param check called with the size before anything of that size is made
 * @throws BitmapError when it is damaged, or of a kind that nobody uses
 * @see https://learn.microsoft.com/windows/win32/gdi/bitmap-storage
 */
export function decodeBmp(bytes: Uint8Array, check: (width: number, height: number) => void): Bitmap {
  if (bytes.length < 30) throw new BitmapError("its end is missing", true);
  const header = readHeader(bytes);
  const { width, height, topDown, bits, compression, offset, masks, palette } = header;
  if (width === 0 || height === 0) throw new BitmapError(`a size of ${width} × ${height} pixels`);
  check(width, height);
  const data = new Uint8Array(width * height * 3);
  const compressed = (compression === rle8 && bits === 8) || (compression === rle4 && bits === 4);
  const supported = compressed || [plain, bitFields, alphaBitFields].includes(compression);
  if (!supported || ![1, 4, 8, 16, 24, 32].includes(bits)) {
    throw new BitmapError(`${bits} bits a pixel with compression ${compression}`);
  }
  const rowBytes = Math.ceil((width * bits) / 32) * 4;
  if (!compressed && offset + rowBytes * (height - 1) + Math.ceil((width * bits) / 8) > bytes.length) {
    throw new BitmapError("its end is missing", true);
  }
  const indices = compressed ? runLengths(bytes, header) : undefined;
  const [red, green, blue, opacity] = masks.map(levels);
  const alpha = bits === 32 && masks[3] !== 0 ? new Uint8Array(width * height) : undefined;
  for (let row = 0; row < height; row++) {
    const from = offset + rowBytes * row;
    const to = (topDown ? row : height - 1 - row) * width;
    for (let column = 0; column < width; column++) {
      const out = 3 * (to + column);
      if (bits <= 8) {
        const perByte = 8 / bits;
        const byte = bytes[from + Math.floor(column / perByte)] ?? 0;
        const packed = (byte >> (8 - bits * ((column % perByte) + 1))) & (2 ** bits - 1);
        const index = indices?.[row * width + column] ?? packed;
        for (let channel = 0; channel < 3; channel++) data[out + channel] = palette[3 * index + channel] ?? 0;
        continue;
      }
      const at = from + (column * bits) / 8;
      let pixel = 0;
      for (let byte = bits / 8 - 1; byte >= 0; byte--) pixel = pixel * 256 + (bytes[at + byte] ?? 0);
      data[out] = red?.(pixel) ?? 0;
      data[out + 1] = green?.(pixel) ?? 0;
      data[out + 2] = blue?.(pixel) ?? 0;
      if (alpha !== undefined) alpha[to + column] = opacity?.(pixel) ?? 255;
    }
  }
  return { width, height, data, alpha };
}

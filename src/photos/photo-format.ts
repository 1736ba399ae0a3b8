/** What a file is, told by its first bytes. */
export interface FileKind {
  /** A noun phrase with its article, such as "a HEIC photo". */
  readonly name: string;
  /**
   * Whether it can be decoded: `yes`; `maybe`, which some builds of the image library read; or `no`.
   */
  readonly readable: "yes" | "maybe" | "no";
}

const latin1 = (bytes: Uint8Array, from: number, to: number) => String.fromCharCode(...bytes.subarray(from, to));

/** The brands of an ISO media file (`ftyp` box): the main one and those that it is compatible with. */
function brands(bytes: Uint8Array): string[] {
  const size = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0);
  const end = Math.min(size, bytes.length, 128);
  const found = [latin1(bytes, 8, 12)];
  for (let at = 16; at + 4 <= end; at += 4) found.push(latin1(bytes, at, at + 4));
  return found;
}

/**
 * Tells what a file is by its first bytes, whatever its name says.
 *
 * @param bytes the file, or its first 256 bytes
 * @returns the kind, or undefined where it is none that people take for photos
 */
export function photoFormat(bytes: Uint8Array): FileKind | undefined {
  const start = latin1(bytes, 0, 16);
  const begins = (...signatures: string[]) => signatures.some((signature) => start.startsWith(signature));
  const kind = (name: string, readable: FileKind["readable"]): FileKind => ({ name, readable });
  if (begins("\xff\xd8\xff")) return kind("a JPEG", "yes");
  if (begins("\x89PNG\r\n\x1a\n")) return kind("a PNG", "yes");
  if (begins("GIF87a", "GIF89a")) return kind("a GIF", "yes");
  if (begins("RIFF") && start.slice(8, 12) === "WEBP") return kind("a WebP image", "yes");
  if (begins("II*\0", "MM\0*", "II+\0", "MM\0+")) return kind("a TIFF", "yes");
  if (start.slice(4, 8) === "ftyp") {
    const found = brands(bytes);
    if (found.some((brand) => brand === "avif" || brand === "avis")) return kind("an AVIF image", "yes");
    if (found.some((brand) => /^(hei[cxms]|hev[cxms]|mif1|msf1)$/.test(brand))) return kind("a HEIC photo", "maybe");
    return kind("a video", "no");
  }
  if (begins("BM")) return kind("a BMP image", "maybe");
  if (begins("\xff\x0a", "\0\0\0\x0cJXL ")) return kind("a JPEG XL image", "maybe");
  if (begins("\0\0\0\x0cjP  ")) return kind("a JPEG 2000 image", "maybe");
  if (/^P[1-6][\s#]/.test(start)) return kind("a PPM image", "maybe");
  if (begins("8BPS")) return kind("a Photoshop document", "no");
  if (begins("%PDF")) return kind("a PDF document", "no");
  if (begins("PK\x03\x04")) return kind("a ZIP archive", "no");
  const text = latin1(bytes, 0, 256)
    .replace(/^\xef\xbb\xbf/, "")
    .trimStart()
    .toLowerCase();
  if (text.startsWith("<!doctype html") || text.startsWith("<html")) return kind("a web page", "no");
  if (text.startsWith("<svg") || (text.startsWith("<?xml") && text.includes("<svg")))
    return kind("an SVG drawing", "no");
  return undefined;
}

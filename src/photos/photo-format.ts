/** A kind of file that people take for photos. */
export interface PhotoFormat {
  /** Its name as a list of formats has it, such as "HEIC". */
  readonly name: string;
  /** A noun phrase with its article, such as "a HEIC photo". */
  readonly noun: string;
  /** Extensions of files that are listed as photos, lower-case, without the dot; none for what is no photo. */
  readonly extensions: readonly string[];
  /** Whether it can be decoded: `yes`; `maybe`, which some builds of the image library read; or `no`. */
  readonly readable: "yes" | "maybe" | "no";
  /** Whether a file's first bytes are those of the format; what stands above in the table was asked before. */
  readonly matches: (start: FileStart) => boolean;
}

/** The first bytes of a file, as what formats are told by. */
class FileStart {
  /** The first 256 bytes, a character each. */
  readonly characters: string;

  constructor(bytes: Uint8Array) {
    this.characters = String.fromCharCode(...bytes.subarray(0, 256));
  }

  begins(...signatures: readonly string[]): boolean {
    return signatures.some((signature) => this.characters.startsWith(signature));
  }

  /** The brands of an ISO media file (`ftyp` box): the main one and those that it is compatible with; others have none. */
  get brands(): string[] {
    if (this.characters.slice(4, 8) !== "ftyp") return [];
    const size = [0, 1, 2, 3].reduce((sum, at) => sum * 256 + this.characters.charCodeAt(at), 0);
    const end = Math.min(size, this.characters.length, 128);
    const found = [this.characters.slice(8, 12)];
    for (let at = 16; at + 4 <= end; at += 4) found.push(this.characters.slice(at, at + 4));
    return found;
  }

  /** The beginning as text, without a byte order mark and white space, lower-case. */
  get text(): string {
    return this.characters
      .replace(/^\xef\xbb\xbf/, "")
      .trimStart()
      .toLowerCase();
  }
}

/**
 * All that is known of formats: the scanner lists files by `extensions`, the decoder reads what is `readable`, and messages
 * and help name what is in here. Those that are read come first, in the order in which they are named.
 */
export const photoFormats: readonly PhotoFormat[] = [
  {
    name: "JPEG",
    noun: "a JPEG",
    extensions: ["jpg", "jpeg", "jpe", "jfif"],
    readable: "yes",
    matches: (start) => start.begins("\xff\xd8\xff"),
  },
  {
    name: "PNG",
    noun: "a PNG",
    extensions: ["png"],
    readable: "yes",
    matches: (start) => start.begins("\x89PNG\r\n\x1a\n"),
  },
  {
    name: "WebP",
    noun: "a WebP image",
    extensions: ["webp"],
    readable: "yes",
    matches: (start) => start.begins("RIFF") && start.characters.slice(8, 12) === "WEBP",
  },
  {
    name: "GIF",
    noun: "a GIF",
    extensions: ["gif"],
    readable: "yes",
    matches: (start) => start.begins("GIF87a", "GIF89a"),
  },
  {
    name: "TIFF",
    noun: "a TIFF",
    extensions: ["tif", "tiff"],
    readable: "yes",
    matches: (start) => start.begins("II*\0", "MM\0*", "II+\0", "MM\0+"),
  },
  {
    name: "AVIF",
    noun: "an AVIF image",
    extensions: ["avif"],
    readable: "yes",
    matches: ({ brands }) => brands.some((brand) => brand === "avif" || brand === "avis"),
  },
  {
    name: "BMP",
    noun: "a BMP image",
    extensions: ["bmp"],
    readable: "yes",
    matches: (start) => start.begins("BM"),
  },
  {
    name: "PPM",
    noun: "a PPM, PGM or PBM image",
    extensions: ["ppm"],
    readable: "yes",
    matches: ({ characters }) => /^P[1-6][\s#]/.test(characters),
  },
  {
    name: "HEIC",
    noun: "a HEIC photo",
    extensions: ["heic", "heif"],
    readable: "maybe",
    matches: ({ brands }) => brands.some((brand) => /^(hei[cxms]|hev[cxms]|mif1|msf1)$/.test(brand)),
  },
  {
    name: "JPEG XL",
    noun: "a JPEG XL image",
    extensions: [],
    readable: "maybe",
    matches: (start) => start.begins("\xff\x0a", "\0\0\0\x0cJXL "),
  },
  {
    name: "JPEG 2000",
    noun: "a JPEG 2000 image",
    extensions: [],
    readable: "maybe",
    matches: (start) => start.begins("\0\0\0\x0cjP  "),
  },
  {
    name: "video",
    noun: "a video",
    extensions: [],
    readable: "no",
    matches: ({ brands }) => brands.length > 0,
  },
  {
    name: "Photoshop",
    noun: "a Photoshop document",
    extensions: [],
    readable: "no",
    matches: (start) => start.begins("8BPS"),
  },
  {
    name: "PDF",
    noun: "a PDF document",
    extensions: [],
    readable: "no",
    matches: (start) => start.begins("%PDF"),
  },
  {
    name: "ZIP",
    noun: "a ZIP archive",
    extensions: [],
    readable: "no",
    matches: (start) => start.begins("PK\x03\x04"),
  },
  {
    name: "HTML",
    noun: "a web page",
    extensions: [],
    readable: "no",
    matches: ({ text }) => text.startsWith("<!doctype html") || text.startsWith("<html"),
  },
  {
    name: "SVG",
    noun: "an SVG drawing",
    extensions: [],
    readable: "no",
    matches: ({ text }) => text.startsWith("<svg") || (text.startsWith("<?xml") && text.includes("<svg")),
  },
];

/**
 * The extensions of files that may be photos, lower-case: those that Keras knows, and those that phones, cameras and the web
 * use. Whether one can be read, its content decides when it is decoded.
 */
export const photoExtensions: readonly string[] = photoFormats.flatMap(({ extensions }) => extensions);

const readableNames = photoFormats.filter(({ readable }) => readable === "yes").map(({ name }) => name);

/** The formats that are read, for messages and help: "JPEG, PNG … or AVIF". */
export const readableFormats = `${readableNames.slice(0, -1).join(", ")} or ${readableNames.at(-1) ?? ""}`;

/**
 * Tells what a file is by its first bytes, whatever its name says.
 *
 * @param bytes the file, or its first 256 bytes
 * @returns the format, or undefined where it is none that people take for photos
 */
export function photoFormat(bytes: Uint8Array): PhotoFormat | undefined {
  const start = new FileStart(bytes);
  return photoFormats.find(({ matches }) => matches(start));
}

/**
 * Why a file cannot be used, and what to do, in a few words for a `PhotoError`.
 *
 * @param format what {@link photoFormat} gave
 */
export function whyUnreadable(format: PhotoFormat | undefined): string {
  if (format === undefined) return `it is not a ${readableFormats}`;
  if (format.readable === "no") return `it is ${format.noun}, not a ${readableFormats}`;
  return `it is ${format.noun}, which cannot be read here; convert it to JPEG or PNG`;
}

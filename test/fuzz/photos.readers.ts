import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { perform } from "../../src/photos/decode-jobs.js";
import { lookAtFile } from "../../src/photos/photo-file.js";
import type { FuzzReader } from "../support/fuzz-readers.js";

/* The reader of photos, format by format, as fuzz.test.ts damages their files. */

/** A picture in which each pixel has a colour of its own, with opacity where it is asked for. */
function picture(channels: 3 | 4 = 3): Sharp {
  const [width, height] = [23, 17];
  const count = width * height * channels;
  const raw = Uint8Array.from({ length: count }, (_, index) => (index * 37 + (index >> 5) * 11) % 256);
  return sharp(raw, { raw: { width, height, channels } });
}

/** Two pages. */
async function animation(format: "gif" | "webp"): Promise<Uint8Array> {
  const pages = await Promise.all([picture(4).png().toBuffer(), picture(4).negate().png().toBuffer()]);
  return sharp(pages, { join: { animated: true } })
    .toFormat(format)
    .toBuffer();
}

async function bitmaps(kind: RegExp): Promise<Uint8Array[]> {
  const text = await readFile(join(process.cwd(), "test/golden/bitmaps.json"), "utf8");
  const { cases } = JSON.parse(text) as { readonly cases: Readonly<Record<string, { readonly file: string }>> };
  const files = Object.values(cases).map(({ file }) => new Uint8Array(Buffer.from(file, "base64")));
  return files.filter((bytes) => kind.test(String.fromCharCode(...bytes.subarray(0, 2))));
}

const all = (...made: readonly Promise<Uint8Array>[]): Promise<Uint8Array[]> => Promise.all(made);

const seeds: Readonly<Record<string, () => Promise<readonly Uint8Array[]>>> = {
  jpg: () =>
    all(
      picture().jpeg().toBuffer(),
      picture().jpeg({ progressive: true }).withMetadata({ orientation: 6 }).toBuffer(),
      picture().grayscale().jpeg({ quality: 30 }).toBuffer(),
    ),
  "jpg of printing inks": () => all(picture().toColourspace("cmyk").jpeg().toBuffer()),
  png: () =>
    all(
      picture().png().toBuffer(),
      picture(4).png({ progressive: true }).toBuffer(),
      picture().png({ palette: true, colours: 16 }).toBuffer(),
      picture().toColourspace("rgb16").png().toBuffer(),
    ),
  webp: () => all(picture().webp().toBuffer(), picture(4).webp({ lossless: true }).toBuffer(), animation("webp")),
  gif: () => all(picture().gif().toBuffer(), animation("gif")),
  tif: () =>
    all(
      picture().tiff({ compression: "lzw" }).toBuffer(),
      picture().tiff({ compression: "jpeg" }).toBuffer(),
      picture().toColourspace("rgb16").tiff({ compression: "deflate", tile: true }).toBuffer(),
      picture().tiff({ compression: "none", pyramid: true }).toBuffer(),
    ),
  avif: () => all(picture().avif({ effort: 0 }).toBuffer(), picture(4).avif({ effort: 0, lossless: true }).toBuffer()),
  bmp: () => bitmaps(/^BM/),
  ppm: () => bitmaps(/^P[1-6]/),
};

/** Inks become colours by tables that the image library makes for each photo: 40 ms, where other photos take 2. */
const fewer: Readonly<Partial<Record<string, number>>> = { "jpg of printing inks": 50 };

const view = { left: 0.1, top: 0.2, width: 0.5, height: 0.7, mirrored: true };

export const readers: readonly FuzzReader[] = Object.entries(seeds).map(([name, made]) => ({
  name,
  file: `photo.${name.split(" ", 1).join("")}`,
  seeds: made,
  files: fewer[name],
  // All ways that lead to pixels: of `predict`, of the recipe, of flows with opacity, and of datasets.
  async read(path) {
    await lookAtFile(path);
    const { result: photo } = await perform({ kind: "decode", path, options: { resizedTo: 8 } });
    if (!("width" in photo) || photo.data.length !== photo.width * photo.height * 3) {
      throw new Error(`${basename(path)} has other pixels than its size says`);
    }
    await perform({ kind: "resize", path, options: { size: 8, views: [view] } });
    const flow = { targetSize: [8, 9], interpolation: "bilinear", keepAspectRatio: true } as const;
    await perform({ kind: "read", path, options: { ...flow, colorMode: "rgba" } });
    const dataset = { imageSize: [8, 9], interpolation: "bilinear", cropToAspectRatio: false } as const;
    await perform({ kind: "dataset", path, options: { ...dataset, padToAspectRatio: true, colorMode: "grayscale" } });
  },
}));

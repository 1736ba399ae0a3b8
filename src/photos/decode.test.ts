import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import sharp, { type Sharp } from "sharp";
import { describe, expect, test } from "vitest";
import { Generator } from "../random/generator.js";
import { createNodeRuntime } from "../runtime/node/runtime.js";
import { decodePhoto } from "./decode.js";
import { PhotoError } from "./photo-error.js";
import { PhotoResizer } from "./photo-resizer.js";

/** Decodes, or gives the reason why not. */
async function outcome(source: string | Uint8Array, options = {}): Promise<string> {
  try {
    const { width, height, data } = await decodePhoto(source, options);
    if (data.length !== width * height * 3) throw new Error(`${data.length} bytes for ${width} × ${height}`);
    return `${width} × ${height}`;
  } catch (error) {
    if (error instanceof PhotoError) return error.reason;
    throw error;
  }
}

const messy = join(import.meta.dirname, "../../../shared/data/messy-images");
const notReadable = "it is not a JPEG, PNG, WebP, GIF, TIFF, AVIF, BMP or PPM";
const truncated = "truncated: its end is missing";

/** What becomes of each file; all decoded pixels equal Pillow's unless a comment says otherwise. */
const messyFiles: Record<string, string> = {
  ".DS_Store": notReadable,
  "ImageTestSuite_138d3b9e.jpg": notReadable, // FF D8 without the FF of a marker; Pillow refuses it too
  "ImageTestSuite_f012a432.jpg": notReadable,
  "Olympus μ Digital 800.JPG": "1024 × 768",
  "exif-samples_IMG_5195.HEIC": "it is a HEIC photo, which cannot be read here; convert it to JPEG or PNG",
  "exif-samples_invalid_image02206.jpg": "65 × 65",
  "hymenoptera_imageNotFound.gif": "300 × 300",
  "libvips_17000x17000.avif": "17000 × 17000 pixels are more than the limit of 200 million",
  "libvips_invalid_multiframe.gif": "10 × 9", // the first frame is whole
  "libvips_sample-xyb.jpg": "290 × 442", // converted by its colour profile, which Pillow ignores
  "pillow_1_trns.png": "64 × 64",
  "pillow_apng_mode_16bit.png": "128 × 64",
  "pillow_background_outside_palette.gif": "1 × 1",
  "pillow_broken_data_stream.png": "damaged (vipspng: libpng read error)",
  "pillow_decompression_bomb.gif": truncated, // 44 bytes that announce 4 gigapixels
  "pillow_dispose_bgnd_rgba.gif": "100 × 100",
  "pillow_heif_empty.heic": "the file is empty",
  "pillow_hopper.gif": "128 × 128",
  "pillow_hopper_gray.jpg": "128 × 128",
  "pillow_hopper_orientation_5.jpg": "128 × 128",
  "pillow_hopper_orientation_8.jpg": "128 × 128",
  "pillow_i_trns.png": "64 × 64", // 16-bit grey, scaled down; Pillow cuts it off at 255
  "pillow_invalid-exif.jpg": "200 × 200",
  "pillow_junk_jpeg_header.jpg": "1024 × 768", // stray bytes between markers, whole pixels
  "pillow_pil_sample_cmyk.jpg": "100 × 100", // by a CMYK profile; Pillow subtracts, up to 24 levels away
  "pillow_sugarshack_bad_mpo_header.jpg": "640 × 480",
  "pillow_truncated_end_chunk.png": "128 × 128", // only the closing IEND is missing; Pillow refuses it
  "pillow_truncated_jpeg.jpg": truncated,
  "pngsuite_xlfn0g04.png": notReadable, // its signature went through a conversion of line ends
  "sharp_2x2_fdcce6.png": "2 × 2",
  "sharp_8bit_depth.tiff": "21 × 21",
  "sharp_Flag_of_the_Netherlands-16bit.png": "900 × 600",
  "sharp_Landscape_6.jpg": "600 × 450", // rotated; converted by its colour profile, up to 26 levels from Pillow
  "sharp_animated-loop-3.gif": "370 × 285",
  "sharp_bgbn4a08.png": "32 × 32", // rounding of transparency, 1 level from Pillow
  "sharp_corrupt-header.jpg": truncated,
  "sharp_gamma_dalai_lama_gray.jpg": "258 × 222",
  "sharp_grey-plus-alpha.gif": "2 × 1",
  "sharp_rotating-squares.gif": "80 × 80",
  "sharp_swiss.png": "68 × 68",
  "sharp_truncated.jpg": truncated,
  "wrongext_Cat1035_is-webp.png": "800 × 450",
};

describe.skipIf(!existsSync(messy))("awkward real files (skipped without ../shared/data/messy-images)", () => {
  test("are all written down here", async () => {
    expect((await readdir(messy)).sort()).toEqual(Object.keys(messyFiles).sort());
  });

  test.each(Object.entries(messyFiles))("%s: %s", async (name, expected) => {
    expect(await outcome(join(messy, name))).toBe(expected);
  });
});

const channels = 3;
/** 40 × 20 pixels: red, green, blue and white quarters, red at the top left. */
const quarters = Buffer.alloc(40 * 20 * channels);
for (let y = 0; y < 20; y++) {
  for (let x = 0; x < 40; x++) {
    const colour = y < 10 ? (x < 20 ? [255, 0, 0] : [0, 255, 0]) : x < 20 ? [0, 0, 255] : [255, 255, 255];
    quarters.set(colour, (y * 40 + x) * channels);
  }
}
const picture = () => sharp(quarters, { raw: { width: 40, height: 20, channels } });

/** The colour at the middle of each quarter, row by row, rounded to multiples of 16. */
async function corners(bytes: Uint8Array): Promise<string[]> {
  const { width, height, data } = await decodePhoto(bytes);
  return [0.25, 0.75].flatMap((v) =>
    [0.25, 0.75].map((u) => {
      const at = (Math.floor(v * height) * width + Math.floor(u * width)) * 3;
      return [...data.subarray(at, at + 3)].map((level) => Math.round(level / 16).toString(17)).join("");
    }),
  );
}

describe("every format", () => {
  test.each([
    ["PNG", () => picture().png()],
    ["palette PNG", () => picture().png({ palette: true })],
    ["16-bit PNG", () => picture().toColourspace("rgb16").png()],
    ["JPEG", () => picture().jpeg({ quality: 100 })],
    ["progressive JPEG", () => picture().jpeg({ quality: 100, progressive: true })],
    ["WebP", () => picture().webp({ lossless: true })],
    ["GIF", () => picture().gif()],
    ["TIFF", () => picture().tiff({ compression: "lzw" })],
    ["AVIF", () => picture().avif({ lossless: true })],
  ])("gives the same colours: %s", async (_, encode) => {
    expect(await corners(await encode().toBuffer())).toEqual(["g00", "0g0", "00g", "ggg"]);
  });

  test("is converted from CMYK", async () => {
    const { data } = await decodePhoto(await picture().toColourspace("cmyk").jpeg({ quality: 100 }).toBuffer());
    // Red is not reached by printing inks, but stays red.
    expect(data[0]).toBeGreaterThan(200);
    expect(data[1]).toBeLessThan(80);
  });

  test("is converted from grey, 8 and 16 bits", async () => {
    const levels = { raw: { width: 4, height: 1, channels: 1 } } as const;
    const grey = await sharp(Uint8Array.of(0, 100, 200, 255), levels)
      .toColourspace("b-w")
      .png()
      .toBuffer();
    expect([...(await decodePhoto(grey)).data]).toEqual([0, 0, 0, 100, 100, 100, 200, 200, 200, 255, 255, 255]);
    const deep = await sharp(Uint16Array.of(0, 100 * 257, 200 * 257, 65535), levels)
      .toColourspace("grey16")
      .png()
      .toBuffer();
    expect([...(await decodePhoto(deep)).data]).toEqual([0, 0, 0, 100, 100, 100, 200, 200, 200, 255, 255, 255]);
  });

  test("has its transparency laid on white", async () => {
    const pixels = Uint8Array.of(255, 0, 0, 255, 255, 0, 0, 0, 0, 0, 0, 128);
    const png = await sharp(pixels, { raw: { width: 3, height: 1, channels: 4 } })
      .png()
      .toBuffer();
    expect([...(await decodePhoto(png)).data]).toEqual([255, 0, 0, 255, 255, 255, 127, 127, 127]);
    const deep = Uint16Array.of(65535, 0, 0, 65535, 65535, 0, 0, 0);
    const png16 = await sharp(deep, { raw: { width: 2, height: 1, channels: 4 } })
      .toColourspace("rgb16")
      .png()
      .toBuffer();
    expect([...(await decodePhoto(png16)).data]).toEqual([255, 0, 0, 255, 255, 255]);
  });

  test("gives the first frame of an animation", async () => {
    const red = await picture().extract({ left: 0, top: 0, width: 10, height: 10 }).png().toBuffer();
    const blue = await picture().extract({ left: 0, top: 10, width: 10, height: 10 }).png().toBuffer();
    const animation = await sharp([red, blue], { join: { animated: true } })
      .gif()
      .toBuffer();
    expect(await corners(animation)).toEqual(["g00", "g00", "g00", "g00"]);
  });
});

// https://exiftool.org/TagNames/EXIF.html: where the first row and column of what is stored belong.
test.each([
  [1, "40 × 20", ["g00", "0g0", "00g", "ggg"]],
  [2, "40 × 20", ["0g0", "g00", "ggg", "00g"]],
  [3, "40 × 20", ["ggg", "00g", "0g0", "g00"]],
  [4, "40 × 20", ["00g", "ggg", "g00", "0g0"]],
  [5, "20 × 40", ["g00", "00g", "0g0", "ggg"]],
  [6, "20 × 40", ["00g", "g00", "ggg", "0g0"]],
  [7, "20 × 40", ["ggg", "0g0", "00g", "g00"]],
  [8, "20 × 40", ["0g0", "ggg", "g00", "00g"]],
])("EXIF orientation %i is applied", async (orientation, size, expected) => {
  const jpeg = await picture().jpeg({ quality: 100 }).withMetadata({ orientation }).toBuffer();
  expect(await outcome(jpeg)).toBe(size);
  expect(await corners(jpeg)).toEqual(expected);
});

describe("a file that cannot be used", () => {
  test("is named in the error, with a short reason", async () => {
    const missing = join(tmpdir(), "graft no such photo.jpg");
    const error: unknown = await decodePhoto(missing).catch((reason: unknown) => reason);
    if (!(error instanceof PhotoError)) throw new Error("expected a PhotoError");
    expect([error.name, error.path, error.reason]).toEqual(["PhotoError", missing, "there is no such file"]);
    expect(error.message).toContain(missing);
    await expect(decodePhoto(new Uint8Array(), { name: "upload" })).rejects.toMatchObject({ path: "upload" });
  });

  test("has a reason for each kind of file that is taken for a photo", async () => {
    const text = (content: string) => new TextEncoder().encode(content);
    const binary = (content: string) => Uint8Array.from(content, (character) => character.charCodeAt(0));
    expect(await outcome(tmpdir())).toBe("it is a folder");
    expect(await outcome(text(""))).toBe("the file is empty");
    expect(await outcome(text("not a photo"))).toBe(notReadable);
    expect(await outcome(Uint8Array.of(0xff))).toBe(notReadable);
    expect(await outcome(text("\ufeff\n<!DOCTYPE html><title>404"))).toMatch(/^it is a web page, not a JPEG/);
    expect(await outcome(text(`<svg xmlns="http://www.w3.org/2000/svg"/>`))).toMatch(/^it is an SVG drawing/);
    expect(await outcome(text("%PDF-1.7"))).toMatch(/^it is a PDF/);
    expect(await outcome(binary("\0\0\0\x18ftypisom\0\0\0\0isommp42"))).toMatch(/^it is a video/);
    expect(await outcome(binary("\0\0\0\x18ftypmif1\0\0\0\0mif1heic"))).toMatch(/^it is a HEIC photo.*convert it/);
    expect(await outcome(binary(`BM${"\0".repeat(60)}`))).toMatch(/^damaged \(a header of 0 bytes\)/);
    expect(await outcome(text("P6 1 1 255\nab"))).toBe("truncated: its end is missing");
  });

  test.each(["jpeg", "png", "webp", "gif", "tiff"] as const)(
    "is refused when half of it is missing: %s",
    async (to) => {
      const noise = { type: "gaussian", mean: 128, sigma: 40 } as const;
      const create = { width: 200, height: 150, channels, background: "#808080", noise } as const;
      const whole = await sharp({ create }).toFormat(to).toBuffer();
      expect(await outcome(whole)).toBe("200 × 150");
      expect(await outcome(whole.subarray(0, whole.length / 2))).toMatch(/^(truncated|damaged)/);
    },
  );

  test("is refused before it is unpacked when it has too many pixels", async () => {
    const png = await picture().png().toBuffer();
    expect(await outcome(png, { limitPixels: 40 * 20 })).toBe("40 × 20");
    expect(await outcome(png, { limitPixels: 40 * 20 - 1 })).toMatch(/^40 × 20 pixels are more than the limit/);
  });
});

describe("pixels that the library loses with no more than a warning", () => {
  const noise = Uint8Array.from({ length: 48 * 40 * 3 }, (_, index) => (index * 37 + (index >> 5) * 11) % 256);
  const picture = (): Sharp => sharp(noise, { raw: { width: 48, height: 40, channels: 3 } });

  test("are missed: a JPEG whose data end in its middle, before the mark of its end", async () => {
    const jpeg = await picture().jpeg().toBuffer();
    const cut = Buffer.concat([jpeg.subarray(0, jpeg.length * 0.6), Buffer.from([0xff, 0xd9])]);
    expect(await outcome(cut)).toMatch(/^(truncated|damaged)/);
    expect(await outcome(cut, { resizedTo: 8 })).toMatch(/^(truncated|damaged)/);
  });

  test("are missed: a TIFF whose packed data are damaged", async () => {
    const tiff = await picture().tiff({ compression: "deflate" }).toBuffer();
    const at = tiff.indexOf(Buffer.from([0x78])) + 40;
    tiff.fill(0x55, at, at + 20);
    expect(await outcome(tiff)).toMatch(/^damaged/);
  });

  test("are missed: a GIF whose codes end before its picture, of any size and number of colours", async () => {
    for (const [width, height, colours] of [
      [48, 40, 256],
      [48, 40, 2],
      [1, 1, 2],
      [300, 200, 64],
    ] as const) {
      const raw = Uint8Array.from({ length: width * height * 3 }, (_, index) => (index * 97 + (index >> 4) * 31) % 256);
      const gif = await sharp(raw, { raw: { width, height, channels: 3 } })
        .gif({ colours })
        .toBuffer();
      expect(await outcome(gif)).toBe(`${String(width)} × ${String(height)}`);
      if (width === 1) continue;
      // The first block of data becomes the last one.
      const data = gif.indexOf(Buffer.from([0x2c, 0, 0, 0, 0])) + 10;
      const table = (gif[data - 1] ?? 0) & 0x80 ? 3 * 2 ** (((gif[data - 1] ?? 0) & 7) + 1) : 0;
      const first = data + table + 1;
      const cut = Buffer.concat([
        gif.subarray(0, first),
        Buffer.of(2, gif[first + 1] ?? 0, gif[first + 2] ?? 0, 0, 0x3b),
      ]);
      expect(await outcome(cut)).toBe(truncated);
    }
  });

  test("are not missed where there are only stray bytes between markers, or behind the data", async () => {
    const jpeg = await picture().jpeg().toBuffer();
    const stray = Buffer.from([1, 2, 3, 4, 5]);
    const second = 4 + jpeg.readUInt16BE(4);
    const begun = Buffer.concat([jpeg.subarray(0, second), stray, jpeg.subarray(second)]);
    const ended = Buffer.concat([jpeg.subarray(0, -2), stray, jpeg.subarray(-2)]);
    expect(await outcome(begun)).toBe("48 × 40");
    expect(await outcome(ended)).toBe("48 × 40");
  });
});

test("a PNG of more pixels than its bytes can hold is refused before it is decoded", async () => {
  const made = { create: { width: 3000, height: 200, channels: 3, background: "#808080" } } as const;
  const plain = await sharp(made).png({ compressionLevel: 9 }).toBuffer();
  // One colour and one bit a pixel: what is packed most of all is read.
  const palette = await sharp(made).png({ compressionLevel: 9, palette: true, colours: 2 }).toBuffer();
  expect(await outcome(plain)).toBe("3000 × 200");
  expect(await outcome(palette)).toBe("3000 × 200");
  const wide = Buffer.from(plain);
  wide.writeUInt32BE(900_000, 16);
  wide.writeUInt32BE(crc32(wide.subarray(12, 29)), 29);
  const cut = wide.subarray(0, 300);
  expect(await outcome(cut)).toBe(truncated);
});

test("a file that has changed on disk is read anew", async () => {
  const dir = await mkdtemp(join(tmpdir(), "graft-decode-"));
  const path = join(dir, "ü 1.png");
  await writeFile(path, await picture().png().toBuffer());
  expect((await decodePhoto(path)).data[0]).toBe(255);
  await writeFile(path, await picture().negate().png().toBuffer());
  expect((await decodePhoto(path)).data[0]).toBe(0);
  await rm(dir, { recursive: true });
});

describe("a JPEG that will be resized", () => {
  const large = (width = 1200, height = 600) =>
    picture().resize(width, height, { fit: "fill" }).jpeg().withMetadata({ orientation: 6 }).toBuffer();

  test("is decoded at a half, a quarter or an eighth, with both sides at least twice as long", async () => {
    expect(await outcome(await large(), { resizedTo: 37 })).toBe("75 × 150");
    expect(await outcome(await large(), { resizedTo: 38 })).toBe("150 × 300");
    expect(await outcome(await large(), { resizedTo: 75 })).toBe("150 × 300");
    expect(await outcome(await large(), { resizedTo: 76 })).toBe("300 × 600");
    expect(await outcome(await large(), { resizedTo: 150 })).toBe("300 × 600");
  });

  test("keeps its size where it is smaller, or would not be divided evenly", async () => {
    const whole = await decodePhoto(await large());
    const kept = await decodePhoto(await large(), { resizedTo: 151 });
    expect([kept.width, kept.height]).toEqual([whole.width, whole.height]);
    expect(Buffer.compare(kept.data, whole.data)).toBe(0);
    expect(await outcome(await large(1202, 600), { resizedTo: 10 })).toBe("300 × 601");
    expect(await outcome(await large(1201, 600), { resizedTo: 10 })).toBe("600 × 1201");
  });

  test("is still refused where its end is missing", async () => {
    const bytes = await large();
    expect(await outcome(bytes.subarray(0, bytes.length * 0.6), { resizedTo: 37 })).toMatch(/^truncated/);
  });

  test("has nearly the same pixels in the end, with structure on all scales", async () => {
    const photo = await texture(2000, 1500);
    const resizer = await PhotoResizer.create(createNodeRuntime(), { size: 75 });
    const exact = await resizer.resize(await decodePhoto(photo));
    const reduced = await decodePhoto(photo, { resizedTo: 75 });
    expect([reduced.width, reduced.height]).toEqual([500, 375]);
    const pixels = await resizer.resize(reduced);
    await resizer.release();
    const differences = pixels.map((level, index) => Math.abs(level - (exact[index] ?? 0)));
    const squares = differences.reduce((sum, difference) => sum + difference ** 2, 0);
    expect(Math.sqrt(squares / pixels.length)).toBeLessThan(0.5);
    expect(Math.max(...differences)).toBeLessThanOrEqual(2);
  });

  test("is all that is reduced: other formats keep their size", async () => {
    const png = await picture().resize(1200, 600, { fit: "fill" }).png().toBuffer();
    expect(await outcome(png, { resizedTo: 10 })).toBe("1200 × 600");
  });
});

/** A JPEG with structure on all scales, as photos have it: noise of each octave, weaker the finer it is. */
async function texture(width: number, height: number): Promise<Buffer> {
  const generator = new Generator(1);
  const sum = new Float32Array(width * height * 3).fill(127);
  for (let octave = 1; octave < 9; octave++) {
    const raw = {
      width: Math.ceil(width / 2 ** octave),
      height: Math.ceil(height / 2 ** octave),
      channels: 3 as const,
    };
    const noise = Uint8Array.from({ length: raw.width * raw.height * 3 }, () => generator.integer(256));
    const layer = await sharp(noise, { raw }).resize(width, height, { fit: "fill", kernel: "cubic" }).raw().toBuffer();
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + 0.04 * 1.3 ** octave * ((layer[i] ?? 0) - 127);
  }
  const pixels = Uint8ClampedArray.from(sum);
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 92 })
    .toBuffer();
}

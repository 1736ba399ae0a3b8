import { extname } from "node:path";
import sharp from "sharp";
import { checkOptionNames, isWhole, refuseOption } from "../../errors/check.js";
import { writeFileAtomically } from "../../files/atomic-write.js";
import { platform } from "../../models/platform.js";
import type { Tensor } from "../../runtime/runtime.js";
import { arrayToImg, type ArrayToImgOptions, checkLevels, Image } from "./image.js";

/** How {@link saveImg} writes a picture. */
export interface SaveImgOptions extends ArrayToImgOptions {
  /** `"png"`, `"jpeg"`, `"webp"`, `"tiff"` or `"gif"`; default: by the ending of the path. */
  readonly fileFormat?: string | null | undefined;
  /** Quality of a JPEG or WebP, from 1 to 100; default that of Pillow: 75, of WebP 80. */
  readonly quality?: number | undefined;
}

const formats = ["png", "jpeg", "webp", "tiff", "gif"] as const;
const aliases: Readonly<Record<string, string>> = { jpg: "jpeg", tif: "tiff" };

/**
 * Writes an array, or a picture, to a file.
 *
 * @param path where it goes; missing folders are made, and a file that is there is replaced
 * @param x `[height, width, channels]` with 1, 3 or 4 channels
 * @throws ShapeError when it has another shape
 * @throws UsageError for a format that is not written
 * @throws FileError when the file cannot be written
 */
export async function saveImg(path: string, x: Tensor | Image, options: SaveImgOptions = {}): Promise<void> {
  checkOptionNames("saveImg", options, ["scale", "fileFormat", "quality"]);
  if (typeof path !== "string") refuseOption("saveImg", "path", "the path of a file", typeof path);
  const asked = (options.fileFormat ?? extname(path).slice(1)).toLowerCase();
  const format = formats.find((one) => one === (aliases[asked] ?? asked));
  if (format === undefined)
    refuseOption("saveImg", "fileFormat", formats.join(", "), asked || "a path without an ending");
  const { quality = format === "webp" ? 80 : 75 } = options;
  if (!isWhole(quality, 1) || quality > 100)
    refuseOption("saveImg", "quality", "a whole number from 1 to 100", quality);
  const img = x instanceof Image ? x : arrayToImg(x, { scale: options.scale });
  checkLevels(img, format);
  const { width, height, channels } = img;
  const data = img.mode === "I" ? Uint16Array.from(img.data) : Uint8Array.from(img.data);
  let image = sharp(data, { raw: { width, height, channels } });
  if (img.mode === "RGBA" && format === "jpeg") {
    platform().warn("saveImg: a JPEG has no opacity; the picture is written without it.");
    image = image.removeAlpha();
  }
  if (channels === 1) image = image.toColourspace(img.mode === "I" ? "grey16" : "b-w");
  // libvips would make a JPEG of a TIFF.
  const settings =
    format === "tiff" ? { compression: "lzw" } : format === "jpeg" || format === "webp" ? { quality } : {};
  const bytes = await image.toFormat(format, settings).toBuffer();
  await writeFileAtomically(path, bytes);
}

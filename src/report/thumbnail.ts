import sharp from "sharp";
import type { DecodedPhoto } from "../photos/decode.js";
import type { RasterPicture } from "./confusion-picture.js";

/**
 * A photo made small.
 *
 * @param side the longer side of the picture, in pixels
 * @returns a JPEG
 */
export async function thumbnail({ width, height, data }: DecodedPhoto, side: number): Promise<RasterPicture> {
  const small = await sharp(data, { raw: { width, height, channels: 3 }, limitInputPixels: false })
    .resize({ width: side, height: side, fit: "inside", withoutEnlargement: true })
    .jpeg({ quality: 82 })
    .toBuffer({ resolveWithObject: true });
  return { bytes: new Uint8Array(small.data), width: small.info.width, height: small.info.height };
}

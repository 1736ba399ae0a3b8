import type { DecodedPhoto } from "../photos/decode.js";
import type { RasterPicture } from "./confusion-picture.js";
import { shrunk } from "./page-picture.js";

/**
 * A photo made small.
 *
 * @param side the longer side of the picture, in pixels
 * @returns a JPEG
 */
export async function thumbnail(photo: DecodedPhoto, side: number): Promise<RasterPicture> {
  const { data, info } = await shrunk(photo, side).jpeg({ quality: 82 }).toBuffer({ resolveWithObject: true });
  return { bytes: new Uint8Array(data), width: info.width, height: info.height };
}

import sharp, { type Sharp } from "sharp";
import type { DecodedPhoto } from "../photos/decode.js";

/** A picture as an address that holds all of it, and how many characters that has. */
export async function pagePicture(picture: Sharp, quality: number): Promise<string> {
  const bytes = await picture.webp({ quality, effort: 4 }).toBuffer();
  return `data:image/webp;base64,${bytes.toString("base64")}`;
}

/**
 * A photo made small.
 *
 * @param longest side in pixels; smaller photos keep their size
 */
export function shrunk({ width, height, data }: DecodedPhoto, longest: number): Sharp {
  return sharp(data, { raw: { width, height, channels: 3 }, limitInputPixels: false }).resize({
    ...{ width: longest, height: longest, fit: "inside", withoutEnlargement: true },
  });
}

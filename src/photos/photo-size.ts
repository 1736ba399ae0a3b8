import sharp from "sharp";
import { sizeOfBmp } from "./bmp.js";
import { photoFormat } from "./photo-format.js";
import { readPhotoFile } from "./photo-file.js";
import { sizeOfPpm } from "./ppm.js";

/**
 * Width and height of a photo in pixels after rotation by EXIF, as its header says them.
 *
 * @param hash that its content must have; default any
 * @returns `undefined` for what cannot be read
 */
export async function photoSize(
  path: string,
  hash?: string,
): Promise<readonly [width: number, height: number] | undefined> {
  // Who looks at the photo itself says what is wrong with it.
  try {
    const { bytes } = await readPhotoFile(path, hash);
    const name = photoFormat(bytes)?.name;
    if (name === "BMP" || name === "PPM") {
      const { width, height } = (name === "BMP" ? sizeOfBmp : sizeOfPpm)(bytes);
      return [width, height];
    }
    const { autoOrient } = await sharp(bytes, { limitInputPixels: false }).metadata();
    return [autoOrient.width, autoOrient.height];
  } catch {
    return undefined;
  }
}

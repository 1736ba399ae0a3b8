import sharp, { type Sharp } from "sharp";
import type { DecodedPhoto } from "../photos/decode.js";
import type { PhotoPart } from "../photos/framing.js";
import type { Tensor } from "../runtime/runtime.js";

/** Longest side of the picture, in pixels. */
const longestSide = 1024;

/** Colours from no heat to all of it: dark violet, red, orange, pale yellow. Light rises evenly, so that it is one scale in grey too. */
const scale: readonly (readonly [red: number, green: number, blue: number])[] = [
  [13, 8, 60],
  [90, 20, 110],
  [190, 55, 85],
  [245, 140, 20],
  [252, 250, 160],
];

/** How much of the photo is covered where it is hottest. */
const strongest = 0.75;

function colourOf(heat: number, channel: 0 | 1 | 2): number {
  const place = Math.min(1, Math.max(0, heat)) * (scale.length - 1);
  const below = Math.min(scale.length - 2, Math.floor(place));
  const [from, to] = [scale[below]?.[channel] ?? 0, scale[below + 1]?.[channel] ?? 0];
  return from + (to - from) * (place - below);
}

/** The heat between the middles of its cells, for a place in [0, 1] of the part that is seen. */
function heatAt({ dims, data }: Tensor, across: number, down: number): number {
  const [rows = 1, columns = 1] = dims;
  const values = data as Float32Array;
  const [x, y] = [within(across * columns - 0.5, columns), within(down * rows - 0.5, rows)];
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [right, bottom] = [Math.min(columns - 1, left + 1), Math.min(rows - 1, top + 1)];
  const row = (at: number): number => {
    const [from, to] = [values[at * columns + left] ?? 0, values[at * columns + right] ?? 0];
    return from + (to - from) * (x - left);
  };
  return row(top) + (row(bottom) - row(top)) * (y - top);
}

function within(place: number, cells: number): number {
  return Math.min(cells - 1, Math.max(0, place));
}

/**
 * A photo in grey with what speaks for a class in colour on it; what the network does not see of it is darker.
 *
 * @param photo `[height, width, 3]`
 * @param heat `[rows, columns]` in [0, 1]
 * @param part of the photo that the heat belongs to
 * @param longest side of the picture in pixels; smaller photos keep their size. Default 1024
 * @returns the picture, to be written in a format
 */
export async function heatPicture(
  photo: DecodedPhoto,
  heat: Tensor,
  part: PhotoPart,
  longest = longestSide,
): Promise<Sharp> {
  const { width, height, data } = photo;
  const { data: pixels, info } = await sharp(data, { raw: { width, height, channels: 3 }, limitInputPixels: false })
    .resize({ width: longest, height: longest, fit: "inside", withoutEnlargement: true })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const [scaleX, scaleY] = [width / info.width, height / info.height];
  for (let y = 0; y < info.height; y++) {
    for (let x = 0; x < info.width; x++) {
      const at = (y * info.width + x) * 3;
      const grey = 0.299 * (pixels[at] ?? 0) + 0.587 * (pixels[at + 1] ?? 0) + 0.114 * (pixels[at + 2] ?? 0);
      const across = ((x + 0.5) * scaleX - part.left) / part.width;
      const down = ((y + 0.5) * scaleY - part.top) / part.height;
      const isSeen = across >= 0 && across <= 1 && down >= 0 && down <= 1;
      const value = isSeen ? heatAt(heat, across, down) : 0;
      const cover = strongest * Math.sqrt(value);
      for (const channel of [0, 1, 2] as const) {
        pixels[at + channel] = Math.round((isSeen ? grey : grey / 3) * (1 - cover) + colourOf(value, channel) * cover);
      }
    }
  }
  return sharp(pixels, { raw: { width: info.width, height: info.height, channels: 3 } });
}

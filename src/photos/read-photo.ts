import sharp, { type OutputInfo } from "sharp";
import { decodePhoto, type DecodedPhoto, type DecodeOptions, undecodable } from "./decode.js";
import type { PhotoBytes } from "./photo-file.js";
import { photoFormat } from "./photo-format.js";
import { type Interpolation, type Region, resample } from "./resample.js";

/** Channels to make of a photo: 3, 4 with opacity, or 1. */
export type ColorMode = "rgb" | "rgba" | "grayscale";

/** Number of channels of a mode. */
export function channelsOf(mode: ColorMode): 1 | 3 | 4 {
  return mode === "rgb" ? 3 : mode === "rgba" ? 4 : 1;
}

/** Told how to give back the memory that a photo takes. */
type OnMemory = DecodeOptions["onMemory"];

/** Bytes that are made of each pixel of a photo: rows on their way to another size, greys, or colours and opacity in turns. */
const bytesPerPixel: Readonly<Record<ColorMode, number>> = { rgb: 1, grayscale: 6, rgba: 18 };

/** A photo as separate pictures: colours, and opacity where it is asked for. */
interface Picture extends Omit<DecodedPhoto, "alpha"> {
  /** `[height, width]` uint8; `undefined` where every pixel is opaque. */
  readonly alpha: Uint8Array | undefined;
}

/** Colours and opacity, `[height, width, 4]`; `undefined` where a photo has none. */
async function opacityOf(bytes: Uint8Array): Promise<{ data: Buffer; info: OutputInfo } | undefined> {
  const { hasAlpha } = await sharp(bytes, { limitInputPixels: false }).metadata();
  if (!hasAlpha) return undefined;
  return sharp(bytes, { failOn: "error", autoOrient: true, limitInputPixels: false })
    .toColourspace("srgb")
    .ensureAlpha()
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
}

/** Decodes a photo with its opacity; colours of transparent pixels are what the file says, as in Keras. */
async function decodeWithAlpha({ path, bytes }: PhotoBytes, onMemory: OnMemory): Promise<Picture> {
  // First the ordinary way, which knows how to say what is wrong with a file.
  const photo = await decodePhoto(bytes, { name: path, bytesPerPixel: bytesPerPixel.rgba, onMemory });
  if (photo.alpha !== undefined) return { ...photo, alpha: photo.alpha };
  const format = photoFormat(bytes);
  if (format?.name === "BMP" || format?.name === "PPM") return { ...photo, alpha: undefined };
  const made = await opacityOf(bytes).catch((cause: unknown) => {
    throw undecodable(path, cause);
  });
  if (made === undefined) return { ...photo, alpha: undefined };
  const { data, info } = made;
  const colours = new Uint8Array(info.width * info.height * 3);
  const alpha = new Uint8Array(info.width * info.height);
  for (let pixel = 0; pixel < alpha.length; pixel++) {
    for (let channel = 0; channel < 3; channel++) colours[3 * pixel + channel] = data[4 * pixel + channel] ?? 0;
    alpha[pixel] = data[4 * pixel + 3] ?? 0;
  }
  return { width: info.width, height: info.height, data: colours, alpha };
}

/** Grey of each pixel, as Pillow weighs the colours (ITU-R 601-2), `[pixels]`. */
function greyOf(colours: Uint8Array): Uint8Array {
  const grey = new Uint8Array(colours.length / 3);
  for (let pixel = 0; pixel < grey.length; pixel++) {
    const from = 3 * pixel;
    const sum = 19595 * (colours[from] ?? 0) + 38470 * (colours[from + 1] ?? 0) + 7471 * (colours[from + 2] ?? 0);
    grey[pixel] = (sum + 0x8000) >> 16;
  }
  return grey;
}

/** `[pixels]` → `[pixels, 3]` with the same level three times. */
function threefold(levels: Uint8Array): Uint8Array {
  const result = new Uint8Array(3 * levels.length);
  for (let i = 0; i < result.length; i++) result[i] = levels[Math.floor(i / 3)] ?? 0;
  return result;
}

/** Every third value: the inverse of {@link threefold}. */
function onefold(colours: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: colours.length / 3 }, (_, pixel) => colours[3 * pixel] ?? 0);
}

/** `[pixels, 3]` and `[pixels]` → `[pixels, 4]`. */
function joined(colours: Uint8Array, alpha: Uint8Array | undefined): Uint8Array {
  const result = new Uint8Array((colours.length / 3) * 4);
  for (let pixel = 0; pixel < colours.length / 3; pixel++) {
    for (let channel = 0; channel < 3; channel++) result[4 * pixel + channel] = colours[3 * pixel + channel] ?? 0;
    result[4 * pixel + 3] = alpha === undefined ? 255 : (alpha[pixel] ?? 0);
  }
  return result;
}

/** Colours times opacity, rounded as Pillow does. */
function premultiplied(colours: Uint8Array, alpha: Uint8Array): Uint8Array {
  return colours.map((level, index) => {
    const product = level * (alpha[Math.floor(index / 3)] ?? 0) + 128;
    return ((product >> 8) + product) >> 8;
  });
}

/** Colours divided by opacity, cut off as Pillow does. */
function unmultiplied(colours: Uint8Array, alpha: Uint8Array): Uint8Array {
  return colours.map((level, index) => {
    const opacity = alpha[Math.floor(index / 3)] ?? 0;
    return opacity === 0 || opacity === 255 ? level : Math.min(255, Math.floor((255 * level) / opacity));
  });
}

/**
 * Decodes a photo with the channels of a mode.
 *
 * @param file read before
 * @param onMemory told how to give its memory back; default: it is given back once it is decoded
 * @returns `data` `[height, width, channels]` uint8
 * @throws PhotoError when the file cannot be used
 */
export async function decodeAs(file: PhotoBytes, mode: ColorMode, onMemory?: OnMemory): Promise<DecodedPhoto> {
  if (mode === "rgba") {
    const { alpha, ...photo } = await decodeWithAlpha(file, onMemory);
    return { ...photo, data: joined(photo.data, alpha) };
  }
  const photo = await decodePhoto(file.bytes, { name: file.path, bytesPerPixel: bytesPerPixel[mode], onMemory });
  return mode === "rgb" ? photo : { ...photo, data: greyOf(photo.data) };
}

/** The largest window in the middle of a photo with the proportions of the target, as Keras cuts it. */
export function middle(width: number, height: number, targetWidth: number, targetHeight: number): Region {
  const cropHeight = Math.min(height, Math.floor((width * targetHeight) / targetWidth));
  const cropWidth = Math.min(width, Math.floor((height * targetWidth) / targetHeight));
  return {
    left: Math.floor((width - cropWidth) / 2),
    top: Math.floor((height - cropHeight) / 2),
    width: cropWidth,
    height: cropHeight,
  };
}

/** How {@link readPhoto} makes pixels of a file. */
export interface ReadPhotoOptions {
  readonly colorMode: ColorMode;
  /** Height and width in pixels. */
  readonly targetSize: readonly [height: number, width: number];
  readonly interpolation: Interpolation;
  readonly keepAspectRatio: boolean;
}

/**
 * Decodes a photo and brings it to a size, as Keras's `load_img` does.
 *
 * @param file read before
 * @param onMemory told how to give its memory back; default: it is given back once it is decoded
 * @returns `[height, width, channels]` uint8
 * @throws PhotoError when the file cannot be used
 * @see https://keras.io/api/data_loading/image/#loadimg-function Here EXIF's rotation is applied, and colours of `rgb` and
 * `grayscale` are laid on white where the photo is transparent; a grey photo of 16 bits is made one of 8
 */
export async function readPhoto(file: PhotoBytes, options: ReadPhotoOptions, onMemory?: OnMemory): Promise<Uint8Array> {
  const { colorMode, interpolation } = options;
  const [height, width] = options.targetSize;
  if (colorMode === "rgba") {
    const { alpha, ...photo } = await decodeWithAlpha(file, onMemory);
    const resize = fitting(photo, options);
    if (alpha === undefined) return joined(resize(photo.data), undefined);
    const opacity = onefold(resize(threefold(alpha)));
    const sameSize = photo.width === width && photo.height === height;
    if (interpolation === "nearest" || sameSize) return joined(resize(photo.data), opacity);
    return joined(unmultiplied(resize(premultiplied(photo.data, alpha)), opacity), opacity);
  }
  const photo = await decodePhoto(file.bytes, { name: file.path, bytesPerPixel: bytesPerPixel[colorMode], onMemory });
  const resize = fitting(photo, options);
  return colorMode === "rgb" ? resize(photo.data) : onefold(resize(threefold(greyOf(photo.data))));
}

/** Resizes pictures of the size of a photo. */
function fitting(
  { width, height }: { readonly width: number; readonly height: number },
  { targetSize, interpolation, keepAspectRatio }: ReadPhotoOptions,
): (colours: Uint8Array) => Uint8Array {
  const [newHeight, newWidth] = targetSize;
  const region = keepAspectRatio ? middle(width, height, newWidth, newHeight) : undefined;
  return (data) => resample({ width, height, data }, newWidth, newHeight, interpolation, region);
}

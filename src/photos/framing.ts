import type { Value } from "../graph/value.js";
import { toChannelsFirst } from "../nn/channels.js";
import { centerOf } from "../ops/crop.js";
import { clip, round } from "../ops/elementwise.js";
import { cast } from "../ops/layout.js";
import { resize } from "../ops/resampling.js";

/** How pixels between pixels are found, by the names that Keras and Pillow use. */
export type FramingInterpolation = "bilinear" | "bicubic";

/** How a photo becomes the square picture that a network takes. */
export interface Framing {
  /** Height and width of the picture, in pixels. */
  readonly size: number;
  /**
   * Which part is seen, in the middle, as a share of the photo's sides, in (0, 1]; of its shorter side where proportions are kept.
   * Default 1.
   */
  readonly crop?: number | undefined;
  /** Whether a square is cut out; default `false`: the photo is stretched to one, as in Keras. */
  readonly keepProportions?: boolean | undefined;
  /** Default `"bilinear"`. */
  readonly interpolation?: FramingInterpolation | undefined;
}

/**
 * Writes the framing of photos of any size as a graph: smoothed while shrinking, rounded to whole levels. Training and the exported
 * classifier use this same graph, so what is shipped sees the pixels that were trained on.
 *
 * torchvision shrinks the whole photo and then cuts the middle out; here the middle is cut out first, which is less work and the
 * same but for fractions of a pixel.
 *
 * @param photos `[N, H, W, 3]` uint8
 * @returns `[N, 3, size, size]` float32, whole numbers in [0, 255]
 */
export function framedPixels(photos: Value, framing: Framing): Value {
  return resized(toChannelsFirst(cast(seenOf(photos, framing, 1), "float32")), framing);
}

/**
 * The same of photos as other programs give them. (A Transpose in front of the part in the middle is moved by ONNX Runtime 1.30, which then
 * looks for its sides on other axes.)
 *
 * @param levels `[N, 3, H, W]` float32, whole numbers in [0, 255]
 * @returns `[N, 3, size, size]` float32, whole numbers in [0, 255]
 */
export function framedLevels(levels: Value, framing: Framing): Value {
  return resized(seenOf(levels, framing, 2), framing);
}

/** @param axis of the height */
function seenOf(photos: Value, { crop = 1, keepProportions = false }: Framing, axis: 1 | 2): Value {
  const whole = crop === 1 && !keepProportions;
  return whole ? photos : centerOf(photos, { share: crop, square: keepProportions }, axis);
}

function resized(pixels: Value, { size, interpolation = "bilinear" }: Framing): Value {
  // Keys's cubic with a = −1/2, which Pillow and torchvision's antialiased one have; ONNX's default is −3/4.
  const filter =
    interpolation === "bicubic" ? ({ mode: "cubic", cubic_coeff_a: -0.5 } as const) : ({ mode: "linear" } as const);
  return clip(round(resize(pixels, size, size, { ...filter, antialias: 1 })), 0, 255);
}

/** What the shorter side of a photo as a whole is shrunk to while it is framed, in pixels. */
export function shrunkTo({ size, crop = 1 }: Framing): number {
  return Math.ceil(size / crop);
}

/** A part of a photo, in pixels. */
export interface PhotoPart {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The part of a photo that is seen: what {@link framedPixels} takes of it. */
export function seenPart(
  { crop = 1, keepProportions = false }: Omit<Framing, "size">,
  { width, height }: { readonly width: number; readonly height: number },
): PhotoPart {
  const shorter = Math.min(width, height);
  const share = (side: number): number => Math.max(1, Math.round((keepProportions ? shorter : side) * crop));
  const [seenWidth, seenHeight] = [share(width), share(height)];
  return {
    left: Math.floor((width - seenWidth) / 2),
    top: Math.floor((height - seenHeight) / 2),
    width: seenWidth,
    height: seenHeight,
  };
}

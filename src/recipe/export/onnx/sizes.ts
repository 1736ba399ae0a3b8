import { UsageError } from "../../../errors/errors.js";
import type { Dim } from "../../../graph/shape.js";
import type { ExportOptions } from "../target.js";

/** Photos larger than this nobody has. */
const largestSide = 100_000;

/** No photo of more pixels is read. */
const mostPixels = 200_000_000;

/** Photos at a time that an input of fixed size takes at most. */
const mostAtOnce = 10_000;

/** The extents of an input that may be open: text where they are. */
export interface InputSizes {
  readonly batch: Dim;
  readonly height: Dim;
  readonly width: Dim;
}

function refuse(option: string, expected: string, received: string): never {
  throw new UsageError(`The option ${option} is not usable.`, { subject: option, expected, received });
}

function batchOf(text: string): Dim {
  if (text.trim().toLowerCase() === "open") return "N";
  const count = /^\d{1,9}$/.test(text.trim()) ? Number(text) : 0;
  return count >= 1 && count <= mostAtOnce
    ? count
    : refuse("--batch", `open, or a number from 1 to ${mostAtOnce}`, text);
}

function sidesOf(text: string): readonly [Dim, Dim] {
  if (text.trim().toLowerCase() === "open") return ["H", "W"];
  const [, first = "", second = first] = /^(\d{1,9})(?:\s*[x×,]\s*(\d{1,9}))?$/i.exec(text.trim()) ?? [];
  const [height, width] = [Number(first), Number(second)];
  const usable = [height, width].every((side) => side >= 1 && side <= largestSide);
  if (usable && height * width > mostPixels) refuse("--size", "at most 200 million pixels, as photos have", text);
  return usable
    ? [height, width]
    : refuse("--size", "open, or height and width in pixels, such as 480x640 or 224", text);
}

/**
 * The sizes that are asked for.
 *
 * @param own side of the pictures that the network takes
 * @throws UsageError for what is no size, and for another one than the network's where nothing resizes
 */
export function inputSizes({ size, batch, withoutPreprocessing = false }: ExportOptions, own: number): InputSizes {
  const [height, width] = sidesOf(size ?? (withoutPreprocessing ? String(own) : "open"));
  if (withoutPreprocessing && (height !== own || width !== own)) {
    refuse("--size", `${own}x${own}: without preprocessing nothing resizes`, size ?? "");
  }
  return { batch: batchOf(batch ?? "open"), height, width };
}

/** Photos at a time, and their sides, with which a file of fixed sizes is tried: more would only take memory. */
const triedAtOnce = 4;
const triedSide = 1024;

/** Fixed sizes that are no larger than it takes to try a file. */
export function triedSizes({ batch, height, width }: InputSizes): InputSizes {
  const atMost = (extent: Dim, most: number): Dim => (typeof extent === "number" ? Math.min(extent, most) : extent);
  return { batch: atMost(batch, triedAtOnce), height: atMost(height, triedSide), width: atMost(width, triedSide) };
}

import { input, type Value } from "../graph/value.js";
import { toChannelsFirst, toChannelsLast } from "../nn/channels.js";
import { clip, round } from "../ops/elementwise.js";
import { cast } from "../ops/layout.js";
import { resize } from "../ops/resampling.js";
import { type Runtime, type Session, Tensor } from "../runtime/runtime.js";
import { createSession } from "../runtime/session.js";
import type { DecodedPhoto } from "./decode.js";

/**
 * Writes the resizing of photos of any size as a graph: linear, smoothed while shrinking, rounded to whole levels. Aspect
 * ratios are not kept, as in Keras. Training and the exported classifier use this same graph, so what is shipped sees the
 * pixels that were trained on.
 *
 * @param photos `[N, H, W, 3]` uint8
 * @param size height and width of the result, in pixels
 * @returns `[N, 3, size, size]` float32, whole numbers in [0, 255]
 */
export function resizedPixels(photos: Value, size: number): Value {
  const pixels = toChannelsFirst(cast(photos, "float32"));
  return clip(round(resize(pixels, size, size, { mode: "linear", antialias: 1 })), 0, 255);
}

/** Resizes decoded photos on the engine. */
export class PhotoResizer {
  private constructor(
    private readonly session: Session,
    readonly size: number,
  ) {}

  /** @param size height and width of the results, in pixels */
  static async create(runtime: Runtime, size: number): Promise<PhotoResizer> {
    const photo = input("photo", "uint8", ["N", "H", "W", 3]);
    const resized = cast(toChannelsLast(resizedPixels(photo, size)), "uint8");
    return new PhotoResizer(await createSession(runtime, { resized }), size);
  }

  /** `[size, size, 3]` uint8 of a photo. */
  async resize({ width, height, data }: DecodedPhoto): Promise<Uint8Array> {
    const { resized } = await this.session.run({ photo: new Tensor("uint8", data, [1, height, width, 3]) });
    return resized?.data as Uint8Array;
  }

  /** Frees the session. */
  async release(): Promise<void> {
    await this.session.release();
  }
}

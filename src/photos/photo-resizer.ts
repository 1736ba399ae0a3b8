import { input } from "../graph/value.js";
import { toChannelsLast } from "../nn/channels.js";
import { cast } from "../ops/layout.js";
import { type Runtime, type Session, Tensor } from "../runtime/runtime.js";
import { createSession } from "../runtime/session.js";
import type { DecodedPhoto } from "./decode.js";
import { framedPixels, type Framing } from "./framing.js";

/** Bytes that framing takes for each pixel of a photo: its levels as numbers of 4 bytes, channels last and first. */
export const bytesWhileResized = 24;

/** Frames decoded photos on the engine. */
export class PhotoResizer {
  private constructor(private readonly session: Session) {}

  static async create(runtime: Runtime, framing: Framing): Promise<PhotoResizer> {
    const photo = input("photo", "uint8", ["N", "H", "W", 3]);
    const resized = cast(toChannelsLast(framedPixels(photo, framing)), "uint8");
    return new PhotoResizer(await createSession(runtime, { resized }));
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

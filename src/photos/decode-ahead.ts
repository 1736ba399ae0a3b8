import type { DecodedPhoto } from "./decode.js";
import { PhotoError } from "./photo-error.js";
import { decodePool } from "./decode-pool.js";
import { processors } from "../runtime/node/processors.js";
import type { PhotoInFile } from "./photo.js";
import { workAhead } from "../runtime/work-ahead.js";

/** A photo, or why there is none. */
export type Decoded<Item> =
  { readonly item: Item; readonly photo: DecodedPhoto } | { readonly item: Item; readonly reason: string };

/** Decoded photos that wait may take this much memory, in bytes, unless a single one is larger. */
const most = 2 ** 28;

/** What a photo is taken to be before any is decoded: 12 megapixels. */
const usualBytes = 36e6;

/** How photos are decoded ahead. */
export interface DecodeAheadOptions {
  /** Height and width in pixels that photos will be resized to; default unknown, which keeps their size. */
  readonly resizedTo?: number | undefined;
  /** How many may be decoded and not yet taken; default four for each thread that decodes, fewer where photos are large. */
  readonly ahead?: number;
}

/**
 * Decodes photos in their order on threads of their own, some ahead of the one that is being looked at, so that the engine
 * does not wait.
 *
 * @param items what to decode
 */
export async function* decodeAhead<Item extends PhotoInFile>(
  items: readonly Item[],
  { resizedTo, ahead = 4 * processors().threads }: DecodeAheadOptions = {},
): AsyncGenerator<Decoded<Item>> {
  const options = resizedTo === undefined ? {} : { resizedTo };
  let largest = usualBytes;
  let taken = 0;
  const decode = async (item: Item): Promise<Decoded<Item>> => {
    try {
      return { item, photo: await decodePool.run({ kind: "decode", path: item.path, hash: item.hash, options }) };
    } catch (error) {
      if (error instanceof PhotoError) return { item, reason: error.reason };
      throw error;
    }
  };
  const room = (): number => Math.min(ahead, Math.floor(most / largest));
  for await (const decoded of workAhead(items, decode, room)) {
    const bytes = "photo" in decoded ? decoded.photo.data.byteLength : 0;
    largest = taken++ === 0 ? bytes : Math.max(largest, bytes);
    yield decoded;
  }
}

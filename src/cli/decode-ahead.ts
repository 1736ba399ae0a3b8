import { type DecodedPhoto, decodePhoto, PhotoError } from "../data/decode.js";
import { processors } from "../runtime/node-processors.js";

/** A photo, or why there is none. */
export type Decoded<Item> =
  { readonly item: Item; readonly photo: DecodedPhoto } | { readonly item: Item; readonly reason: string };

/**
 * Decodes photos in their order, some ahead of the one that is being looked at, so that the engine does not wait.
 *
 * @param items what to decode
 * @param ahead how many may be decoded and not yet taken; each takes three bytes a pixel
 */
export async function* decodeAhead<Item extends { readonly path: string }>(
  items: readonly Item[],
  ahead = processors().threads + 1,
): AsyncGenerator<Decoded<Item>> {
  const decode = async (item: Item): Promise<Decoded<Item>> => {
    try {
      return { item, photo: await decodePhoto(item.path) };
    } catch (error) {
      if (error instanceof PhotoError) return { item, reason: error.reason };
      throw error;
    }
  };
  const queue = items.values();
  const waiting: Promise<Decoded<Item>>[] = [];
  const begin = (): void => {
    const next = queue.next();
    if (next.done === true) return;
    const decoding = decode(next.value);
    // An error is thrown when its turn comes; until then Node must not take it for a forgotten one.
    decoding.catch(() => undefined);
    waiting.push(decoding);
  };
  for (let count = 0; count < ahead; count++) begin();
  for (let decoding = waiting.shift(); decoding !== undefined; decoding = waiting.shift()) {
    const decoded = await decoding;
    begin();
    yield decoded;
  }
}

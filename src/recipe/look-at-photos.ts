import { workAhead } from "../runtime/work-ahead.js";
import type { Classifier, Prediction } from "./classifier.js";
import { type Decoded, decodeAhead } from "../photos/decode-ahead.js";
import type { PhotoRoot } from "../photos/photo-root.js";
import { photoMemory } from "../photos/photo-memory.js";
import { bytesWhileResized } from "../photos/photo-resizer.js";

/** What a classifier says of a photo, or why it could not look at it. */
export type Looked<Item> = (Prediction & { readonly item: Item }) | { readonly item: Item; readonly reason: string };

/**
 * Lets a classifier look at photos, and gives what it says in their order.
 *
 * @param classifier an open one
 * @param items the photos
 * @param root the folder that all of them lie in: when it goes, none is named for that
 * @throws PhotosGoneError when that folder has gone
 * @throws EngineError when the engine fails
 */
export async function* lookAtPhotos<Item extends { readonly path: string }>(
  classifier: Classifier,
  items: readonly Item[],
  root?: PhotoRoot,
): AsyncGenerator<Looked<Item>> {
  const look = async (decoded: Decoded<Item>): Promise<Looked<Item>> => {
    if ("reason" in decoded) {
      await root?.check(decoded.item.path);
      return decoded;
    }
    const { item, photo } = decoded;
    // The classifier resizes it.
    const giveBack = await photoMemory.take(photo.width * photo.height * bytesWhileResized);
    try {
      return { item, ...(await classifier.predict(photo, true)) };
    } finally {
      giveBack();
    }
  };
  const { atOnce, shrinksTo: resizedTo } = classifier;
  // Where several work at once, one photo lies ready for each.
  yield* workAhead(decodeAhead(items, { resizedTo }), look, () => (atOnce === 1 ? 1 : 2 * atOnce));
}

import { workAhead } from "../runtime/work-ahead.js";
import type { Classifier, Prediction } from "./classifier.js";
import { type Decoded, decodeAhead } from "../photos/decode-ahead.js";

/** What a classifier says of a photo, or why it could not look at it. */
export type Looked<Item> = (Prediction & { readonly item: Item }) | { readonly item: Item; readonly reason: string };

/**
 * Lets a classifier look at photos, and gives what it says in their order.
 *
 * @param classifier an open one
 * @param items the photos
 * @throws EngineError when the engine fails
 */
export async function* lookAtPhotos<Item extends { readonly path: string }>(
  classifier: Classifier,
  items: readonly Item[],
): AsyncGenerator<Looked<Item>> {
  const look = async (decoded: Decoded<Item>): Promise<Looked<Item>> =>
    "reason" in decoded ? decoded : { item: decoded.item, ...(await classifier.predict(decoded.photo, true)) };
  const { atOnce, shrinksTo: resizedTo } = classifier;
  // Where several work at once, one photo lies ready for each.
  yield* workAhead(decodeAhead(items, { resizedTo }), look, () => (atOnce === 1 ? 1 : 2 * atOnce));
}

import { PhotoError } from "../data/decode.js";
import { processors } from "../runtime/node-processors.js";
import type { Classifier } from "../training/classifier.js";
import { ClassifierThreads, divideCores } from "../training/classifier-threads.js";
import { decodeAhead } from "./decode-ahead.js";
import { workAhead } from "./work-ahead.js";

/** What a classifier says of a photo, or why it could not look at it. */
export type Looked<Item> =
  { readonly item: Item; readonly probabilities: Float32Array } | { readonly item: Item; readonly reason: string };

/** Fewer photos are looked at by the time that threads have opened their copies of the network. */
const worthThreads = 40;

async function* lookHere<Item extends { readonly path: string }>(
  classifier: Classifier,
  items: readonly Item[],
): AsyncGenerator<Looked<Item>> {
  for await (const decoded of decodeAhead(items, { resizedTo: classifier.imageSize })) {
    if ("reason" in decoded) yield decoded;
    else yield { item: decoded.item, probabilities: await classifier.predict(decoded.photo) };
  }
}

async function* lookOnThreads<Item extends { readonly path: string }>(
  threads: ClassifierThreads,
  items: readonly Item[],
  copies: number,
): AsyncGenerator<Looked<Item>> {
  const look = async (item: Item): Promise<Looked<Item>> => {
    try {
      return { item, probabilities: await threads.look(item.path) };
    } catch (error) {
      if (error instanceof PhotoError) return { item, reason: error.reason };
      throw error;
    }
  };
  try {
    yield* workAhead(items, look, () => 4 * copies);
  } finally {
    await threads.end();
  }
}

/**
 * Lets a classifier look at photos, and gives what it says in their order. Many photos are looked at by several copies of the
 * network at once, where it runs on the processor.
 *
 * @param classifier an open one
 * @param items the photos
 * @throws EngineError when the engine fails
 */
export function lookAtPhotos<Item extends { readonly path: string }>(
  classifier: Classifier,
  items: readonly Item[],
): AsyncGenerator<Looked<Item>> {
  const { file, bytes, device } = classifier.source;
  const { copies, cores } = divideCores(bytes, processors().cores ?? processors().threads);
  return device === "cpu" && copies > 1 && items.length >= worthThreads
    ? lookOnThreads(new ClassifierThreads(copies, { file, cores }), items, copies)
    : lookHere(classifier, items);
}

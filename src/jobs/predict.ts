import { FileError } from "../errors/errors.js";
import { namedRecord } from "../errors/named-record.js";
import { count } from "../errors/words.js";
import { decodePhoto } from "../photos/decode.js";
import { namedPhotos, photoOrList } from "../photos/named-photos.js";
import { PhotoError } from "../photos/photo-error.js";
import { readableFormats } from "../photos/photo-format.js";
import type { Classifier } from "../recipe/classifier.js";
import { type Looked, lookAtPhotos } from "../recipe/look-at-photos.js";
import { mostProbable } from "../report/most-probable.js";
import type { JobEvent } from "./events.js";
import { type JobContext, openDevice } from "./job.js";
import { predictionFacts } from "./prediction-facts.js";

/** What `graft predict` is asked for. */
export interface PredictRequest {
  /** A run folder, or a `model.onnx`. */
  readonly model: string;
  /** Files, folders and patterns; `-` for what `input` holds. */
  readonly photos: readonly string[];
  /** What came on the standard input: a photo, or a list of paths. */
  readonly input?: Uint8Array | undefined;
  /** How many of the most probable labels each prediction lists; default none. */
  readonly top?: number | undefined;
  readonly device: string;
  /** Told of the classes, and of the photos' paths, before the first photo is looked at. */
  readonly onBegin?: (labels: readonly string[], paths: readonly string[]) => void;
}

/** A photo to look at: in a file, or what came on the standard input. */
interface Asked {
  readonly path: string;
  readonly bytes?: Uint8Array;
}

/** All photos that were asked for, in order. */
async function photosOf({ photos, input }: PredictRequest): Promise<readonly Asked[]> {
  const all: Asked[] = [];
  for (const word of photos) {
    if (word !== "-" || input === undefined) {
      for (const path of await namedPhotos([word])) all.push({ path });
      continue;
    }
    const given = photoOrList(input);
    if ("photo" in given) all.push({ path: word, bytes: given.photo });
    else for (const path of given.paths) all.push({ path });
  }
  return all;
}

/** Looks at photos in their order, wherever they come from. */
async function* lookAtAll(classifier: Classifier, photos: readonly Asked[]): AsyncGenerator<Looked<Asked>> {
  const inFiles = photos.filter(({ bytes }) => bytes === undefined);
  const looked = lookAtPhotos(classifier, inFiles)[Symbol.asyncIterator]();
  try {
    for (const item of photos) {
      if (item.bytes !== undefined) yield await lookAtInput(classifier, item, item.bytes);
      else {
        const next = await looked.next();
        if (next.done !== true) yield next.value;
      }
    }
  } finally {
    await looked.return(undefined);
  }
}

async function lookAtInput(classifier: Classifier, item: Asked, bytes: Uint8Array): Promise<Looked<Asked>> {
  const { shrinksTo: resizedTo } = classifier;
  try {
    const photo = await decodePhoto(bytes, { name: item.path, ...(resizedTo === undefined ? {} : { resizedTo }) });
    return { item, ...(await classifier.predict(photo, true)) };
  } catch (error) {
    if (error instanceof PhotoError) return { item, reason: error.reason };
    throw error;
  }
}

/** What was found on all photos together. */
interface Tally {
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
  /** Photos by the label that they were given, in the order of the classes. */
  readonly byClass: readonly number[];
  /** Photos that are like nothing that was learned from; `undefined` where the classifier does not say which are. */
  readonly foreign: number | undefined;
}

/** Looks at the photos, and tells what is on each. */
async function look(
  classifier: Classifier,
  { photos, top }: { readonly photos: readonly Asked[]; readonly top: number | undefined },
  emit: (event: JobEvent) => void,
): Promise<Tally> {
  const { labels } = classifier;
  const byClass = labels.map(() => 0);
  let strange = 0;
  const skipped: { path: string; reason: string }[] = [];
  for await (const looked of lookAtAll(classifier, photos)) {
    const { path } = looked.item;
    if ("reason" in looked) {
      const { reason } = looked;
      skipped.push({ path, reason });
      emit({ event: "skipped", path, reason });
      continue;
    }
    const best = mostProbable(looked.probabilities);
    byClass[best] = (byClass[best] ?? 0) + 1;
    if (looked.foreign === true) strange++;
    emit({ event: "prediction", path, ...predictionFacts(classifier, looked, top) });
  }
  return { skipped, byClass, foreign: classifier.distanceThreshold === undefined ? undefined : strange };
}

/**
 * Says what is on photos; those that cannot be read are named and left out.
 *
 * @throws UsageError for a folder without photos, and for a pattern that nothing fits
 * @throws FileError when the classifier, or each of the photos, cannot be read
 */
export async function predict(request: PredictRequest, context: JobContext): Promise<void> {
  const { emit, parts } = context;
  const { model, device, top, onBegin } = request;
  const runtime = await openDevice(device, context);
  const photos = await photosOf(request);
  const classifier = await parts.openClassifier(runtime, model, photos.length);
  try {
    const { labels } = classifier;
    onBegin?.(
      labels,
      photos.map(({ path }) => path),
    );
    const { skipped, byClass, foreign } = await look(classifier, { photos, top }, emit);
    const [first] = skipped;
    if (first !== undefined && skipped.length === photos.length) {
      if (photos.length === 1) throw new PhotoError(first.path, first.reason);
      throw new FileError("No photo could be used.", {
        subject: first.path,
        expected: `at least one ${readableFormats}`,
        received: `${count(photos.length, "file")} that cannot be used, such as ${first.path} (${first.reason})`,
      });
    }
    emit({
      event: "done",
      command: "predict",
      photos: photos.length - skipped.length,
      skipped: skipped.length,
      by_class: namedRecord(labels.map((name, index) => [name, byClass[index] ?? 0])),
      foreign,
      device: runtime.device,
    });
  } finally {
    await classifier.release();
  }
}

import type { BigIntStats } from "node:fs";
import { lstat, stat } from "node:fs/promises";
import { join } from "node:path";
import { FileError, GraftError, UsageError } from "../errors/errors.js";
import { namedRecord } from "../errors/named-record.js";
import { quotedList } from "../errors/words.js";
import { errorCode, fileSystemError } from "../files/file-system-errors.js";
import { lookAtFile, placeFile, type Placing } from "../files/place-file.js";
import { realPlace, watchFolder } from "../photos/watch-folder.js";
import { type Looked, lookAtPhotos } from "../recipe/look-at-photos.js";
import { mostProbable } from "../report/most-probable.js";
import { openDevice, type StoppableContext } from "./job.js";
import { predictionFacts } from "./prediction-facts.js";

/** What `graft watch` is asked for. */
export interface WatchRequest {
  /** A run folder, or a `model.onnx`. */
  readonly model: string;
  /** The folder that photos come into. */
  readonly directory: string;
  /** Whether photos that are there already are named too. */
  readonly all: boolean;
  /** Where photos go to, one folder per class; default nowhere. */
  readonly sort?: { readonly how: Placing; readonly to: string } | undefined;
  readonly device: string;
}

/** A photo that has come, and what its file was when it was looked at. */
interface Come {
  readonly path: string;
  readonly seen: BigIntStats | undefined;
}

/** What was said of a photo, and where it has gone, or why it has not. */
interface Placed {
  readonly looked: Looked<Come>;
  readonly placed?: string;
  readonly warning?: string;
}

/**
 * Photos that have come together go to their places together, after so long at most, in ms: whenever one goes, chokidar looks at all
 * others of its folder, and whoever reads a photo meanwhile waits for that.
 */
const longestUnplaced = 2000;

/** Names that are no folder's name on some system, or more than one folder. */
const noFolder = /^(?:con|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³])(?:\..*)?$|[/\\\p{Cc}<>:"|?*]|[. ]$|^$/iu;

/** Labels are a file's words: none of them may lead out of the folder. */
function checkLabels(labels: readonly string[], to: string): void {
  const unfit = labels.filter((label) => noFolder.test(label) || Buffer.byteLength(label) > 200);
  if (unfit.length === 0) return;
  throw new UsageError("Photos cannot be sorted by these classes: their names are no names of folders.", {
    subject: to,
    expected: "a name without / and other signs that folders' names cannot have",
    received: quotedList(unfit),
    advice: "Without --move and --link photos are named only; to sort them, train with other names of folders.",
  });
}

async function checkDirectory({ directory, sort }: WatchRequest): Promise<void> {
  const entry = await stat(directory).catch((cause: unknown) => {
    throw fileSystemError(cause, directory, "read");
  });
  if (!entry.isDirectory()) {
    throw new FileError(`${directory} is no folder.`, {
      subject: directory,
      expected: "the folder that photos come into",
      received: "a file",
      advice: "To name one photo: graft predict MODEL PHOTO.",
    });
  }
  if (sort !== undefined) await checkApart(directory, sort.to, sort);
}

/** Links are followed: photos that went to where they come from would come, and go, for ever. */
async function checkApart(
  directory: string,
  target: string,
  { how }: NonNullable<WatchRequest["sort"]>,
): Promise<void> {
  if ((await realPlace(target)) !== (await realPlace(directory))) return;
  throw new UsageError("Photos cannot go to where they come from.", {
    subject: `--${how}`,
    expected:
      "a place whose folders of classes are others than the folder that is watched; it may be in it, or around it",
    received: target,
  });
}

/**
 * Names photos as they come into a folder, until its signal says to stop, and puts them into folders by class where that is asked for.
 * What cannot be read is told, and looked at again when it changes; what is like nothing that was learned from stays where it is.
 *
 * @throws UsageError when photos cannot be sorted by the classifier's labels
 * @throws FileError when the classifier cannot be read, or the folder goes
 */
export async function watch(request: WatchRequest, context: StoppableContext): Promise<void> {
  const { model, directory, all, sort, device } = request;
  const { emit, now, parts, signal } = context;
  await checkDirectory(request);
  const runtime = await openDevice(device, context);
  const classifier = await parts.openClassifier(runtime, model, 1);
  const { labels } = classifier;
  const byClass = labels.map(() => 0);
  const tally = { photos: 0, skipped: 0, foreign: 0 };
  try {
    const targets = sort === undefined ? [] : labels.map((label) => join(sort.to, label));
    if (sort !== undefined) {
      checkLabels(labels, sort.to);
      for (const target of targets) await checkApart(directory, target, sort);
    }
    const except = sort === undefined ? [] : [sort.to, ...targets];
    const onBegin = (there: number): void => {
      emit({ event: "watching", directory, there });
    };
    const onForbidden = (path: string): void => {
      const message = `${path} is not watched: there is no permission to look into it.`;
      emit({ event: "warning", code: "not-watched", message });
    };
    const place = async (looked: Looked<Come>): Promise<Placed> => {
      if (sort === undefined || "reason" in looked || looked.foreign === true) return { looked };
      const label = labels[mostProbable(looked.probabilities)] ?? "";
      return { looked, ...(await placeOf(looked.item, { ...sort, label })) };
    };
    const tell = ({ looked, placed, warning }: Placed): void => {
      const { path } = looked.item;
      if ("reason" in looked) {
        tally.skipped++;
        emit({ event: "skipped", path, reason: looked.reason });
        return;
      }
      const best = mostProbable(looked.probabilities);
      tally.photos++;
      byClass[best] = (byClass[best] ?? 0) + 1;
      if (looked.foreign === true) tally.foreign++;
      if (warning !== undefined) emit({ event: "warning", code: "not-placed", message: warning });
      emit({ event: "prediction", path, ...predictionFacts(classifier, looked), placed });
    };
    for await (const paths of watchFolder(directory, { all, except, signal, onBegin, onForbidden })) {
      const photos = await Promise.all(
        paths.map(async (path) => ({
          path,
          seen: sort === undefined ? undefined : await lookAtFile(path).catch(() => undefined),
        })),
      );
      let since = now();
      let looked: Looked<Come>[] = [];
      const placeAll = async (): Promise<void> => {
        for (const placed of await Promise.all(looked.map(place))) tell(placed);
        looked = [];
        since = now();
      };
      for await (const one of lookAtPhotos(classifier, photos)) {
        looked.push(one);
        if (sort === undefined || now() - since > longestUnplaced || signal.aborted) await placeAll();
        if (signal.aborted) break;
      }
      await placeAll();
    }
    emit({
      event: "done",
      command: "watch",
      photos: tally.photos,
      skipped: tally.skipped,
      by_class: namedRecord(labels.map((name, index) => [name, byClass[index] ?? 0])),
      foreign: classifier.distanceThreshold === undefined ? undefined : tally.foreign,
      device: runtime.device,
    });
  } finally {
    await classifier.release();
  }
}

/** Puts a photo where it belongs; one that cannot be put there stays, and the watching goes on. */
async function placeOf(
  { path, seen }: Come,
  { how, to, label }: NonNullable<WatchRequest["sort"]> & { readonly label: string },
): Promise<{ readonly placed?: string; readonly warning?: string }> {
  try {
    return { placed: await placeFile(path, join(to, label), how, seen) };
  } catch (error) {
    if (!(error instanceof GraftError)) throw error;
    const warning = (await isThere(path))
      ? `${path} stays where it is: ${error.message}`
      : `${path} has gone before it could be put into ${join(to, label)}: somebody else has moved or removed it.`;
    return { warning };
  }
}

/** Whether a file is still there; where that cannot be told, it is taken to be. */
async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (cause: unknown) => errorCode(cause) !== "ENOENT",
  );
}

import { join } from "node:path";
import { FileError } from "../errors/errors.js";
import { count } from "../errors/words.js";
import { shellWord } from "../errors/shell-word.js";
import { PhotoError } from "../photos/photo-error.js";
import { photoHash } from "../photos/photo-identity.js";
import { pathWithin } from "../photos/prepare-photos.js";
import type { CountedSet, EqualPhotos, ReportData } from "../report/html/report-data.js";
import type { SaidOfPhoto } from "../report/said-of-photo.js";
import { readPhotoList } from "../runs/photo-list.js";
import { readPredictions } from "../runs/predictions.js";
import type { RunRecord } from "../runs/run-record.js";
import { type EvaluateRequest, measureFolder } from "./evaluate.js";
import type { PhotoSource } from "./events.js";
import type { JobContext } from "./job.js";

/** What a report is made of: what measured, and all photos that are known. Paths are within the folder of photos, with `/`. */
export interface MeasuredSource extends Pick<ReportData, "equal" | "skipped" | "sets"> {
  readonly directory: string;
  /** A noun phrase, and a sentence about them. */
  readonly photos: string;
  readonly how: string;
  readonly said: readonly SaidOfPhoto[];
  /** What was said of photos by classifiers that had not learned from them. */
  readonly unlearned: readonly SaidOfPhoto[];
  /** Whether it is not what the run itself was measured with. */
  readonly isAnother: boolean;
  /** Photos of each class. */
  readonly byClass: readonly (readonly string[])[];
  /** Where a photo is, and the hash that it must have; `undefined` where that is not known. */
  readonly place: (path: string) => { readonly path: string; readonly hash?: string | undefined } | undefined;
}

/**
 * What a run was measured with: its test photos, else those that were held out.
 *
 * @throws FileError when the run does not say it
 */
export async function measuredInRun(run: string, record: RunRecord): Promise<MeasuredSource> {
  const { classes, directory, skipped } = record.data;
  const predictions = await readPredictions(run, classes);
  if (predictions === undefined) {
    throw new FileError(`The run ${run} does not say what it has said of photos.`, {
      subject: run,
      expected: "predictions.jsonl beside run.json",
      received: "no such file: the run is of an earlier version, or the file was removed",
      advice: `Measure it anew: graft report ${shellWord(run, process.platform)} --photos DIR`,
    });
  }
  const { split, inputs } = record;
  const list = inputs === undefined ? undefined : await readPhotoList(run, inputs.photos_sha256);
  const hashes = new Map(list === undefined ? [] : [...list.training, ...list.validation, ...list.test]);
  const { test, "held-out": held } = predictions;
  const classOf = classFinder(classes, [...split.training, ...split.validation, ...split.test]);
  const drawn = split.division === "drawn";
  return {
    directory,
    ...(test.length > 0
      ? { photos: "test photos", how: "They were kept apart: nothing was learned or chosen with them." }
      : { photos: "photos that were held out", how: heldOutWords(drawn, held, split.learned_from) }),
    said: test.length > 0 ? test : held,
    unlearned: [...held, ...test],
    isAnother: false,
    equal: equalPhotos(hashes, classOf, setFinder(split)),
    skipped,
    sets: [
      countedSet("to train with", split.training, classOf, classes.length),
      countedSet(drawn ? "to validate with (drawn)" : "to validate with", split.validation, classOf, classes.length),
      ...(split.test.length > 0 ? [countedSet("to test with", split.test, classOf, classes.length)] : []),
    ],
    byClass: byClass([...split.training, ...split.validation], classOf, classes.length),
    // A run folder may be a stranger's: no picture is shown but of a photo that it has seen.
    place: (path) => {
      const hash = hashes.get(path);
      return hash === undefined || !staysWithin(path) ? undefined : { path: join(directory, path), hash };
    },
  };
}

/**
 * How it comes that photos measure which were held out.
 *
 * @param learned what the classifier that was kept has learned from, where the record says it: not always what has measured it
 */
function heldOutWords(drawn: boolean, held: readonly SaidOfPhoto[], learned: readonly string[] | undefined): string {
  if (!drawn) return "They were judged before anything was learned from them.";
  const known = new Set(learned);
  const all = held.every(({ path }) => known.has(path));
  return `Each was judged by a classifier that had not learned from it${all ? "; the one that was kept has learned from all of them." : "."}`;
}

const setWords: Readonly<Record<PhotoSource["set"], string>> = {
  test: "test photos",
  validation: "validation photos",
  all: "photos",
  "held-out": "photos that it has not learned from",
};

/**
 * Measures a run's classifier with the photos of a folder.
 *
 * @throws UsageError when the folder has classes that the classifier does not have
 * @throws FileError when the classifier or all of the photos cannot be read
 */
export async function measuredAnew(request: EvaluateRequest, context: JobContext): Promise<MeasuredSource> {
  const { directory } = request;
  const { said: absolute, source, isLearned, skipped, evaluation } = await measureFolder(request, context);
  const said = absolute.map((photo) => ({ ...photo, path: pathWithin(directory, photo.path) }));
  const truths = new Map(said.map(({ path, truth }) => [path, truth]));
  const classOf = (path: string): number | undefined => truths.get(path);
  const paths = said.map(({ path }) => path);
  const hashes = new Map<string, string>();
  for (const path of paths) {
    const hash = await photoHash(join(directory, path)).catch((error: unknown) => {
      // It has gone since.
      if (error instanceof PhotoError) return undefined;
      throw error;
    });
    if (hash !== undefined) hashes.set(path, hash);
  }
  const classes = evaluation.perClass.length;
  const present = evaluation.perClass.filter(({ photos }) => photos > 0).length;
  const part = present === classes ? "" : `, and of ${present} of its ${count(classes, "class", "classes")} only`;
  return {
    directory,
    photos: setWords[source.set],
    how: isLearned
      ? "It has learned from these photos: of others this says nothing."
      : `They are those of ${source.directory}${part}.`,
    said,
    unlearned: isLearned ? [] : said,
    isAnother: true,
    equal: equalPhotos(hashes, classOf, () => "measured"),
    skipped: skipped.map(({ path, reason }) => ({ path: pathWithin(directory, path), reason })),
    sets: [countedSet("measured", paths, classOf, classes)],
    byClass: byClass(paths, classOf, classes),
    place: (path) => ({ path: join(directory, path), hash: hashes.get(path) }),
  };
}

/** Whether a path of a file of strangers stays in the folder that it is joined to. */
function staysWithin(path: string): boolean {
  return !/^(?:[\\/]|[a-z]:)/i.test(path) && !path.split(/[\\/]/).includes("..");
}

/** Which class a photo is of: the folder of classes is the first of its path, or the one in the folder of its set. */
function classFinder(classes: readonly string[], paths: readonly string[]): (path: string) => number | undefined {
  const numbers = new Map(classes.map((name, index) => [name.normalize("NFC"), index]));
  const at = (path: string, depth: number): number | undefined =>
    numbers.get((path.split("/")[depth] ?? "").normalize("NFC"));
  const depth = paths.every((path) => at(path, 0) !== undefined) ? 0 : 1;
  return (path) => at(path, depth);
}

function setFinder({ training, validation, test, division }: RunRecord["split"]): (path: string) => string | undefined {
  // What was drawn has its copies on one side.
  const learned = division === "drawn" ? [...training, ...validation] : training;
  const sets = new Map(learned.map((path) => [path, "training"]));
  if (division !== "drawn") for (const path of validation) sets.set(path, "validation");
  for (const path of test) sets.set(path, "test");
  return (path) => sets.get(path);
}

function countedSet(
  name: string,
  paths: readonly string[],
  classOf: (path: string) => number | undefined,
  classes: number,
): CountedSet {
  const counts = Array.from({ length: classes }, () => 0);
  for (const path of paths) {
    const index = classOf(path);
    if (index !== undefined) counts[index] = (counts[index] ?? 0) + 1;
  }
  return { name, counts };
}

function byClass(
  paths: readonly string[],
  classOf: (path: string) => number | undefined,
  classes: number,
): readonly (readonly string[])[] {
  const lists = Array.from({ length: classes }, (): string[] => []);
  for (const path of paths) {
    const index = classOf(path);
    if (index !== undefined) lists[index]?.push(path);
  }
  return lists;
}

/** Photos with the same bytes, those that do harm first. */
function equalPhotos(
  hashes: ReadonlyMap<string, string>,
  classOf: (path: string) => number | undefined,
  setOf: (path: string) => string | undefined,
): readonly EqualPhotos[] {
  const groups = new Map<string, string[]>();
  for (const [path, hash] of hashes) {
    const group = groups.get(hash);
    if (group === undefined) groups.set(hash, [path]);
    else group.push(path);
  }
  const differs = (paths: readonly string[], of: (path: string) => unknown): boolean =>
    paths.some((path) => of(path) !== of(paths[0] ?? ""));
  return [...groups.values()]
    .filter((paths) => paths.length > 1)
    .map((paths): EqualPhotos => ({
      paths,
      harm: differs(paths, classOf) ? "labels" : differs(paths, setOf) ? "sets" : undefined,
    }))
    .sort((a, b) => Number(a.harm === undefined) - Number(b.harm === undefined));
}

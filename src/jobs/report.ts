import { basename, join, resolve } from "node:path";
import { FileError } from "../errors/errors.js";
import { shellWord } from "../errors/shell-word.js";
import { writeFileAtomically } from "../files/atomic-write.js";
import { writeNewFile } from "../files/new-file.js";
import { photoSize } from "../photos/photo-size.js";
import { cellsOf, doubtfulLabels, leastSure, worstMistakes } from "../report/chosen-photos.js";
import { evaluation } from "../report/confusion.js";
import type { ReportData } from "../report/html/report-data.js";
import { reportPage } from "../report/html/report-page.js";
import { rowsOfSaid } from "../report/said-of-photo.js";
import { readHistory } from "../runs/history-csv.js";
import { runFiles } from "../runs/run-files.js";
import { readRunRecord, type RunRecord } from "../runs/run-record.js";
import { workAhead } from "../runtime/work-ahead.js";
import { processors } from "../runtime/node/processors.js";
import type { JobEvent } from "./events.js";
import { type JobContext, openDevice } from "./job.js";
import { factsOf } from "./report-facts.js";
import { reportPictures } from "./report-pictures.js";
import { measuredAnew, measuredInRun, type MeasuredSource } from "./report-source.js";

/** What `graft report` is asked for. */
export interface ReportRequest {
  /** A run folder. */
  readonly run: string;
  /** Folder of photos to measure with; default those that the run was measured with. */
  readonly photos: string | undefined;
  /** Path of the page; default `report.html` of the run, and with `photos` a new file beside it. */
  readonly out: string | undefined;
  readonly device: string;
}

/** How much a page shows. */
const most = {
  mistakes: 12,
  unsure: 12,
  /** Pictures of a cell of mistakes, and of one that is right. */
  wrong: 24,
  right: 12,
  doubtful: 60,
  /** Pictures of a class, and of all classes. */
  samples: 6,
  allSamples: 240,
  /** Photos whose size is looked at. */
  sizes: 500,
};

/**
 * Writes the report of a run: one page with its figures, curves, mistakes and photos.
 *
 * @throws UsageError when the folder has classes that the classifier does not have
 * @throws FileError when the run, or the photos to measure with, cannot be read, or the page cannot be written
 */
export async function report(request: ReportRequest, context: JobContext): Promise<string> {
  const { run, photos, out } = request;
  const record = await readRunRecord(run);
  const warnings: string[] = [];
  const emit = (event: JobEvent): void => {
    if (event.event === "warning") warnings.push(event.message);
    context.emit(event);
  };
  const source =
    photos === undefined
      ? await measuredInRun(run, record)
      : await measuredAnew(
          { model: run, directory: photos, isPart: true, device: request.device },
          { ...context, emit },
        );
  const data = await dataOf(request, record, source, warnings, { ...context, emit });
  if (data === undefined) throw new TypeError("Nobody has stopped it.");
  const page = reportPage(data);
  const file = await written(page, { run, photos, out });
  const { evaluation: figures } = data.measured;
  context.emit({
    event: "done",
    command: "report",
    report: file,
    photos: figures.photos,
    accuracy: figures.accuracy,
    accuracy_interval: figures.accuracyInterval,
  });
  return file;
}

/**
 * Writes the report of a run that has just ended.
 *
 * @returns its path; `undefined` where it was stopped
 * @throws FileError when it cannot be written
 */
export async function reportOfTraining(
  run: string,
  context: JobContext & { readonly signal: AbortSignal },
): Promise<string | undefined> {
  const record = await readRunRecord(run);
  const source = await measuredInRun(run, record);
  const request = { run, photos: undefined, out: undefined, device: record.device };
  const data = await dataOf(request, record, source, [], context);
  if (data === undefined) return undefined;
  const file = join(run, runFiles.report);
  await writeFileAtomically(file, reportPage(data));
  return file;
}

async function written(page: string, { run, photos, out }: Omit<ReportRequest, "device">): Promise<string> {
  if (out !== undefined) return writeNewFile(out, page);
  if (photos !== undefined) return writeNewFile(join(run, `report-${basename(resolve(photos))}.html`), page);
  // It is the run's own, made again.
  const file = join(run, runFiles.report);
  await writeFileAtomically(file, page);
  return file;
}

/** @returns `undefined` where it was stopped */
async function dataOf(
  { run, device }: ReportRequest,
  record: RunRecord,
  source: MeasuredSource,
  warnings: readonly string[],
  context: JobContext & { readonly signal?: AbortSignal },
): Promise<ReportData | undefined> {
  const { emit, parts, signal } = context;
  const { classes } = record.data;
  const { said, place } = source;
  const rows = rowsOfSaid(said, classes.length);
  const figures = evaluation(classes, rows.truth, rows.probabilities);
  if (figures.photos === 0) {
    throw new FileError(`Nothing is known of photos that measure ${run}.`, {
      subject: run,
      expected: "photos that it was measured with",
      received: "none",
      advice: `Name photos: graft report ${shellWord(run, process.platform)} --photos DIR`,
    });
  }
  const mistakes = worstMistakes(said, most.mistakes);
  const worst = new Set(mistakes);
  const unsure = leastSure(
    said.filter((photo) => !worst.has(photo)),
    most.unsure,
  );
  const doubtful = doubtfulLabels(source.unlearned);
  const cells = cellsOf(said).flatMap(({ truth, predicted, photos }) =>
    photos.slice(0, truth === predicted ? most.right : most.wrong).map(({ path }) => path),
  );
  const each = Math.min(most.samples, Math.floor(most.allSamples / classes.length));
  const samples = source.byClass.map((paths) => spread(paths, each));
  const small = [...doubtful.slice(0, most.doubtful).map(({ path }) => path), ...samples.flat(), ...cells];
  const uses = new Map<string, number>();
  for (const path of small) uses.set(path, (uses.get(path) ?? 0) + 1);
  const large = [...mistakes, ...unsure];
  const all = spread(source.byClass.flat(), most.sizes);
  const total = large.length + uses.size + all.length;
  let done = 0;
  const onPhoto = (): void => {
    done = Math.min(total, done + 1);
    emit({ event: "progress", stage: "reporting", unit: "photos", done, total });
  };
  const sizes: (readonly [number, number])[] = [];
  const sizeOf = async (path: string): Promise<readonly [number, number] | undefined> => {
    const found = place(path);
    return found && photoSize(found.path, found.hash);
  };
  for await (const size of workAhead(all, sizeOf, () => 2 * processors().threads)) {
    if (signal?.aborted === true) return undefined;
    onPhoto();
    if (size !== undefined) sizes.push(size);
  }
  const runtime = await openDevice(device, { ...context, emit: () => undefined });
  const explainer = await parts.openExplainer(runtime, run, undefined);
  try {
    const wanted = { large, small, place, uses: (path: string) => uses.get(path) ?? 0 };
    const pictures = await reportPictures(wanted, explainer, onPhoto, signal);
    if (signal?.aborted === true) return undefined;
    const lost = large.length > 0 && large.every(({ path }) => pictures.large(path) === undefined);
    if (lost) {
      const message = `The page has no pictures: the photos are not in ${source.directory} any more, or are not what they were.`;
      emit({ event: "warning", code: "no-pictures", message });
    }
    const { held_out: held, test, warnings: found = [] } = record.result;
    return {
      title: basename(resolve(run)),
      classes,
      measured: { photos: source.photos, how: source.how, said, evaluation: figures },
      heldOut:
        held !== undefined && (test !== undefined || source.isAnother)
          ? { accuracy: record.result.val_accuracy, photos: held.photos }
          : undefined,
      warnings: [...found.map(({ message }) => message), ...warnings],
      epochs: await readHistory(run),
      bestEpoch: record.result.best_epoch,
      ...{ mistakes, unsure, doubtful, equal: source.equal, skipped: source.skipped, sets: source.sets },
      ...{ sizes, samples, commands: commandsOf(run), model: modelText, facts: factsOf(record), pictures },
    };
  } finally {
    await explainer.release();
  }
}

const modelText =
  "model.onnx needs no Graft: its input `image` takes the pixels of a photo of any size, uint8 [N, H, W, 3] in red, green and blue; its " +
  "output `probabilities` is float32 [N, classes]. Resizing and preprocessing are inside. The names of the classes stand in its metadata " +
  "`labels`, the licence of the network in `licence`.";

function commandsOf(run: string): ReportData["commands"] {
  const word = shellWord(run, process.platform);
  return [
    { about: "Name photos", command: `graft predict ${word} PHOTO…` },
    { about: "Draw where it sees what speaks for a class", command: `graft explain ${word} PHOTO…` },
    { about: "Measure it with other photos", command: `graft report ${word} --photos DIR` },
    { about: "Do the same once more", command: `graft train --from ${word}` },
  ];
}

/** Some of a list, at even distances. */
function spread<T>(list: readonly T[], many: number): readonly T[] {
  const taken = Math.min(many, list.length);
  return Array.from({ length: taken }, (_, index) => list[Math.floor((index * list.length) / taken)]).filter(
    (item) => item !== undefined,
  );
}

import { lstat, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { UsageError } from "../errors/errors.js";
import { checkFolderWritable } from "../files/check-writable.js";
import { writeIfFree, writeNewFile } from "../files/new-file.js";
import { isEmptyFolder, writeNewFolder } from "../files/new-folder.js";
import type { Exported, ExportOptions, ExportTarget } from "../recipe/export/target.js";
import { exportPhotos } from "./export-photos.js";
import { type JobContext, openDevice } from "./job.js";

/** What `graft export` is asked for. */
export interface ExportJobRequest {
  /** A run folder, or a `model.onnx`. */
  readonly model: string;
  readonly target: ExportTarget;
  readonly options: ExportOptions;
  /** Folder of the run's photos; default where they were when it was trained. */
  readonly photos: string | undefined;
  /** What is written; default below the run's folder. */
  readonly out: string | undefined;
  readonly device: string;
}

/** What an export is given beside its request. */
export interface ExportContext extends JobContext {
  /** Lets work come to its end before a signal ends the process, so that nothing half-written remains. */
  readonly undisturbed: <T>(work: () => Promise<T>) => Promise<T>;
}

/** `withoutPreprocessing` → `--without-preprocessing`. */
function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Options that the target does not take are not passed over in silence. */
function requireTaken({ name, options }: ExportTarget, given: ExportOptions): void {
  for (const [key, value] of Object.entries(given) as [keyof ExportOptions, ExportOptions[keyof ExportOptions]][]) {
    if (value === undefined || options.includes(key)) continue;
    throw new UsageError(`--to ${name} does not take ${flagOf(key)}.`, {
      subject: flagOf(key),
      expected: options.length === 0 ? "no such option" : `of such options ${options.map(flagOf).join(", ")}`,
      received: typeof value === "boolean" ? flagOf(key) : `${flagOf(key)} ${String(value)}`,
      advice: "Leave it out, or export to another form.",
    });
  }
}

/** Photos that nothing would look at are not passed over either. */
function requirePhotosUsed({ photos, target: { name, options }, options: { precision } }: ExportJobRequest): void {
  if (photos === undefined || precision === "int8" || precision === "float16") return;
  throw new UsageError("Nothing of this export looks at photos.", {
    subject: "--photos",
    expected: options.includes("precision")
      ? "--photos with --precision int8 or float16"
      : `no such option with --to ${name}`,
    received: `--photos ${photos}`,
    advice: options.includes("precision") ? "Leave it out, or add --precision int8 or float16." : "Leave it out.",
  });
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
}

/** Whether the name is taken: also by a link that leads nowhere. */
async function isTaken(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** Where an export goes, and what becomes of a name that is taken. */
interface Place {
  readonly path: string;
  readonly taken: "another" | "refuse";
}

async function placeOf({ model, target, options, out }: ExportJobRequest): Promise<Place> {
  const name = target.defaultName(options);
  if (out === undefined) {
    const run = (await isFolder(model)) ? model : dirname(model);
    return { path: join(run, "export", name), taken: "another" };
  }
  const mayHold = target.form === "file" && (/[\\/]$/.test(out) || (await isFolder(out)));
  return { path: mayHold ? join(out, name) : out, taken: "refuse" };
}

function refused(path: string): UsageError {
  return new UsageError(`${path} cannot be written: the name is taken.`, {
    subject: "--out",
    expected: "a name that is free, or an empty folder where a folder is written",
    received: "something that is there already",
    advice: "Choose another with --out, or move what is there: Graft overwrites nothing.",
  });
}

/** Refuses a name that is taken, and a place where nothing can be written. */
async function requireFree({ path, taken }: Place, { form }: ExportTarget): Promise<void> {
  const isThere = await isTaken(path);
  if (isThere && form === "folder" && (await isEmptyFolder(path))) return checkFolderWritable(path, path);
  if (isThere && taken === "refuse") throw refused(path);
  await checkFolderWritable(dirname(path), path);
}

async function writeExported(
  { files }: Exported,
  { form }: ExportTarget,
  { path, taken }: Place,
): Promise<{ readonly path: string; readonly bytes: number }> {
  const bytes = [...files.values()].reduce((sum, contents) => sum + Buffer.byteLength(contents), 0);
  if (form === "folder") {
    const written = await writeNewFolder(path, files, taken);
    if (written === undefined) throw refused(path);
    return { path: written, bytes };
  }
  const [contents, ...others] = files.values();
  if (contents === undefined || others.length > 0) throw new TypeError("A target of one file gives one file.");
  if (taken === "refuse") {
    if (!(await writeIfFree(path, contents))) throw refused(path);
    return { path, bytes };
  }
  return { path: await writeNewFile(path, contents), bytes };
}

/**
 * Writes a classifier in the form of others.
 *
 * @throws UsageError when the target does not take an option, the classifier cannot be exported so, or the name is taken
 * @throws FileError when the classifier cannot be read, or the export cannot be written
 */
export async function exportRun(request: ExportJobRequest, context: ExportContext): Promise<void> {
  const { emit, parts } = context;
  const { model, target, options, device } = request;
  requireTaken(target, options);
  requirePhotosUsed(request);
  const place = await placeOf(request);
  // Before minutes are spent on it.
  await requireFree(place, target);
  const classifier = await parts.openExportable(model);
  const runtime = await openDevice(device, context);
  // Half precision does without photos, but not without those that were named.
  const named = request.photos === undefined ? undefined : await exportPhotos(classifier, request.photos, emit);
  const begun = context.now();
  const exported = await target.write(classifier, {
    options,
    runtime,
    photos: async () => named ?? exportPhotos(classifier, undefined, emit),
    onProgress: (done, total) => {
      const rate = (1000 * done) / Math.max(1, context.now() - begun);
      emit({
        ...{ event: "progress", stage: "exporting", unit: "photos", done, total },
        photos_per_second: Number(rate.toPrecision(3)),
        seconds_left: Math.round((total - done) / rate),
      });
    },
  });
  const { path, bytes } = await context.undisturbed(() => writeExported(exported, target, place));
  const { notes, cost, float32 } = exported;
  emit({
    event: "done",
    command: "export",
    target: target.name,
    path,
    files: target.form === "file" ? [basename(path)] : [...exported.files.keys()],
    bytes,
    notes: notes ?? [],
    photos: cost?.photos,
    accuracy_before: cost?.accuracyBefore,
    accuracy_after: cost?.accuracyAfter,
    difference: cost?.difference,
    other_labels: cost?.changed,
    float32,
    device: runtime.device,
  });
}

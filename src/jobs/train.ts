import { join, resolve } from "node:path";
import type { Backbone } from "../applications/backbone.js";
import { pathWithin, type PreparedPhotos, preparePhotos } from "../photos/prepare-photos.js";
import type { FineTuneEvent, FineTuneOptions, FineTuneResult } from "../recipe/fine-tune-types.js";
import type { Evaluation } from "../report/confusion.js";
import { runCurves } from "../report/run-curves.js";
import { historyCsv } from "../runs/history-csv.js";
import { defaultRunFolder, reserveRunFolder } from "../runs/reserve-run-folder.js";
import { runFiles, writeRunFolder } from "../runs/run-files.js";
import type { RunRecord } from "../runs/run-record.js";
import type { Runtime } from "../runtime/runtime.js";
import { checkNetwork } from "./check-network.js";
import { evaluatePhotos, type MeasuredPhotos } from "./evaluate-photos.js";
import { figureWarnings } from "./figure-warnings.js";
import { openDevice, type StoppableContext } from "./job.js";
import { recordedSettings, settingsFor, type TrainSettings } from "./train-options.js";

/** What `graft train` is asked for. */
export interface TrainRequest {
  /** Folder of photos: one folder per class, or `train` + `validation` + optionally `test`. */
  readonly directory: string;
  readonly settings: TrainSettings;
}

/** Photos that could not be used. */
type Skipped = readonly { readonly path: string; readonly reason: string }[];

/** What a training has made. */
export interface FinishedRun {
  /** Path of the run folder. */
  readonly run: string;
  readonly photos: PreparedPhotos;
  readonly result: FineTuneResult;
  /** Figures on the test photos, where there are any and they could be read. */
  readonly test: Evaluation | undefined;
  readonly skipped: Skipped;
  readonly seconds: number;
  /** Whether it was stopped; what was reached until then is kept. */
  readonly interrupted: boolean;
}

/**
 * Looks at a folder of photos, runs the recipe, and writes the run folder.
 *
 * @returns `undefined` when it was stopped before there was anything to keep
 * @throws UsageError when the request is not usable
 * @throws FileError when photos, network or run folder cannot be read or written
 */
export async function train(request: TrainRequest, context: StoppableContext): Promise<FinishedRun | undefined> {
  const { directory, settings } = request;
  const { emit, parts, signal } = context;
  const started = new Date(context.now());
  await checkNetwork(settings, parts);
  const runtime = await openDevice(settings.device, context);
  // Their start takes a while, in which the folder can be looked at.
  const threads = parts.prepareReading();
  // It is awaited below, unless something else fails before.
  threads.catch(() => undefined);
  const folder = await reserveRunFolder(settings.out, defaultRunFolder(directory, started));
  let written = false;
  try {
    const photos = await preparePhotos(directory, settings.seed, emit);
    const { classes, division } = photos;
    emit({ event: "photos", classes, division, ...setsOf(photos) });
    const backbone = await loadNetwork(settings, context);
    const { name } = backbone.record;
    emit({ event: "loaded", network: name, image_size: backbone.imageSize });
    const all = photos.training.length + photos.validation.length + photos.test.length;
    emit({ event: "start", run: folder.path, network: name, classes, photos: all, device: runtime.device });

    await threads;
    const { training, validation } = photos;
    const recipe: FineTuneOptions = {
      ...{ runtime, backbone, classes, training, validation, ...settingsFor("recipe", settings) },
      ...{ onEvent: emit, signal },
    };
    const learned = await learn(recipe, context);
    if (learned === undefined) {
      const message = "Stopped before the first epoch had ended: there is nothing to keep.";
      emit({ event: "error", code: "interrupted", message });
      return undefined;
    }
    const model = await parts.exportClassifier({ model: learned.result.model, backbone, classes });
    await writeRunFolder(folder.path, { model });
    written = true;
    // Who stops the training does not wait for another round of the photos.
    const result = signal.aborted ? learned.result : await parts.measureExactly(recipe, learned.result);
    const test = await testOn(runtime, folder.path, photos, context);
    const finished = new Date(context.now());
    const run: FinishedRun = {
      run: folder.path,
      photos,
      result,
      test: (test?.evaluation.photos ?? 0) > 0 ? test?.evaluation : undefined,
      skipped: [...photos.skipped, ...learned.skipped, ...(test?.skipped ?? [])],
      seconds: (finished.getTime() - started.getTime()) / 1000,
      interrupted: signal.aborted,
    };
    await writeRunFolder(folder.path, {
      history: historyCsv(result.epochs),
      curves: runCurves(result),
      record: recordOf(run, {
        ...{ settings, backbone, started, finished, device: runtime.device, versions: await parts.versions() },
      }),
    });
    conclude(run, context);
    return run;
  } finally {
    if (!written) await folder.abandon();
  }
}

function setsOf({
  training,
  validation,
  test,
}: PreparedPhotos): Pick<PreparedPhotos, "training" | "validation" | "test"> {
  return { training, validation, test };
}

async function loadNetwork(settings: TrainSettings, { emit, parts }: StoppableContext): Promise<Backbone> {
  return parts.loadBackbone({
    ...settingsFor("network", settings),
    onProgress: ({ what, received, total }) => {
      emit({ event: "progress", stage: "downloading", unit: "bytes", done: received, total: total ?? null, what });
    },
  });
}

/** Runs the recipe; `undefined` when it was stopped before any step was taken. */
async function learn(
  recipe: FineTuneOptions,
  { emit, parts, signal }: StoppableContext,
): Promise<{ readonly result: FineTuneResult; readonly skipped: Skipped } | undefined> {
  if (signal.aborted) return undefined;
  const skipped: { path: string; reason: string }[] = [];
  let steps = 0;
  const onEvent = (event: FineTuneEvent): void => {
    if (event.event === "progress" && event.stage === "training") steps += 1;
    if (event.event === "skipped") skipped.push({ path: event.path, reason: event.reason });
    emit(event);
  };
  try {
    const result = await parts.fineTune({ ...recipe, onEvent });
    return isAborted(signal) && steps === 0 ? undefined : { result, skipped };
  } catch (error) {
    if (isAborted(signal)) return undefined;
    throw error;
  }
}

/** Whether it has been aborted by now; a function, for the compiler takes what it has seen to last. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** The test photos on the file that was written, because that is what will be used. */
async function testOn(
  runtime: Runtime,
  run: string,
  { test }: PreparedPhotos,
  { emit, parts, signal }: StoppableContext,
): Promise<MeasuredPhotos | undefined> {
  if (test.length === 0) return undefined;
  const classifier = await parts.openClassifier(runtime, run, test.length);
  try {
    const measured = await evaluatePhotos(classifier, test, emit, signal);
    if (signal.aborted) return undefined;
    if (measured.evaluation.photos === 0) {
      emit({ event: "warning", code: "no-test", message: "None of the test photos can be read." });
    }
    return measured;
  } finally {
    await classifier.release();
  }
}

/** What a record holds beside what was reached. */
interface Circumstances {
  readonly settings: TrainSettings;
  readonly backbone: Backbone;
  readonly started: Date;
  readonly finished: Date;
  readonly device: string;
  readonly versions: Readonly<Record<string, string>>;
}

function recordOf(
  { photos, result, test, skipped, seconds, interrupted }: FinishedRun,
  { settings, backbone, started, finished, device, versions }: Circumstances,
): RunRecord {
  const unused = new Set(skipped.map(({ path }) => path));
  const paths = (list: readonly { readonly path: string }[]): string[] =>
    list.flatMap(({ path }) => (unused.has(path) ? [] : [pathWithin(photos.directory, path)]));
  const { record, imageSize } = backbone;
  const { best } = result;
  return {
    format: 1,
    versions,
    started: started.toISOString(),
    finished: finished.toISOString(),
    seconds,
    training_seconds: result.seconds,
    device,
    interrupted,
    configuration: recordedSettings(settings),
    network: {
      name: record.name,
      licence: record.licence,
      preprocess: record.preprocess,
      image_size: imageSize,
      // Also where the second phase was left out, or never reached.
      unfrozen_from: result.epochs.some(({ phase }) => phase === "fine-tune")
        ? (settings.unfreeze ?? backbone.lastBlock)
        : "none",
    },
    data: {
      directory: resolve(photos.directory),
      classes: [...photos.classes],
      fingerprint: photos.fingerprint,
      skipped: skipped.map(({ path, reason }) => ({ path: pathWithin(photos.directory, path), reason })),
    },
    split: {
      division: photos.division,
      seed: settings.seed,
      training: paths(photos.training),
      validation: paths(photos.validation),
      test: paths(photos.test),
    },
    result: {
      epochs: result.epochs.length,
      best_epoch: result.bestEpoch,
      loss: best.loss,
      accuracy: best.accuracy,
      val_loss: best.val_loss,
      val_accuracy: best.val_accuracy,
      test_loss: test?.loss,
      test_accuracy: test?.accuracy,
      test_photos: test?.photos,
      trunk: result.trunk && { ...result.trunk, float32: [...result.trunk.float32] },
    },
  };
}

function conclude({ run, result, test, seconds }: FinishedRun, { emit }: StoppableContext): void {
  for (const warning of figureWarnings(result)) emit({ event: "warning", ...warning });
  const { best } = result;
  emit({
    event: "done",
    command: "train",
    run,
    model: join(run, runFiles.model),
    epochs: result.epochs.length,
    best_epoch: result.bestEpoch,
    loss: best.loss,
    accuracy: best.accuracy,
    val_loss: best.val_loss,
    val_accuracy: best.val_accuracy,
    seconds,
    test_loss: test?.loss,
    test_accuracy: test?.accuracy,
    trunk: result.trunk,
  });
}

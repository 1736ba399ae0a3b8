import { join } from "node:path";
import { NumberError } from "../errors/errors.js";
import { lostWeight } from "../models/finite-weights.js";
import { percent } from "../report/words.js";
import type { Backbone } from "../applications/backbone.js";
import { type PreparedPhotos, preparePhotos } from "../photos/prepare-photos.js";
import { type Weighting, weightingOf } from "../recipe/class-weights.js";
import type { EpochRow, FineTuneEvent, FineTuneOptions, FineTuneResult } from "../recipe/fine-tune-types.js";
import type { Search } from "../recipe/search/search-types.js";
import { thresholdOf } from "../recipe/prediction-set.js";
import { lostTraining } from "../recipe/lost-training.js";
import { evaluation } from "../report/confusion.js";
import { expectedAccuracy } from "../report/interval.js";
import type { LostLoss } from "../models/training-types.js";
import { learningRateSvg } from "../report/learning-rate-svg.js";
import { learningCurveSvg } from "../report/learning-curve-svg.js";
import { runCurves } from "../report/run-curves.js";
import { tuningSvg } from "../report/tuning-svg.js";
import { historyCsv } from "../runs/history-csv.js";
import { defaultRunFolder, reserveRunFolder } from "../runs/reserve-run-folder.js";
import { type RunContents, runFiles } from "../runs/run-files.js";
import { checkRoom, RunKeeper } from "../runs/run-keeper.js";
import { tuningCsv, tuningRecord } from "../runs/tuning-files.js";
import type { Runtime } from "../runtime/runtime.js";
import { checkNetwork } from "./check-network.js";
import { readClassWeights } from "./class-weights-file.js";
import { evaluatePhotos, type MeasuredPhotos } from "./evaluate-photos.js";
import type { TrainDone } from "./events.js";
import { figureWarnings } from "./figure-warnings.js";
import { openDevice, type StoppableContext } from "./job.js";
import type { FinishedRun, Skipped } from "./finished-run.js";
import { learningCurveRecord, recordOf } from "./record-of-run.js";
import { settingsFor, type TrainSettings } from "./train-options.js";
import { settingsFound } from "./tune-options.js";

/** What `graft train` is asked for. */
export interface TrainRequest {
  /** Folder of photos: one folder per class, or `train` + `validation` + optionally `test`. */
  readonly directory: string;
  readonly settings: TrainSettings;
  /** Whether settings are searched in the time that is given: `graft tune`. */
  readonly search?: boolean | undefined;
}

/**
 * Looks at a folder of photos, runs the recipe, and writes the run folder.
 *
 * @returns `undefined` when it was stopped before there was anything to keep
 * @throws UsageError when the request is not usable
 * @throws FileError when photos, network or run folder cannot be read or written
 */
export async function train(request: TrainRequest, context: StoppableContext): Promise<FinishedRun | undefined> {
  const { directory, settings, search = false } = request;
  const { emit, parts } = context;
  const started = new Date(context.now());
  await checkNetwork(settings, parts);
  const classWeights = await readClassWeights(settings.classWeights);
  const runtime = await openDevice(settings.device, context);
  // Their start takes a while, in which the folder can be looked at.
  const threads = parts.prepareReading();
  // It is awaited below, unless something else fails before.
  threads.catch(() => undefined);
  const folder = await reserveRunFolder(settings.out, defaultRunFolder(directory, started));
  const run: Run = { folder: folder.path, settings, search, started, device: runtime.device };
  const kept = { written: false };
  const keeper = new RunKeeper(folder, (message) => {
    emit({ event: "warning", code: "disk", message });
  });
  try {
    const photos = await preparePhotos(directory, settings.seed, emit);
    const { classes, division, training, validation, test } = photos;
    // Weights of other classes must show before a network is fetched.
    const weighting = weightingOf({ ...photos, classWeights });
    emit({ event: "photos", classes, division, training, validation, test });
    const backbone = await loadNetwork(run, photos, context);
    const little = checkRoom(folder.path, networkBytes(backbone));
    if (little !== undefined) emit({ event: "warning", code: "disk", message: little });
    await threads;
    const recipe: FineTuneOptions = {
      runtime,
      backbone,
      division,
      classes,
      training,
      validation,
      classWeights,
      ...settingsFor("recipe", settings),
      search,
      time: search ? timeLeft(settings, started, context) : settings.time,
      // Whoever cannot wait has a whole classifier from the first stage on; each later one replaces it when it is better.
      onBetter: async ({ model, row, heldOut, familiar }) => {
        const threshold = thresholdOf(heldOut);
        const bytes = await parts.exportClassifier({ model, backbone, classes, threshold, familiar });
        kept.written = true;
        if (!(await keeper.keepModel(bytes))) return;
        const { phase, epoch, val_loss, val_accuracy } = row;
        emit({ event: "model", path: join(folder.path, runFiles.model), phase, epoch, val_loss, val_accuracy });
      },
      onEvent: emit,
      signal: context.signal,
    };
    const learned = await learn(recipe, context);
    if (learned === undefined || !kept.written) {
      const message = "Stopped before the new classifier was there: there is nothing to keep.";
      emit({ event: "error", code: "interrupted", message });
      return undefined;
    }
    return await finish(run, photos, { recipe, learned, weighting, keeper }, context);
  } finally {
    await folder.abandon();
  }
}

/** A run that has begun. */
interface Run {
  readonly folder: string;
  readonly settings: TrainSettings;
  readonly search: boolean;
  readonly started: Date;
  readonly device: string;
}

function networkBytes({ model }: Backbone): number {
  return model.weights.reduce((sum, { value }) => sum + value.data.byteLength, 0);
}

/** What is left of the time of a search by now, in seconds; a little, so that there is a classifier in any case. */
function timeLeft({ time = Infinity }: TrainSettings, started: Date, { now }: StoppableContext): number {
  return Math.max(1, time - (now() - started.getTime()) / 1000);
}

async function loadNetwork(
  { folder, settings, device }: Run,
  { classes, training, validation, test }: PreparedPhotos,
  { emit, parts }: StoppableContext,
): Promise<Backbone> {
  const backbone = await parts.loadBackbone({
    ...settingsFor("network", settings),
    onProgress: ({ what, received, total }) => {
      emit({ event: "progress", stage: "downloading", unit: "bytes", done: received, total: total ?? null, what });
    },
    onWarning: (message) => {
      emit({ event: "warning", code: "network", message });
    },
  });
  const lost = lostWeight(backbone.model);
  if (lost !== undefined) {
    throw new NumberError("The network cannot be trained: not all of its weights are numbers.", {
      subject: lost.path,
      expected: "finite numbers",
      received: `${lost.value} in the weight "${lost.path}"`,
      advice: "Its file is damaged, or its own training has failed: use another one.",
    });
  }
  const { name } = backbone.record;
  const { preprocess, preprocessSource, crop, keepProportions, interpolation } = backbone.record;
  emit({
    event: "loaded",
    network: name,
    image_size: backbone.imageSize,
    preprocess,
    preprocess_source: preprocessSource,
    crop,
    keep_proportions: keepProportions,
    interpolation,
  });
  const photos = training.length + validation.length + test.length;
  emit({ event: "start", run: folder, network: name, classes, photos, device });
  return backbone;
}

/** Measures what was written, writes the rest of the run folder, and says how it ended. */
async function finish(
  { folder, settings, search, started, device }: Run,
  photos: PreparedPhotos,
  {
    recipe,
    learned,
    weighting,
    keeper,
  }: {
    readonly recipe: FineTuneOptions;
    readonly learned: Learned;
    readonly weighting: Weighting;
    readonly keeper: RunKeeper;
  },
  context: StoppableContext,
): Promise<FinishedRun> {
  const { parts, signal } = context;
  // Who stops the training does not wait for another round of the photos.
  const result = signal.aborted ? learned.result : await parts.measureExactly(recipe, learned.result);
  // What is tested is the file.
  const test = (await keeper.retry()) ? await testOn(recipe.runtime, folder, photos, context) : undefined;
  const measured = (test?.evaluation.photos ?? 0) > 0 ? test?.evaluation : undefined;
  const { truth, probabilities } = result.heldOut;
  const finished = new Date(context.now());
  const run: FinishedRun = {
    run: folder,
    photos,
    weighting,
    result,
    held: {
      ...evaluation(photos.classes, truth, probabilities),
      // With 8 bits this accuracy has been measured again, exactly.
      accuracyInterval: expectedAccuracy(result.best.val_accuracy, truth.length, measured?.photos),
    },
    test: measured,
    skipped: [...photos.skipped, ...learned.skipped, ...(test?.skipped ?? [])],
    warnings: figureWarnings(result),
    seconds: (finished.getTime() - started.getTime()) / 1000,
    interrupted: signal.aborted,
  };
  const { search: found } = result;
  const taken = search ? settingsFound(settings, found) : settings;
  const versions = await parts.versions();
  const tuning: RunContents = found === undefined ? {} : tuningFiles(found);
  await keeper.finish({
    ...tuning,
    history: historyCsv(result.epochs),
    curves: runCurves(result, run.warnings),
    learningCurve: result.learningCurve && learningCurveSvg(result.learningCurve),
    record: recordOf(run, { settings: taken, backbone: recipe.backbone, started, finished, device, versions }),
  });
  if (result.trouble !== undefined) throw lostTraining(result.trouble, keptText(result.best, result.trouble, folder));
  conclude(run, search, context);
  return run;
}

/** What is left where a training has lost its numbers, in a sentence: what came before it, or what another one has reached behind it. */
function keptText({ epoch, val_accuracy }: EpochRow, lost: LostLoss, folder: string): string {
  return (
    `The weights of the best epoch ${epoch > lost.epoch ? "of another training" : "before"}, ${epoch} (validation accuracy ${percent(val_accuracy)}), are kept in ` +
    `${join(folder, runFiles.model)}.`
  );
}

/** What the recipe made, and photos that it could not read. */
interface Learned {
  readonly result: FineTuneResult;
  readonly skipped: Skipped;
}

/** Runs the recipe; `undefined` when it was stopped before there was a classifier. */
async function learn(recipe: FineTuneOptions, { emit, parts, signal }: StoppableContext): Promise<Learned | undefined> {
  if (signal.aborted) return undefined;
  const skipped: { path: string; reason: string }[] = [];
  const onEvent = (event: FineTuneEvent): void => {
    if (event.event === "skipped") skipped.push({ path: event.path, reason: event.reason });
    emit(event);
  };
  try {
    return { result: await parts.fineTune({ ...recipe, onEvent }), skipped };
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

/** What is written of a search. */
function tuningFiles(search: Search): RunContents {
  return {
    tuning: `${JSON.stringify(tuningRecord(search), undefined, 2)}\n`,
    tuningTable: tuningCsv(search),
    tuningPlot: tuningSvg(search),
    learningRate: search.rates && learningRateSvg(search.rates),
  };
}

function conclude(
  { run, result, held, test, warnings, seconds }: FinishedRun,
  isSearch: boolean,
  { emit }: StoppableContext,
): void {
  for (const warning of warnings) emit({ event: "warning", ...warning });
  const { best } = result;
  const figures: Omit<TrainDone, "command"> = {
    event: "done",
    run,
    model: join(run, runFiles.model),
    epochs: result.epochs.length,
    best_epoch: result.bestEpoch,
    loss: best.loss,
    accuracy: best.accuracy,
    val_loss: best.val_loss,
    val_accuracy: best.val_accuracy,
    val_accuracy_interval: held.accuracyInterval,
    val_balanced_accuracy: held.balancedAccuracy,
    val_calibration_error: held.calibrationError,
    seconds,
    test_loss: test?.loss,
    test_accuracy: test?.accuracy,
    learning_curve: learningCurveRecord(result.learningCurve),
    test_accuracy_interval: test?.accuracyInterval,
    test_balanced_accuracy: test?.balancedAccuracy,
    trunk: result.trunk,
  };
  if (!isSearch) emit({ ...figures, command: "train" });
  else {
    const { search } = result;
    emit({ ...figures, command: "tune", trials: search?.trials.length ?? 0, chosen: search?.chosen.trial ?? null });
  }
}

import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { FileError, GraftError } from "../errors/errors.js";
import { harmlessJson } from "../errors/harmless.js";
import { shellWord } from "../errors/shell-word.js";
import { count } from "../errors/words.js";
import { requireFiniteWeights } from "../models/finite-weights.js";
import { percent } from "../report/words.js";
import type { Backbone } from "../applications/backbone.js";
import type { Photo } from "../photos/photo.js";
import { photoFingerprint } from "../photos/photo-fingerprints.js";
import { PhotoRoot } from "../photos/photo-root.js";
import { pathWithin, type PreparedPhotos, preparePhotos } from "../photos/prepare-photos.js";
import { scanFolder } from "../photos/scan.js";
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
import { type SaidOfPhoto, saidOfPhoto } from "../report/said-of-photo.js";
import { tuningSvg } from "../report/tuning-svg.js";
import { historyCsv } from "../runs/history-csv.js";
import type { Checkpoints } from "../runs/checkpoints.js";
import { MeasuredFacts, writeMeasured } from "../runs/measured-facts.js";
import { photoList } from "../runs/photo-list.js";
import { predictionLines, type Predictions } from "../runs/predictions.js";
import { inputsOfRun, type RunInputs } from "../runs/run-inputs.js";
import { Journal } from "../recipe/journal.js";
import { RunEvents } from "../runs/run-events.js";
import { type RunContents, runFiles } from "../runs/run-files.js";
import { checkRoom, RunKeeper } from "../runs/run-keeper.js";
import { tuningCsv, tuningRecord } from "../runs/tuning-files.js";
import type { Runtime } from "../runtime/runtime.js";
import { checkNetwork } from "./check-network.js";
import { writeBegunRun } from "./begun-run.js";
import { checkpointsEvery } from "./checkpoint-every.js";
import { checkUnchanged, hasModel, type OpenedRun, openRun, type RunRequest } from "./open-run.js";
import { evaluatePhotos, type MeasuredPhotos } from "./evaluate-photos.js";
import type { TrainDone } from "./events.js";
import { checkWritten } from "./check-written.js";
import { endOfRun } from "./ended-run.js";
import { figureWarnings } from "./figure-warnings.js";
import { openDevice, type StoppableContext } from "./job.js";
import type { FinishedRun, Skipped } from "./finished-run.js";
import { leaveRun, tidyEnded } from "./leave-run.js";
import { LostPhotos, withNewPlace, withWayBack } from "./lost-photos.js";
import { learningCurveRecord, recordOf } from "./record-of-run.js";
import { reportOfTraining } from "./report.js";
import { hashOfModel, checkRepeats, dividedAs, repetition, type RunBefore } from "./repeat-run.js";
import { recordedSettings, settingsFor, type TrainSettings } from "./train-options.js";
import { untilStopped } from "./until-stopped.js";
import { settingsFound } from "./tune-options.js";

/** What `graft train` is asked for. */
export interface TrainRequest extends RunRequest {
  /** Whether settings are searched in the time that is given: `graft tune`. */
  readonly search?: boolean | undefined;
}

/**
 * Looks at a folder of photos, runs the recipe, and writes the run folder; or goes on with a run that was stopped.
 *
 * @returns `undefined` when it was stopped before there was a classifier; how it has ended where the run that was to be gone on with has
 * come to its end
 * @throws UsageError when the request is not usable
 * @throws FileError when photos, network or run folder cannot be read or written
 */
export async function train(
  request: TrainRequest,
  context: StoppableContext,
): Promise<FinishedRun | TrainDone | undefined> {
  const { search = false } = request;
  const { emit, parts, signal } = context;
  const opened = await openRun(request, context);
  if (opened === "ended") {
    const done = await endOfRun(request.settings.resume ?? "");
    await tidyEnded(done.run, emit);
    const message = `${done.run} has come to its end already: there is nothing to go on with.`;
    emit({ event: "warning", code: "ended", message });
    emit(done);
    return done;
  }
  const { folder, directory, settings, classWeights, checkpoints, stopped, before } = opened;
  const kept: Kept = { written: stopped !== undefined && (await hasModel(folder.path)), behind: undefined };
  const keeper = new RunKeeper(folder, (message) => {
    emit({ event: "warning", code: "disk", message });
  });
  const keep = async ({ model, row: { phase, epoch, val_loss, val_accuracy } }: Better): Promise<void> => {
    kept.written = true;
    kept.behind = undefined;
    if (!(await keeper.keepModel(model))) return;
    emit({ event: "model", path: join(folder.path, runFiles.model), phase, epoch, val_loss, val_accuracy });
  };
  let ended: FinishedRun | undefined;
  let events: RunEvents | undefined;
  try {
    const ready = await untilStopped(getReady(opened, search, context), signal);
    if (ready === undefined) {
      tellStop(folder.path, !checkpoints.isEmpty || stopped !== undefined, context);
      return undefined;
    }
    const { runtime, run, photos, weighting, backbone, inputs } = ready;
    const { classes, division, training, validation } = photos;
    const differences = before && checkRepeats(before, photos, inputs, context);
    const lost = new LostPhotos(folder.path, opened.lost, !search, emit);
    // A search is not gone on with.
    const measured = new MeasuredFacts(opened.measured, async (all) => {
      if (!search) await keepMeasured(folder.path, all, context);
    });
    // What a search tries is decided by the clock: it is not gone on with.
    const journal = search ? undefined : await openJournal(opened, inputs, request, context);
    events = await openEvents(opened, ready, search, context);
    const shown = events;
    const recipe: FineTuneOptions = {
      runtime,
      backbone,
      division,
      classes,
      training,
      validation,
      root: new PhotoRoot(directory),
      onLost: lost.add,
      classWeights,
      ...settingsFor("recipe", settings),
      search,
      journal,
      measured,
      time: settings.time === undefined ? undefined : Math.max(1, settings.time - checkpoints.seconds),
      // Whoever cannot wait has a whole classifier from the first stage on; each later one replaces it when it is better.
      onBetter: async ({ model, row, heldOut, familiar, learnedFrom }) => {
        await shown.better(row.epoch, evaluation(classes, heldOut.truth, heldOut.probabilities));
        const threshold = thresholdOf(heldOut);
        const bytes = await parts.exportClassifier({ model, backbone, classes, threshold, familiar, learnedFrom });
        const better: Better = { model: bytes, row };
        // What is in the folder may be better already.
        if (journal?.isBehind === true) kept.behind = better;
        else await keep(better);
      },
      onEvent: (event) => {
        shown.hear(event);
        emit(event);
      },
      signal,
    };
    const learned = await learn(recipe, context);
    if (learned !== undefined && kept.behind !== undefined) await keep(kept.behind);
    if (learned !== undefined && kept.written) {
      ended = await finish(
        run,
        photos,
        {
          recipe,
          learned,
          weighting,
          inputs,
          measured,
          lost,
          keeper,
          events,
          before: before && { run: before, differences: differences ?? [] },
        },
        context,
      );
    }
  } catch (cause) {
    const error = stopped === undefined ? cause : withNewPlace(cause, folder.path, { directory, ...settings });
    throw checkpoints.isEmpty ? error : withWayBack(error, folder.path);
  } finally {
    const isNothing = !kept.written && checkpoints.isEmpty && stopped === undefined;
    await (isNothing ? events?.remove() : events?.settled());
    await leaveRun(folder, (ended === undefined ? isNothing : !ended.interrupted) ? checkpoints : undefined, emit);
  }
  if (ended === undefined) tellStop(folder.path, !checkpoints.isEmpty || stopped !== undefined, context);
  else conclude(ended, search, context);
  return ended;
}

/** What a training begins with. */
interface Ready {
  readonly runtime: Runtime;
  readonly run: Run;
  readonly photos: PreparedPhotos;
  readonly weighting: Weighting;
  readonly backbone: Backbone;
  readonly inputs: RunInputs;
}

/** Fetches the network, and looks at the photos. */
async function getReady(
  { folder, directory, settings, classWeights, started, checkpoints, stopped, before }: OpenedRun,
  search: boolean,
  context: StoppableContext,
): Promise<Ready> {
  const { emit, parts } = context;
  await checkNetwork(settings, parts);
  const runtime = await openDevice(settings.device, context);
  // Their start takes a while, in which the folder can be looked at.
  const threads = parts.prepareReading();
  // It is awaited below, unless something else fails before.
  threads.catch(() => undefined);
  const run: Run = { folder: folder.path, settings, search, started, device: runtime.device, checkpoints };
  // A folder that is none, weights of other classes, and a network that does not do, must show before a long look at photos.
  const listed = await scanFolder(directory);
  weightingOf({
    classes: listed.classes,
    division: "drawn",
    training: listed.train.photos,
    validation: [],
    classWeights,
  });
  const backbone = await fetchNetwork(settings, context);
  const little = checkRoom(folder.path, networkBytes(backbone));
  const prepared = await preparePhotos(directory, settings.seed, emit);
  const photos = dividedAs({ inputs: before?.inputs ?? stopped?.inputs }, prepared);
  const { classes, division, training, validation, test } = photos;
  const weighting = weightingOf({ ...photos, classWeights });
  emit({ event: "photos", classes, division, training, validation, test });
  tellNetwork(run, photos, backbone, context);
  if (little !== undefined) emit({ event: "warning", code: "disk", message: little });
  await threads;
  const { network, weights } = settings;
  const versions = await parts.versions();
  const inputs = await inputsOfRun(photos, backbone, { versions, device: runtime.device, network, weights });
  return { runtime, run, photos, weighting, backbone, inputs };
}

/** What the run writes for TensorBoard. Where there is no room for it, the run goes on without. */
async function openEvents(
  { folder, directory, stopped, started }: OpenedRun,
  { photos, backbone, run }: Ready,
  search: boolean,
  { emit, now, signal }: StoppableContext,
): Promise<RunEvents> {
  const { classes, training, validation } = photos;
  const events = await RunEvents.open({
    ...{ run: folder.path, now, host: hostname(), classes, directory, resumed: stopped !== undefined },
    // A search is not gone on with: what it has come to is its end.
    isClosed: () => !search && signal.aborted,
    onLost: ({ message }) => {
      emit({ event: "warning", code: "no-events", message: `Nothing more is written for TensorBoard: ${message}` });
    },
  });
  const network = { network: backbone.record.name, image_size: backbone.imageSize };
  const photo = { classes: classes.length, training_photos: training.length, validation_photos: validation.length };
  events.begin({ ...recordedSettings(run.settings), ...network, ...photo }, started);
  return events;
}

/** Writes what was measured beside the checkpoints; where there is no room, the run goes on without. */
async function keepMeasured(
  run: string,
  facts: Readonly<Record<string, number>>,
  { emit }: StoppableContext,
): Promise<void> {
  try {
    await writeMeasured(run, facts);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    emit({ event: "warning", code: "no-checkpoint", message: error.message });
  }
}

/** Where it is written down what the run does; before anything is computed it is made sure that it is the run that was stopped. */
async function openJournal(
  { folder, settings, classWeights, started, checkpoints, stopped, before }: OpenedRun,
  inputs: RunInputs,
  request: TrainRequest,
  { emit, signal }: StoppableContext,
): Promise<Journal> {
  const from = before && resolve(before.run);
  if (stopped === undefined) await writeBegunRun(folder.path, { started, settings, classWeights, inputs, from });
  else checkUnchanged(folder.path, stopped.inputs, inputs, { emit });
  const { state: past, saved } = stopped?.checkpoint ?? {};
  if (saved !== undefined) emit({ event: "resumed", run: folder.path, saved });
  return new Journal({
    store: checkpoints,
    past,
    every: checkpointsEvery(request.settings.checkpointEvery),
    signal,
    onLost: ({ message }) => {
      const text = `The run is not saved any more, and if it is stopped it can only be gone on with from before: ${message}`;
      emit({ event: "warning", code: "no-checkpoint", message: text });
    },
  });
}

/** A run that has begun. */
interface Run {
  readonly folder: string;
  readonly settings: TrainSettings;
  readonly search: boolean;
  readonly started: Date;
  readonly device: string;
  readonly checkpoints: Checkpoints;
}

function networkBytes({ model }: Backbone): number {
  return model.weights.reduce((sum, { value }) => sum + value.data.byteLength, 0);
}

/** What has been kept of a run. */
interface Kept {
  /** Whether there is a classifier: a `model.onnx`, or one that there was no room for yet. */
  written: boolean;
  /** The best classifier of what the run had done before it was stopped; it is written unless there is a better one. */
  behind: Better | undefined;
}

/** A classifier that is better than those before. */
interface Better {
  /** Bytes of its `model.onnx`. */
  readonly model: Uint8Array;
  readonly row: EpochRow;
}

/** Says that a run was stopped before there was a classifier. */
function tellStop(run: string, canGoOn: boolean, { emit }: StoppableContext): void {
  const message = canGoOn
    ? `Stopped before the new classifier was there; what was done until then is kept: graft train --resume ${shellWord(run, process.platform)}`
    : "Stopped before the new classifier was there: there is nothing to keep.";
  emit({ event: "error", code: "interrupted", message });
}

async function fetchNetwork(settings: TrainSettings, { emit, parts }: StoppableContext): Promise<Backbone> {
  const backbone = await parts.loadBackbone({
    ...settingsFor("network", settings),
    onProgress: ({ what, received, total }) => {
      emit({ event: "progress", stage: "downloading", unit: "bytes", done: received, total: total ?? null, what });
    },
    onWarning: (message) => {
      emit({ event: "warning", code: "network", message });
    },
  });
  requireFiniteWeights(backbone.model);
  return backbone;
}

/** Says which network it is, and with what the training begins. */
function tellNetwork(
  { folder, device }: Run,
  { classes, training, validation, test }: PreparedPhotos,
  backbone: Backbone,
  { emit }: StoppableContext,
): void {
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
  warnOfLearnedBefore(backbone, [...validation, ...test], emit);
  const photos = training.length + validation.length + test.length;
  emit({ event: "start", run: folder, network: name, classes, photos, device });
}

/** Photos that the network itself has learned from, in an earlier run, measure nothing. */
function warnOfLearnedBefore(
  { learnedPhotos, record }: Backbone,
  measuring: readonly Photo[],
  emit: StoppableContext["emit"],
): void {
  const shared = measuring.filter(({ hash }) => hash !== undefined && learnedPhotos?.has(photoFingerprint(hash)));
  const [first] = shared;
  if (first === undefined) return;
  emit({
    event: "warning",
    code: "shared-photos",
    message:
      `The network ${record.name} has learned from ${count(shared.length, "photo")} before that it is measured with here, ` +
      `such as ${first.path}: the accuracy will look better than it is.`,
  });
}

/** A training that has ended, and what went into it. */
interface Trained {
  readonly recipe: FineTuneOptions;
  readonly learned: Learned;
  readonly weighting: Weighting;
  readonly inputs: RunInputs;
  readonly measured: MeasuredFacts;
  readonly lost: LostPhotos;
  readonly keeper: RunKeeper;
  readonly events: RunEvents;
  /** The run that it repeats, and what was not as it was then. */
  readonly before: { readonly run: RunBefore; readonly differences: readonly string[] } | undefined;
}

/** Measures what was written, and writes the rest of the run folder. */
async function finish(
  { folder, settings, search, started, device, checkpoints }: Run,
  photos: PreparedPhotos,
  { recipe, learned, weighting, inputs, measured: facts, lost, before, keeper, events }: Trained,
  context: StoppableContext,
): Promise<FinishedRun> {
  const { parts, signal } = context;
  // Who stops the training does not wait for another round of the photos.
  const result = signal.aborted ? learned.result : await parts.measureExactly(recipe, learned.result);
  // What is tested is the file.
  const isWritten = await keeper.retry();
  const checked = signal.aborted || !isWritten ? undefined : await checkWritten(folder, recipe, result, context);
  const test = isWritten ? await testOn(recipe.runtime, folder, photos, context) : undefined;
  const measured = (test?.evaluation.photos ?? 0) > 0 ? test?.evaluation : undefined;
  const { truth, probabilities } = result.heldOut;
  const modelSha256 = isWritten ? await hashOfModel(join(folder, runFiles.model)) : undefined;
  const history = historyCsv(result.epochs);
  const finished = new Date(context.now());
  const run: Omit<FinishedRun, "report"> = {
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
    seconds: checkpoints.seconds,
    interrupted: signal.aborted,
    resumable: signal.aborted && !search,
    repeated: before && repetition(before.run, { modelSha256, history }, before.differences),
  };
  await events.finish({ epoch: result.bestEpoch, figures: finalFigures(run), heldOut: result.heldOut });
  const { search: found } = result;
  const taken = search ? settingsFound(settings, found) : settings;
  const list = photoList(inputs.photos);
  const { directory } = photos;
  const within = (said: SaidOfPhoto): SaidOfPhoto => ({ ...said, path: pathWithin(directory, said.path) });
  const predictions: Predictions = {
    "held-out": result.heldOut.measuredWith.map(({ path }, index) =>
      within(saidOfPhoto(path, truth[index] ?? 0, probabilities[index] ?? [])),
    ),
    test: measured === undefined ? [] : (test?.said ?? []).map(within),
  };
  const tuning: RunContents = found === undefined ? {} : tuningFiles(found);
  await keeper.finish({
    ...tuning,
    history,
    photos: list.text,
    predictions: predictionLines(predictions, photos.classes),
    curves: runCurves(result, run.warnings),
    learningCurve: result.learningCurve && learningCurveSvg(result.learningCurve),
    record: recordOf(run, {
      lost: lost.warnings,
      ...{ settings: taken, backbone: recipe.backbone, classWeights: recipe.classWeights, search },
      ...{ started, finished, device, inputs, photosSha256: list.sha256, measured: facts.all, modelSha256, checked },
    }),
  });
  const report = isWritten && !run.interrupted ? await writeReport(folder, context) : undefined;
  if (result.trouble !== undefined) throw lostTraining(result.trouble, keptText(result.best, result.trouble, folder));
  return { ...run, report };
}

/** Writes the page about the run; where it cannot be written, the run has come to its end all the same. */
async function writeReport(folder: string, context: StoppableContext): Promise<string | undefined> {
  const warn = (what: string): void => {
    const message = `The run is complete, but its report ${what} Later: graft report ${shellWord(folder, process.platform)}`;
    context.emit({ event: "warning", code: "no-report", message });
  };
  try {
    const path = await reportOfTraining(folder, context);
    if (path === undefined) warn("is not: it was stopped while that was made.");
    return path;
  } catch (error) {
    if (!(error instanceof GraftError)) throw error;
    warn(`could not be written: ${error.message}`);
    return undefined;
  }
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
async function learn(recipe: FineTuneOptions, { parts, signal }: StoppableContext): Promise<Learned | undefined> {
  if (signal.aborted) return undefined;
  const skipped: { path: string; reason: string }[] = [];
  const onEvent = (event: FineTuneEvent): void => {
    if (event.event === "skipped") skipped.push({ path: event.path, reason: event.reason });
    recipe.onEvent?.(event);
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
  { test, directory }: PreparedPhotos,
  { emit, parts, signal }: StoppableContext,
): Promise<MeasuredPhotos | undefined> {
  if (test.length === 0) return undefined;
  const classifier = await parts.openClassifier(runtime, run, test.length);
  try {
    const measured = await evaluatePhotos(classifier, { photos: test, root: new PhotoRoot(directory) }, emit, signal);
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
    tuning: `${harmlessJson(tuningRecord(search), 2)}\n`,
    tuningTable: tuningCsv(search),
    tuningPlot: tuningSvg(search),
    learningRate: search.rates && learningRateSvg(search.rates),
  };
}

/** What TensorBoard compares runs by. */
function finalFigures({
  result,
  held,
  test,
}: Omit<FinishedRun, "report">): Readonly<Record<string, number | undefined>> {
  const { loss, accuracy, val_loss, val_accuracy } = result.best;
  return {
    ...{ loss, accuracy, val_loss, val_accuracy },
    val_balanced_accuracy: held.balancedAccuracy,
    val_calibration_error: held.calibrationError,
    test_loss: test?.loss,
    test_accuracy: test?.accuracy,
    test_balanced_accuracy: test?.balancedAccuracy,
  };
}

function conclude(
  { run, result, held, test, warnings, seconds, repeated, report }: FinishedRun,
  isSearch: boolean,
  { emit }: StoppableContext,
): void {
  for (const warning of warnings) emit({ event: "warning", ...warning });
  const { best } = result;
  const figures: Omit<TrainDone, "command"> = {
    event: "done",
    run,
    model: join(run, runFiles.model),
    report,
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
    repeated,
  };
  if (!isSearch) emit({ ...figures, command: "train" });
  else {
    const { search } = result;
    emit({ ...figures, command: "tune", trials: search?.trials.length ?? 0, chosen: search?.chosen.trial ?? null });
  }
}

import { join, resolve } from "node:path";
import type { Backbone } from "../applications/backbone.js";
import { UsageError } from "../errors/errors.js";
import { didYouMean } from "../errors/nearest.js";
import type { Evaluation } from "../report/confusion.js";
import { curvesSvg, type CurvePlot } from "../report/curves.js";
import { historyCsv } from "../runs/history-csv.js";
import { wilsonInterval } from "../report/interval.js";
import { pad } from "../report/text-table.js";
import type { Runtime } from "../runtime/runtime.js";
import type { EpochRow, FineTuneEvent, FineTuneResult } from "../recipe/fine-tune-types.js";
import type { TrainFlags } from "../cli/commands/train.js";
import type { Engine } from "./engine.js";
import { evaluatePhotos, type MeasuredPhotos } from "./evaluate-photos.js";
import { openDevice } from "../cli/open-device.js";
import { pathWithin, type PreparedPhotos, preparePhotos } from "../photos/prepare-photos.js";
import type { Reporter } from "../cli/reporter.js";
import { defaultRunFolder, reserveRunFolder, runFiles, writeRunFolder } from "../runs/run-folder.js";
import type { Surroundings } from "../cli/surroundings.js";
import { accuracyText, count, duration, percent, quotedList } from "../cli/words.js";

/** Training accuracy this far above validation accuracy is told as overfitting. */
const wideGap = 0.1;
/** A 95 % interval of the validation accuracy wider than this is told as uncertain. */
const wideInterval = 0.1;

/** Names of networks are checked before a download or a long look at photos; files are checked when they are loaded. */
async function checkNetwork({ network, weights }: TrainFlags, engine: Engine): Promise<void> {
  const isFile = /\.onnx$/i.test(network);
  if (isFile && weights !== undefined) {
    throw new UsageError("The option --weights is not usable with a network from a file.", {
      subject: "--weights",
      expected: "--weights only with a network's name: an .onnx file has its weights inside",
      received: `--network ${network} --weights ${weights}`,
      advice: "Leave --weights out.",
    });
  }
  const names = (await engine.networkRecords()).map(({ name }) => name);
  // A path without the extension may still be a file, which loading finds out.
  if (isFile || /[\\/]/.test(network) || names.includes(network.toLowerCase())) return;
  throw new UsageError(`There is no network "${network}".`, {
    subject: "--network",
    expected: `${names.join(", ")}, or the path of an .onnx file`,
    received: network,
    advice: [didYouMean(network, names), "`graft networks` lists them."].filter((text) => text !== undefined).join(" "),
  });
}

interface Interruption {
  readonly signal: AbortSignal;
  /** Whether it has happened by now. */
  readonly stopped: () => boolean;
  readonly end: () => void;
}

/** A listener for Ctrl+C: the first time it stops the training, the second time the process. */
function stopOnInterrupt(surroundings: Surroundings, reporter: Reporter): Interruption {
  const controller = new AbortController();
  const end = surroundings.onInterrupt(() => {
    if (controller.signal.aborted) {
      reporter.end();
      surroundings.endNow();
      return;
    }
    controller.abort();
    reporter.warn("interrupted", "Stopping after this step; what was reached is kept. Ctrl+C again ends at once.");
  });
  return { signal: controller.signal, stopped: () => controller.signal.aborted, end };
}

/** Puts the recipe's events into words. */
class Listener {
  readonly skipped: { path: string; reason: string }[] = [];
  /** Whether any step was taken before the run was stopped. */
  learned = false;
  private phase: EpochRow["phase"] | undefined;
  private lastLine = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly reporter: Reporter,
    private readonly now: () => number,
  ) {}

  readonly onEvent = (event: FineTuneEvent): void => {
    switch (event.event) {
      case "progress":
        this.progress(event);
        break;
      case "skipped":
        this.skipped.push({ path: event.path, reason: event.reason });
        this.reporter.skipped(event.path, event.reason);
        break;
      case "warning":
        this.reporter.warn(event.code, event.message);
        break;
      case "left-frozen":
        this.reporter.say(
          `The new classifier is right on ${percent(event.val_accuracy)} of the validation photos: the network stays frozen ` +
            "(--unfreeze with a layer's name trains it in any case).",
        );
        break;
      case "epoch":
        this.epoch(event);
    }
  };

  private progress(progress: Extract<FineTuneEvent, { event: "progress" }>): void {
    const { stage, epoch, epochs, loss, accuracy } = progress;
    if (stage === "training" && !this.learned) {
      this.learned = true;
      this.reporter.say("The new classifier learns; the network is frozen.");
    }
    const what = {
      features: "Passing photos through the network",
      training: `Epoch ${epoch ?? "?"}/${epochs ?? "?"}`,
      comparing: "Comparing with the exact network",
    }[stage];
    const figures = [
      ...(loss === undefined ? [] : [`loss ${loss.toFixed(3)}`]),
      ...(accuracy === undefined ? [] : [`accuracy ${percent(accuracy)}`]),
    ];
    this.reporter.progress(progress, { what, ...(figures.length === 0 ? {} : { note: figures.join(", ") }) });
  }

  private epoch(row: Extract<FineTuneEvent, { event: "epoch" }>): void {
    this.reporter.event(row);
    const begins = row.phase !== this.phase;
    if (begins) {
      this.phase = row.phase;
      if (row.phase === "fine-tune") {
        this.reporter.say(`From epoch ${row.epoch} on, the unfrozen part of the network learns too, at a lower rate.`);
      }
    }
    // Epochs of a small folder take milliseconds: a line a second is enough to follow.
    const now = this.now();
    if (!begins && now - this.lastLine < 1000) return;
    this.lastLine = now;
    this.reporter.say(
      `Epoch ${String(row.epoch).padStart(3)}  loss ${row.loss.toFixed(3)}, accuracy ${percent(row.accuracy)}; ` +
        `validation loss ${row.val_loss.toFixed(3)}, accuracy ${percent(row.val_accuracy)}; ${duration(row.seconds)}`,
    );
  }
}

/** Accuracy and loss of the run's epochs as an SVG. */
function runCurves({ epochs, bestEpoch }: FineTuneResult): string {
  const plot = (title: string, axis: string, key: "accuracy" | "loss", share: boolean): CurvePlot => ({
    title,
    axis,
    share,
    training: { name: "Training", values: epochs.map((row) => row[key]) },
    validation: { name: "Validation", values: epochs.map((row) => row[`val_${key}`]) },
  });
  const second = epochs.find(({ phase }) => phase === "fine-tune");
  return curvesSvg(
    [
      plot("Training and validation accuracy", "accuracy", "accuracy", true),
      plot("Training and validation loss", "loss", "loss", false),
    ],
    {
      bestEpoch,
      phases: second === undefined ? [] : [{ epoch: second.epoch, name: "network unfrozen" }],
    },
  );
}

interface Finished {
  readonly flags: TrainFlags;
  readonly photos: PreparedPhotos;
  readonly backbone: Backbone;
  readonly result: FineTuneResult;
  readonly test: Evaluation | undefined;
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
  readonly started: Date;
  readonly finished: Date;
  readonly interrupted: boolean;
  readonly device: string;
}

/** What `run.json` says: all that is needed to understand the run, and to repeat it. */
function runRecord(
  { flags, photos, backbone, result, test, skipped, started, finished, interrupted, device }: Finished,
  versions: Readonly<Record<string, string>>,
): object {
  const unused = new Set(skipped.map(({ path }) => path));
  const paths = (list: readonly { readonly path: string }[]): string[] =>
    list.flatMap(({ path }) => (unused.has(path) ? [] : [pathWithin(photos.directory, path)]));
  const { record, imageSize } = backbone;
  return {
    format: 1,
    versions,
    started: started.toISOString(),
    finished: finished.toISOString(),
    seconds: (finished.getTime() - started.getTime()) / 1000,
    training_seconds: result.seconds,
    device,
    interrupted,
    // What the user asked for; `null` left the choice to the recipe.
    configuration: {
      network: flags.network,
      weights: flags.weights ?? null,
      preprocess: flags.preprocess ?? null,
      epochs: flags.epochs ?? null,
      batch_size: flags.batchSize ?? null,
      learning_rate: flags.learningRate ?? null,
      image_size: flags.imageSize ?? null,
      unfreeze: flags.unfreeze ?? null,
      trunk_precision: flags.trunkPrecision ?? null,
      seed: flags.seed,
      device: flags.device,
    },
    network: {
      name: record.name,
      licence: record.licence,
      preprocess: record.preprocess,
      image_size: imageSize,
      // Also where the second phase was left out, or never reached.
      unfrozen_from: result.epochs.some(({ phase }) => phase === "fine-tune")
        ? (flags.unfreeze ?? backbone.lastBlock)
        : "none",
    },
    data: {
      directory: resolve(photos.directory),
      classes: photos.classes,
      fingerprint: photos.fingerprint,
      skipped: skipped.map(({ path, reason }) => ({ path: pathWithin(photos.directory, path), reason })),
    },
    split: {
      division: photos.division,
      seed: flags.seed,
      training: paths(photos.training),
      validation: paths(photos.validation),
      test: paths(photos.test),
    },
    result: {
      epochs: result.epochs.length,
      best_epoch: result.bestEpoch,
      loss: result.best.loss,
      accuracy: result.best.accuracy,
      val_loss: result.best.val_loss,
      val_accuracy: result.best.val_accuracy,
      ...(test === undefined ? {} : { test_loss: test.loss, test_accuracy: test.accuracy, test_photos: test.photos }),
      ...(result.trunk === undefined ? {} : { trunk: result.trunk }),
    },
  };
}

/** What the figures must not be taken for. */
function warnOfFigures({ best, photos }: FineTuneResult, reporter: Reporter): void {
  const { low, high } = wilsonInterval(best.val_accuracy, photos.validation);
  if (best.accuracy - best.val_accuracy > wideGap && best.accuracy > high) {
    reporter.warn(
      "overfitting",
      `The training accuracy (${percent(best.accuracy)}) is far above the validation accuracy ` +
        `(${percent(best.val_accuracy)}): the network has learned these photos by heart. More photos help most.`,
    );
  }
  if (high - low > wideInterval) {
    reporter.warn(
      "uncertain",
      `${count(photos.validation, "validation photo")} measure roughly: the accuracy on new photos of this kind lies ` +
        `between ${percent(low)} and ${percent(high)} (95 % interval).`,
    );
  }
}

/** What 8 bits cost. */
function trunkText({
  convolutions,
  of,
  moved,
  val_accuracy,
  exact_val_accuracy,
}: NonNullable<FineTuneResult["trunk"]>): string {
  return (
    `${convolutions} of ${of} frozen convolutions; what the classifier sees moves by ${percent(moved)}; ` +
    `validation accuracy ${percent(val_accuracy)} with it` +
    (exact_val_accuracy === undefined ? "" : `, ${percent(exact_val_accuracy)} exactly`)
  );
}

/** The short table at the end. */
function summary({ photos, result, test, skipped, started, finished }: Finished, run: string): string {
  const { best, photos: read } = result;
  const numbers = [
    `${read.training} to train with`,
    `${read.validation} to validate with`,
    ...(test === undefined ? [] : [`${test.photos} to test with`]),
    ...(skipped.length > 0 ? [`${skipped.length} skipped`] : []),
  ];
  const rows: [string, string][] = [
    ["photos", numbers.join(", ")],
    [
      "classes",
      `${photos.classes.length}: ${photos.classes.slice(0, 8).join(", ")}${photos.classes.length > 8 ? ", …" : ""}`,
    ],
    ["best epoch", `${result.bestEpoch} of ${result.epochs.length}`],
    ["training", `accuracy ${percent(best.accuracy)}, loss ${best.loss.toFixed(3)}`],
    ["validation", `accuracy ${accuracyText(best.val_accuracy, read.validation)}, loss ${best.val_loss.toFixed(3)}`],
    ...(test === undefined
      ? []
      : [
          ["test", `accuracy ${accuracyText(test.accuracy, test.photos)}, loss ${test.loss.toFixed(3)}`] as [
            string,
            string,
          ],
        ]),
    ...(result.trunk === undefined ? [] : [["8 bits", trunkText(result.trunk)] as [string, string]]),
    ["time", duration((finished.getTime() - started.getTime()) / 1000)],
    ["model", join(run, runFiles.model)],
    ["curves", join(run, runFiles.curves)],
    ["record", `${join(run, runFiles.record)}, ${join(run, runFiles.history)}`],
  ];
  return rows.map(([name, text]) => `${pad(name, 10)}  ${text}`).join("\n");
}

function conclude(outcome: Finished, run: string, reporter: Reporter): void {
  const { result, test, started, finished, interrupted } = outcome;
  const { best } = result;
  warnOfFigures(result, reporter);
  reporter.event({
    event: "done",
    run,
    model: join(run, runFiles.model),
    epochs: result.epochs.length,
    best_epoch: result.bestEpoch,
    loss: best.loss,
    accuracy: best.accuracy,
    val_loss: best.val_loss,
    val_accuracy: best.val_accuracy,
    seconds: (finished.getTime() - started.getTime()) / 1000,
    ...(test === undefined ? {} : { test_loss: test.loss, test_accuracy: test.accuracy }),
    ...(result.trunk === undefined ? {} : { trunk: result.trunk }),
  });
  if (interrupted) reporter.say("Stopped by Ctrl+C; the best weights until then were kept.");
  reporter.result(`\n${summary(outcome, run)}`);
  reporter.say(`\nNext: graft predict ${shellWord(run)} PHOTO…`);
}

/** A path that can be pasted into a shell. */
function shellWord(path: string): string {
  return /^[\w./\\:-]+$/.test(path) ? path : `"${path}"`;
}

/** The test photos on the file that was written, because that is what will be used. */
async function testOn(
  engine: Engine,
  runtime: Runtime,
  run: string,
  photos: PreparedPhotos,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<MeasuredPhotos | undefined> {
  if (photos.test.length === 0) return undefined;
  const classifier = await engine.openClassifier(runtime, run, photos.test.length);
  try {
    const measured = await evaluatePhotos(classifier, photos.test, reporter, "Testing", signal);
    if (signal.aborted) return undefined;
    if (measured.evaluation.photos === 0) reporter.warn("no-test", "None of the test photos can be read.");
    return measured;
  } finally {
    await classifier.release();
  }
}

/**
 * `graft train`: looks at a folder of photos, runs the recipe, and writes the run folder.
 *
 * @returns whether it was stopped by Ctrl+C
 */
export async function train(
  directory: string,
  flags: TrainFlags,
  reporter: Reporter,
  surroundings: Surroundings,
): Promise<{ readonly interrupted: boolean }> {
  const started = new Date(surroundings.now());
  const { engine } = surroundings;
  await checkNetwork(flags, engine);
  const runtime = await openDevice(flags.device, engine, reporter);
  // Their start takes a while, in which the folder can be looked at.
  const threads = engine.prepareReading();
  // It is awaited below, unless something else fails before.
  threads.catch(() => undefined);
  const folder = await reserveRunFolder(flags.out, defaultRunFolder(directory, started));
  const { signal, stopped, end } = stopOnInterrupt(surroundings, reporter);
  let written = false;
  try {
    const photos = await preparePhotos(directory, flags.seed, reporter);
    const total = photos.training.length + photos.validation.length + photos.test.length;
    reporter.say(
      `${count(total, "photo")} of ${count(photos.classes.length, "class", "classes")} (${quotedList(photos.classes)}): ` +
        `${photos.training.length} to train with, ${photos.validation.length} to validate with` +
        (photos.division === "drawn" ? " (drawn by the seed)" : "") +
        (photos.test.length > 0 ? `, ${photos.test.length} to test with.` : "."),
    );
    const backbone = await engine.loadBackbone({
      network: flags.network,
      ...(flags.weights === undefined ? {} : { weights: flags.weights }),
      ...(flags.preprocess === undefined ? {} : { preprocess: flags.preprocess }),
      ...(flags.imageSize === undefined ? {} : { imageSize: flags.imageSize }),
      onProgress: ({ what, received, total: bytes }) => {
        reporter.progress(
          { stage: "downloading", unit: "bytes", done: received, total: bytes ?? null, what },
          { what: `Fetching ${what}` },
        );
      },
    });
    reporter.say(`Network: ${backbone.record.name}, ${backbone.imageSize} × ${backbone.imageSize} pixels.`);
    reporter.event({
      event: "start",
      run: folder.path,
      network: backbone.record.name,
      classes: photos.classes,
      photos: total,
      device: runtime.device,
    });

    const listener = new Listener(reporter, () => surroundings.now());
    const nothing = (): { readonly interrupted: boolean } => {
      const message = "Stopped before the first epoch had ended: there is nothing to keep.";
      reporter.event({ event: "error", code: "interrupted", message });
      reporter.say(message);
      return { interrupted: true };
    };
    if (stopped()) return nothing();
    await threads;
    let result: FineTuneResult;
    try {
      result = await engine.fineTune({
        runtime,
        backbone,
        classes: photos.classes,
        training: photos.training,
        validation: photos.validation,
        ...(flags.epochs === undefined ? {} : { epochs: flags.epochs }),
        ...(flags.batchSize === undefined ? {} : { batchSize: flags.batchSize }),
        ...(flags.learningRate === undefined ? {} : { learningRate: flags.learningRate }),
        ...(flags.unfreeze === undefined ? {} : { unfreeze: flags.unfreeze }),
        ...(flags.trunkPrecision === undefined ? {} : { trunkPrecision: flags.trunkPrecision }),
        seed: flags.seed,
        onEvent: listener.onEvent,
        signal,
      });
    } catch (error) {
      if (stopped()) return nothing();
      throw error;
    }
    if (stopped() && !listener.learned) return nothing();

    const model = await engine.exportClassifier({ model: result.model, backbone, classes: photos.classes });
    await writeRunFolder(folder.path, { model });
    written = true;
    // Who stops the training does not wait for another round of the photos.
    if (!stopped()) result = (await result.exactly?.()) ?? result;
    const test = await testOn(engine, runtime, folder.path, photos, reporter, signal);
    const finished = new Date(surroundings.now());
    const skipped = [...photos.skipped, ...listener.skipped, ...(test?.skipped ?? [])];
    const outcome: Finished = {
      flags,
      photos,
      backbone,
      result,
      test: (test?.evaluation.photos ?? 0) > 0 ? test?.evaluation : undefined,
      skipped,
      started,
      finished,
      interrupted: stopped(),
      device: runtime.device,
    };
    await writeRunFolder(folder.path, {
      history: historyCsv(result.epochs),
      curves: runCurves(result),
      record: runRecord(outcome, await engine.versions()),
    });
    conclude(outcome, folder.path, reporter);
    return { interrupted: stopped() };
  } finally {
    end();
    if (!written) await folder.abandon();
  }
}

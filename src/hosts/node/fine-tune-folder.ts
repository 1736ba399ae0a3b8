import { preprocessInput } from "../../applications/preprocess.js";
import type { Backbone } from "../../applications/backbone.js";
import { checkOptionNames, refuse, text } from "../../errors/check.js";
import { writeFileAtomically } from "../../files/atomic-write.js";
import { checkSettings, scriptOptions } from "../../jobs/check-settings.js";
import { settingsFor, trainOptions, type TrainSettings } from "../../jobs/train-options.js";
import { requireFiniteWeights } from "../../models/finite-weights.js";
import { Model } from "../../models/model.js";
import type { BaseModel } from "../../models/base-model.js";
import { platform } from "../../models/platform.js";
import { Input } from "../../nn/layers/index.js";
import { type PreparedPhotos, preparePhotos } from "../../photos/prepare-photos.js";
import { scanFolder } from "../../photos/scan.js";
import type { ClassWeightsSetting } from "../../recipe/class-weights.js";
import type { FineTuneOptions, FineTuneResult, TrainedClassifier } from "../../recipe/fine-tune-types.js";
import type { Part, StageToFollow } from "../../recipe/fine-tune.js";
import { thresholdOf } from "../../recipe/prediction-set.js";
import type { Reached } from "../../recipe/stages/stage.js";
import { evaluation } from "../../report/confusion.js";
import type {
  FineTuned,
  LastStageOptions,
  RecipeEvent,
  RecipeOptions,
  StageClassifier,
  StageOptions,
  TwoStagesOptions,
} from "./fine-tuned.js";
import { fineTuneInPart, jobParts } from "./job-parts.js";

/** How a classifier came about that a recipe gave: what further stages go on from. */
interface Origin extends Material {
  readonly result: FineTuneResult;
  readonly reached: Reached;
  /** The network that the classifier is made of. */
  readonly backbone: Backbone;
}

/** What is the same for all stages. */
interface Material {
  readonly photos: Pick<PreparedPhotos, "classes" | "division" | "training" | "validation" | "skipped">;
  /** What was asked of the first stage. */
  readonly settings: TrainSettings;
  readonly classWeights: ClassWeightsSetting | undefined;
}

/** What the stages of one call are given. */
interface Call extends Pick<RecipeOptions, "onBetter" | "signal"> {
  readonly settings: TrainSettings;
  readonly stages: Part["stages"];
  readonly onEvent: (event: RecipeEvent) => void;
}

/** Of all that recipes have given. */
const origins = new WeakMap<FineTuned, Origin>();

/**
 * Makes a classifier of a folder of photos, as `graft train` does: a new classifier is fitted to what a pretrained network makes
 * of the photos, of their mirror images and of parts of them, then the last part of the network is trained with it; each stage is
 * kept only if photos that it has not learned from say that it is better. Photos are not changed, and no run folder is written.
 *
 * @param directory one folder of photos a class, or `train` and `validation` with such folders
 * @throws UsageError for an option that is not usable, or too few photos
 * @throws FileError when photos or the network cannot be read
 * @throws DownloadError when the network cannot be had
 */
export async function fineTune(directory: string, options: RecipeOptions = {}): Promise<FineTuned> {
  return follow("recipes.fineTune", directory, options);
}

/**
 * The first stage of {@link fineTune} alone: the pretrained network stays as it is, and a new classifier is fitted to what it
 * makes of the photos. {@link fitHeadWithViews} and {@link trainLastStage} go on with it.
 *
 * @param directory as {@link fineTune} takes it
 * @throws UsageError for an option that is not usable, or too few photos
 * @throws FileError when photos or the network cannot be read
 * @throws DownloadError when the network cannot be had
 */
export async function fitHead(
  directory: string,
  options: Omit<RecipeOptions, "unfreeze" | "time"> = {},
): Promise<FineTuned> {
  const owner = "recipes.fitHead";
  checkOptionNames(
    owner,
    options,
    optionNames().filter((name) => name !== "unfreeze" && name !== "time"),
  );
  return follow(owner, directory, options, ["head"]);
}

/**
 * The second stage of {@link fineTune} alone: mirror images and parts of the photos cross the frozen network too, and the new
 * classifier is fitted to all of them.
 *
 * @param fitted what {@link fitHead} gave; it stays as it is
 * @returns the new classifier where photos that neither has learned from say that it is better, else the one that was given; the
 *   history has the figures of both
 * @throws UsageError for an option that is not usable
 * @throws FileError when photos or the network cannot be read
 */
export async function fitHeadWithViews(fitted: FineTuned, options: StageOptions = {}): Promise<FineTuned> {
  return goOn("recipes.fitHeadWithViews", fitted, options, [], "views");
}

/**
 * The third stage of {@link fineTune} alone: the last stage of the network is trained together with the new classifier, on views of
 * the photos. Where the network has not seen any of these yet, {@link fitHeadWithViews} comes first. It is trained however good the
 * classifier is already.
 *
 * @param fitted what {@link fitHead} or another stage gave; it stays as it is, and may be gone on from again with other options
 * @returns the trained network where photos that it has not learned from say that it is better, else the classifier that was given;
 *   the history has the figures of all epochs
 * @throws UsageError for an option that is not usable
 * @throws FileError when photos or the network cannot be read
 */
export async function trainLastStage(fitted: FineTuned, options: LastStageOptions = {}): Promise<FineTuned> {
  const known = ["epochs", "batchSize", "learningRate", "unfreeze", "time"];
  return goOn("recipes.trainLastStage", fitted, options, known, "last-stage");
}

/**
 * What {@link fineTune} does with time that is left over: the last two stages of the network are trained together with the new
 * classifier, 16 epochs, four times, and averaged; with `time` as much of it as fits.
 *
 * @param fitted what {@link fitHead} or another stage gave; it stays as it is, and the training begins at the pretrained network
 * @returns as {@link trainLastStage} does
 * @throws UsageError for an option that is not usable
 * @throws FileError when photos or the network cannot be read
 */
export async function trainTwoStages(fitted: FineTuned, options: TwoStagesOptions = {}): Promise<FineTuned> {
  return goOn("recipes.trainTwoStages", fitted, options, ["batchSize", "learningRate", "time"], "two-stages");
}

function optionNames(): readonly string[] {
  return [...scriptOptions(), "classWeights", "onEvent", "onBetter", "signal"];
}

/** Checks what all recipes take. */
function checkListeners(owner: string, { onEvent, onBetter, signal }: RecipeOptions): void {
  for (const [name, listener] of Object.entries({ onEvent, onBetter })) {
    if (listener !== undefined && typeof listener !== "function") refuse(owner, name, "a function", listener);
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) refuse(owner, "signal", "an AbortSignal", signal);
}

/** @param stages default the whole recipe */
async function follow(
  owner: string,
  directory: string,
  options: RecipeOptions,
  stages?: Part["stages"],
): Promise<FineTuned> {
  text(owner, "directory", directory);
  checkOptionNames(owner, options, optionNames());
  checkListeners(owner, options);
  const { onEvent = () => undefined, onBetter, signal, classWeights, ...asked } = options;
  checkSettings(owner, asked);
  const settings = withDefaults(asked);
  // A folder that is none, and a network that does not exist, must show before a long look at photos.
  await scanFolder(directory);
  const backbone = await loadNetwork(settings, onEvent);
  const photos = await preparePhotos(directory, settings.seed, onEvent);
  signal?.throwIfAborted();
  return run({ photos, settings, classWeights }, backbone, { settings, stages, onEvent, onBetter, signal });
}

/** Follows a stage from where others have ended. */
async function goOn(
  owner: string,
  fitted: FineTuned,
  options: LastStageOptions,
  known: readonly string[],
  stage: Exclude<StageToFollow, "head">,
): Promise<FineTuned> {
  const origin = typeof fitted === "object" ? origins.get(fitted) : undefined;
  if (origin === undefined) refuse(owner, "fitted", "what recipes.fitHead or another stage gave, itself", fitted);
  checkOptionNames(owner, options, [...known, "onEvent", "signal"]);
  checkListeners(owner, options);
  const { onEvent = () => undefined, signal, ...asked } = options;
  checkSettings(owner, asked);
  // How long it may take was said of one call, and the learning curve is that of the frozen network.
  const settings = withDefaults({ ...origin.settings, time: undefined, learningCurve: undefined, ...asked });
  // Trained is a network of its own: that of the classifier which was given belongs to it.
  const backbone = await loadNetwork(settings, onEvent);
  signal?.throwIfAborted();
  const needsViews = stage !== "views" && origin.reached.views === undefined;
  const stages: readonly StageToFollow[] = needsViews ? ["views", stage] : [stage];
  return run(origin, backbone, { settings, stages, onEvent, signal }, origin);
}

/** @param before how the classifier came about that the stages go on from */
async function run(
  { photos, settings: asked, classWeights }: Material,
  backbone: Backbone,
  { settings, stages, onEvent, onBetter, signal }: Call,
  before?: Origin,
): Promise<FineTuned> {
  const { classes, division, training, validation } = photos;
  const skipped = [...photos.skipped];
  const recipe: FineTuneOptions = {
    ...{ runtime: platform().runtime, backbone, division, classes, training, validation, classWeights, signal },
    ...settingsFor("recipe", settings),
    onBetter: async (better) => {
      await onBetter?.(stageClassifier(better, backbone, classes));
    },
    onEvent: (event) => {
      if (event.event === "skipped") skipped.push({ path: event.path, reason: event.reason });
      onEvent(event);
    },
  };
  const { result: learned, reached } = await fineTuneInPart(recipe, { stages, from: before?.reached });
  // Where no stage was better, the classifier is the one that was given, with its own network.
  const own = before?.result.model === learned.model ? before.backbone : backbone;
  // Who stops the training does not wait for another round of the photos.
  const result =
    signal?.aborted === true ? learned : await jobParts.measureExactly({ ...recipe, backbone: own }, learned);
  const { model, heldOut, familiar, learnedFrom, epochs, best, trouble, trunk } = result;
  const learningCurve = result.learningCurve ?? before?.result.learningCurve;
  const made: FineTuned = {
    ...stageClassifier({ model, heldOut, familiar, learnedFrom, row: best }, own, classes),
    ...{ history: epochs, skipped, trouble, learningCurve, trunk },
  };
  origins.set(made, {
    photos: { ...photos, skipped },
    settings: asked,
    classWeights,
    result: { ...result, learningCurve },
    reached,
    backbone: own,
  });
  return made;
}

function stageClassifier(
  { model, heldOut, familiar, learnedFrom, row }: Omit<TrainedClassifier, "unfrozenFrom">,
  backbone: Backbone,
  classes: readonly string[],
): StageClassifier {
  return {
    model: withPreprocessing(model, backbone),
    classes,
    imageSize: backbone.imageSize,
    heldOut: { ...evaluation(classes, heldOut.truth, heldOut.probabilities), ...heldOut },
    best: row,
    async exportClassifier(path) {
      text("exportClassifier", "path", path);
      const threshold = thresholdOf(heldOut);
      await writeFileAtomically(
        path,
        await jobParts.exportClassifier({ model, backbone, classes, threshold, familiar, learnedFrom }),
      );
    },
  };
}

/** What is not given is left to the recipe, or has the command's default. */
function withDefaults(asked: Readonly<Record<string, unknown>>): TrainSettings {
  const given = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
  const { network, seed, device } = trainOptions;
  return { network: network.default, seed: seed.default, device: device.default, ...given };
}

async function loadNetwork(settings: TrainSettings, onEvent: (event: RecipeEvent) => void): Promise<Backbone> {
  const backbone = await jobParts.loadBackbone({
    ...settingsFor("network", settings),
    onProgress: ({ what, received, total }) => {
      const amount = { done: received, total: total ?? null };
      onEvent({ event: "progress", stage: "downloading", unit: "bytes", ...amount, what });
    },
  });
  requireFiniteWeights(backbone.model);
  return backbone;
}

/** The same classifier for photos as they are read. */
function withPreprocessing(classifier: BaseModel, { imageSize, record }: Backbone): BaseModel {
  const inputs = Input({ shape: [imageSize, imageSize, 3], name: "image" });
  const pixels = preprocessInput(record.preprocess)(inputs);
  return new Model({ inputs, outputs: classifier.apply(pixels), name: "classifier" });
}

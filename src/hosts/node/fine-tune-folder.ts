import { preprocessInput } from "../../applications/preprocess.js";
import type { Backbone } from "../../applications/backbone.js";
import { checkOptionNames, refuse, text } from "../../errors/check.js";
import { NumberError } from "../../errors/errors.js";
import { writeFileAtomically } from "../../files/atomic-write.js";
import { checkSettings, scriptOptions } from "../../jobs/check-settings.js";
import type { ProgressEvent } from "../../jobs/events.js";
import { settingsFor, trainOptions, type TrainSettings } from "../../jobs/train-options.js";
import { lostWeight } from "../../models/finite-weights.js";
import { Model } from "../../models/model.js";
import type { BaseModel } from "../../models/base-model.js";
import { platform } from "../../models/platform.js";
import { Input } from "../../nn/layers/index.js";
import { preparePhotos, type PreparationEvent } from "../../photos/prepare-photos.js";
import { scanFolder } from "../../photos/scan.js";
import type {
  EpochRow,
  FineTuneEvent,
  FineTuneOptions,
  HeldOut,
  TrainedClassifier,
} from "../../recipe/fine-tune-types.js";
import type { LostLoss } from "../../models/training-types.js";
import { thresholdOf } from "../../recipe/prediction-set.js";
import { type Evaluation, evaluation } from "../../report/confusion.js";
import { jobParts } from "./job-parts.js";

/** What is asked of the network and of the recipe: the options of `graft train`, by the same names. */
type Settings = ReturnType<typeof settingsFor<"network">> & ReturnType<typeof settingsFor<"recipe">>;

/** What happens while {@link fineTune} works: what `graft train` tells, too. */
export type RecipeEvent = FineTuneEvent | PreparationEvent | ProgressEvent;

/** Options of {@link fineTune}: those of `graft train` but for where the run goes and the device, which `setDevice` chooses. */
export type RecipeOptions = { readonly [Name in keyof Settings]?: Settings[Name] | undefined } & {
  /** Hears what happens; default nobody does. */
  readonly onEvent?: ((event: RecipeEvent) => void) | undefined;
  /**
   * Given the classifier of each stage that is better than those before, the first one soon; the work goes on when it has settled.
   * Later stages may change the model's weights: save or export it there.
   */
  readonly onBetter?: ((classifier: StageClassifier) => void | Promise<void>) | undefined;
  /** Ends the training after the current step; what was reached by then is kept. */
  readonly signal?: AbortSignal | undefined;
};

/** A classifier that a stage of the recipe has made, and how good it is. */
export interface StageClassifier {
  /**
   * Photos in, `[N, imageSize, imageSize, 3]` RGB in [0, 255], as `imageDatasetFromDirectory` and `loadImg` give them;
   * probabilities out, `[N, classes]`. Preprocessing is inside. It is not compiled. `export` writes it as `.onnx`, `save` as
   * `.keras` where the network is made of Keras's layers, such as `vgg16`.
   */
  readonly model: BaseModel;
  /** Names of the classes, in the order of the probabilities. */
  readonly classes: readonly string[];
  /** Side of the photos that the model takes, in pixels. */
  readonly imageSize: number;
  /** How it does on photos that it had not learned from, and what it said of each: an estimate for new photos of the same kind. */
  readonly heldOut: Evaluation & HeldOut;
  /** Its figures, and the stage that it comes from. */
  readonly best: EpochRow;
  /**
   * Writes what `graft train` writes as `model.onnx`: photos of any size in, uint8; the labels are in its metadata, and
   * `graft predict` takes it.
   */
  exportClassifier(path: string): Promise<void>;
}

/** The best classifier, and how it came about. */
export interface FineTuned extends StageClassifier {
  /** Figures of each stage and epoch, in their order. */
  readonly history: readonly EpochRow[];
  /** Photos and other files that were left out. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
  /** Why the training ended early, where a loss was no finite number. */
  readonly trouble: LostLoss | undefined;
}

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
 * The first stages of {@link fineTune} alone: the pretrained network stays as it is, and a new classifier is fitted to what it
 * makes of the photos.
 *
 * @param directory as {@link fineTune} takes it
 * @throws UsageError for an option that is not usable, or too few photos
 * @throws FileError when photos or the network cannot be read
 * @throws DownloadError when the network cannot be had
 */
export async function fitHead(directory: string, options: Omit<RecipeOptions, "unfreeze"> = {}): Promise<FineTuned> {
  const owner = "recipes.fitHead";
  checkOptionNames(
    owner,
    options,
    optionNames().filter((name) => name !== "unfreeze"),
  );
  return follow(owner, directory, { ...options, unfreeze: "none" });
}

function optionNames(): readonly string[] {
  return [...scriptOptions(), "onEvent", "onBetter", "signal"];
}

async function follow(owner: string, directory: string, options: RecipeOptions): Promise<FineTuned> {
  text(owner, "directory", directory);
  checkOptionNames(owner, options, optionNames());
  const { onEvent = () => undefined, onBetter = () => undefined, signal, ...asked } = options;
  for (const [name, listener] of Object.entries({ onEvent, onBetter })) {
    if (typeof listener !== "function") refuse(owner, name, "a function", listener);
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) refuse(owner, "signal", "an AbortSignal", signal);
  checkSettings(owner, asked);
  const settings = withDefaults(asked);
  // A folder that is none, and a network that does not exist, must show before a long look at photos.
  await scanFolder(directory);
  const backbone = await loadNetwork(settings, onEvent);
  const photos = await preparePhotos(directory, settings.seed, onEvent);
  signal?.throwIfAborted();
  const skipped = [...photos.skipped];
  const { classes, division, training, validation } = photos;
  const recipe: FineTuneOptions = {
    ...{ runtime: platform().runtime, backbone, division, classes, training, validation, signal },
    ...settingsFor("recipe", settings),
    onBetter: async (better) => {
      await onBetter(stageClassifier(better, backbone, classes));
    },
    onEvent: (event) => {
      if (event.event === "skipped") skipped.push({ path: event.path, reason: event.reason });
      onEvent(event);
    },
  };
  const learned = await jobParts.fineTune(recipe);
  // Who stops the training does not wait for another round of the photos.
  const result = signal?.aborted === true ? learned : await jobParts.measureExactly(recipe, learned);
  const { model, heldOut, familiar, epochs, best, trouble } = result;
  return {
    ...stageClassifier({ model, heldOut, familiar, row: best }, backbone, classes),
    history: epochs,
    skipped,
    trouble,
  };
}

function stageClassifier(
  { model, heldOut, familiar, row }: Pick<TrainedClassifier, "model" | "heldOut" | "familiar" | "row">,
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
        await jobParts.exportClassifier({ model, backbone, classes, threshold, familiar }),
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
  const lost = lostWeight(backbone.model);
  if (lost === undefined) return backbone;
  throw new NumberError("The network cannot be trained: not all of its weights are numbers.", {
    subject: lost.path,
    expected: "finite numbers",
    received: `${lost.value} in the weight "${lost.path}"`,
    advice: "Its file is damaged, or its own training has failed: use another one.",
  });
}

/** The same classifier for photos as they are read. */
function withPreprocessing(classifier: BaseModel, { imageSize, record }: Backbone): BaseModel {
  const inputs = Input({ shape: [imageSize, imageSize, 3], name: "image" });
  const pixels = preprocessInput(record.preprocess)(inputs);
  return new Model({ inputs, outputs: classifier.apply(pixels), name: "classifier" });
}

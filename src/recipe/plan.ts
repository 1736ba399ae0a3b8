import type { Backbone } from "../applications/backbone.js";
import type { TrunkPrecision } from "../models/training-types.js";
import type { Layer } from "../nn/layer.js";
import type { ClassWeightsSetting } from "./class-weights.js";
import { unfreezeFrom } from "./unfreeze.js";

/** `"head"`: the network is frozen. `"fine-tune"`: its last stage is trained too. `"two-stages"`: two stages are, where there is time. */
export type Phase = "head" | "fine-tune" | "two-stages";

/** What may be asked of the recipe; what is absent it decides itself. */
export interface RecipeSettings {
  /** Epochs in which the network is trained; default 6, one for each view of a photo. */
  readonly epochs?: number | undefined;
  /** Photos a step while the network is trained; default 32, fewer for small folders. */
  readonly batchSize?: number | undefined;
  /** The greatest step size while the network is trained; default 3e-4 with 32 photos a step, less with fewer. */
  readonly learningRate?: number | undefined;
  /**
   * From which layer on the network is trained: a layer's name, `"none"` or `"all"`; default its last stage, or none of it where the
   * new classifier alone is right on 99 % of 200 photos or more.
   */
  readonly unfreeze?: string | undefined;
  /**
   * How long it may take, in seconds: what does not fit is left out, and where there is more time than the recipe needs, more of
   * the network is trained, and several trainings are averaged. Default: what the recipe needs.
   */
  readonly time?: number | undefined;
  /** How frozen layers are computed while training; default `"float32"`. See `trunkPrecision` of `fit`. */
  readonly trunkPrecision?: TrunkPrecision | undefined;
  /** Whether it is measured how many photos more would help; default false. */
  readonly learningCurve?: boolean | undefined;
  /**
   * How much photos count by their class, in what is learned and in the choice of what is kept: `"none"`, all alike; `"balanced"`,
   * each class alike; or a number above 0 for each class by its name. Default `"balanced"` where the largest class has more than
   * 1.5 times the photos of the smallest.
   */
  readonly classWeights?: ClassWeightsSetting | undefined;
  /** Of all that is drawn for this job; default 0. What `setRandomSeed` says does not count, and is not changed. */
  readonly seed?: number | undefined;
}

/**
 * The greatest step size with 32 photos a step, unless asked otherwise. (MobileNetV2 on four sets, one run each: 1e-4 gains less where there is much to
 * gain, 1e-3 loses where there are few photos.)
 */
const defaultLearningRate = 3e-4;

/** Epochs, unless asked otherwise: each photo is seen once by each of its views. */
const defaultEpochs = 6;

/**
 * Validation accuracy of the new classifier from which on the network is left frozen, unless a layer to unfreeze is named: what
 * is left to gain is a few photos, and costs several times what was done before. (At 98 % there was still something: on
 * flowers12, 96.3 % of test photos became 98.3 % when the last stage was trained, with the same network in PyTorch.)
 */
const goodEnough = 0.99;

/** On fewer validation photos that accuracy may be luck. */
const enoughPhotos = 200;

/** Photos a step, unless asked otherwise … */
const largestBatch = 32;

/** … fewer for small folders, so that an epoch has some steps. */
function defaultBatchSize(photos: number): number {
  return Math.min(largestBatch, Math.max(8, Math.floor(photos / 16)));
}

/** All that is decided before a photo is read. */
export interface Plan {
  /** Layers of the network that are trained; empty where it stays frozen. */
  readonly unfrozen: ReadonlySet<Layer>;
  /** Those that are trained where there is time for more. */
  readonly unfrozenInTime: ReadonlySet<Layer>;
  /** Photos a step. */
  readonly batchSize: number;
  /** The greatest step size of these steps. */
  readonly learningRate: number;
  /** Epochs in which the network is trained. */
  readonly epochs: number;
  /** When the job is to be done, in ms of `performance.now()`; `undefined` leaves it to the recipe. */
  readonly deadline: number | undefined;
}

/**
 * Decides what the settings leave open.
 *
 * @param material the network, and the photos that are trained with
 *
 * @throws UsageError when `unfreeze` names no layer
 */
export function planOf(
  settings: RecipeSettings,
  { backbone, training }: { readonly backbone: Backbone; readonly training: readonly unknown[] },
): Plan {
  const { batchSize = defaultBatchSize(training.length), epochs = defaultEpochs, time } = settings;
  const { model, stages } = backbone;
  const from = (stage: string | undefined): ReadonlySet<Layer> =>
    new Set(unfreezeFrom(model, settings.unfreeze ?? stage ?? "all"));
  return {
    unfrozen: from(stages.at(-1)),
    unfrozenInTime: from(stages.at(-2) ?? stages.at(-1)),
    batchSize,
    // A mean over fewer photos is less certain, so a step by it is smaller.
    learningRate: settings.learningRate ?? defaultLearningRate * Math.sqrt(batchSize / largestBatch),
    epochs,
    deadline: time === undefined ? undefined : performance.now() + 1000 * time,
  };
}

/**
 * Whether the new classifier is good enough without a second phase.
 *
 * @param accuracy its accuracy on the validation photos, in [0, 1]
 * @param photos validation photos
 */
export function staysFrozen(accuracy: number, photos: number, { unfreeze }: RecipeSettings): boolean {
  return unfreeze === undefined && accuracy >= goodEnough && photos >= enoughPhotos;
}

import type { Backbone } from "../applications/backbone.js";
import type { TrunkPrecision } from "../models/training-types.js";
import type { Layer } from "../nn/layer.js";
import type { ClassWeightsSetting } from "./class-weights.js";
import { unfreezeFrom } from "./unfreeze.js";

/** `"head"`: the network is frozen. `"fine-tune"`: its last block is trained too. */
export type Phase = "head" | "fine-tune";

/** What may be asked of the recipe; what is absent it decides itself. */
export interface RecipeSettings {
  /** The most epochs of the second phase; default 30. Training stops earlier when validation no longer improves. */
  readonly epochs?: number | undefined;
  /** Photos a step of the second phase; default 32. */
  readonly batchSize?: number | undefined;
  /** Step size of the second phase; default 3e-5. */
  readonly learningRate?: number | undefined;
  /**
   * From which layer on the network is unfrozen in the second phase: a layer's name, `"none"` or `"all"`; default its last
   * block, or none of it where the new classifier alone is right on 98 % of 200 validation photos or more.
   */
  readonly unfreeze?: string | undefined;
  /** How frozen layers are computed while training; default `"float32"`. See `trunkPrecision` of `fit`. */
  readonly trunkPrecision?: TrunkPrecision | undefined;
  /**
   * How much photos count by their class, in what is learned and in the choice of what is kept: `"none"`, all alike; `"balanced"`,
   * each class alike; or a number above 0 for each class by its name. Default `"balanced"` where the largest class has more than
   * 1.5 times the photos of the smallest.
   */
  readonly classWeights?: ClassWeightsSetting | undefined;
  /** Of all that is drawn for this job; default 0. What `setRandomSeed` says does not count, and is not changed. */
  readonly seed?: number | undefined;
}

/** The step size, unless asked otherwise: what was learned from millions of photos moves little. */
const defaultLearningRate = 3e-5;

/** The most epochs, unless asked otherwise. */
const defaultEpochs = 30;

/** Epochs after which the second phase ends in which the validation loss got no better. */
export const patience = 3;

/**
 * Validation accuracy of the new classifier from which on the network is left frozen, unless a layer to unfreeze is named: what
 * is left to gain is a few photos, and costs several times the whole first phase. (2,000 cats and dogs, MobileNetV2 trained on
 * ImageNet, one run with 8 bits: the second phase found no better epoch.)
 */
const goodEnough = 0.98;

/** On fewer validation photos that accuracy may be luck. */
const enoughPhotos = 200;

/** Photos a step, unless asked otherwise; fewer for small folders, so that an epoch has some steps. */
function defaultBatchSize(photos: number): number {
  return Math.min(32, Math.max(8, Math.floor(photos / 16)));
}

/** All that is decided before a photo is read. */
export interface Plan {
  /** Layers of the network that the second phase trains; empty where there is no second phase. */
  readonly unfrozen: ReadonlySet<Layer>;
  /** Photos a step. */
  readonly batchSize: number;
  /** Step size of the second phase. */
  readonly learningRate: number;
  /** The most epochs of the second phase. */
  readonly epochs: number;
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
  const { unfreeze = backbone.lastBlock, learningRate = defaultLearningRate, epochs = defaultEpochs } = settings;
  return {
    unfrozen: new Set(unfreezeFrom(backbone.model, unfreeze)),
    batchSize: settings.batchSize ?? defaultBatchSize(training.length),
    learningRate,
    epochs,
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

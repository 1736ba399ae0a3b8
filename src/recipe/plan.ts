import type { Layer } from "../nn/layer.js";
import type { EpochRow, FineTuneOptions } from "./fine-tune-types.js";
import { unfreezeFrom } from "./unfreeze.js";

/** `"head"`: the network is frozen. `"fine-tune"`: its last block is trained too. */
export type Phase = EpochRow["phase"];

/** The head's step size, unless asked otherwise. */
const defaultLearningRate = 1e-3;

/** The second phase's step size, as a share of the first one's: what was learned from millions of photos moves little. */
const fineTuneShare = 0.03;

/** The most epochs of a phase, unless asked otherwise. */
const defaultEpochs = 30;

/** A head on kept features costs next to nothing an epoch, so small folders get at least this many steps. */
const headSteps = 1000;

/** Epochs after which a phase ends in which neither validation accuracy nor validation loss got better than ever. */
export const patience: Readonly<Record<Phase, number>> = { head: 10, "fine-tune": 3 };

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
  /** Step sizes of the phases. */
  readonly learningRate: Readonly<Record<Phase, number>>;
}

/**
 * Decides what the job leaves open.
 *
 * @throws UsageError when `unfreeze` names no layer
 */
export function planOf(job: FineTuneOptions): Plan {
  const { backbone, training, unfreeze = backbone.lastBlock, learningRate = defaultLearningRate } = job;
  return {
    unfrozen: new Set(unfreezeFrom(backbone.model, unfreeze)),
    batchSize: job.batchSize ?? defaultBatchSize(training.length),
    learningRate: { head: learningRate, "fine-tune": learningRate * fineTuneShare },
  };
}

/**
 * The most epochs of a phase.
 *
 * @param steps of an epoch
 */
export function mostEpochs(phase: Phase, steps: number, { epochs }: FineTuneOptions): number {
  return epochs ?? (phase === "head" ? Math.max(defaultEpochs, Math.ceil(headSteps / steps)) : defaultEpochs);
}

/**
 * Whether the new classifier is good enough without a second phase.
 *
 * @param accuracy its accuracy on the validation photos, in [0, 1]
 * @param photos validation photos
 */
export function staysFrozen(accuracy: number, photos: number, { unfreeze }: FineTuneOptions): boolean {
  return unfreeze === undefined && accuracy >= goodEnough && photos >= enoughPhotos;
}

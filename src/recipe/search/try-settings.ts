import type { LostLoss } from "../../models/training-types.js";
import type { TrainingLoops } from "../../models/platform.js";
import { createTrainingLoops } from "../../training/fit/loops.js";
import type { TensorData } from "../../onnx/tensor-data.js";
import { type Choice, choose } from "../choose.js";
import type { Part } from "../part.js";
import { logLoss, losses, shareRight } from "../probabilities.js";
import { isStopped, type Material, type Work } from "../stages/stage.js";
import { logitsOf, shares } from "../stages/train-network.js";
import { Tuning } from "../stages/tuning.js";
import { withTrainable } from "../trainable-flags.js";
import { unfreezeFrom } from "../unfreeze.js";
import type { MeasuredTrial } from "./pick-trial.js";
import type { TrialSettings } from "./search-types.js";
import type { TakenTrial } from "./taken-trial.js";

/** What came of a trial. */
export interface Outcome extends MeasuredTrial {
  /** Of the trained network, on the validation photos. */
  readonly loss: number;
  readonly accuracy: number;
  /** Where the trained network was better than the head. */
  readonly reached?: Pick<TakenTrial, "rows" | "reached" | "share" | "temperature"> | undefined;
}

/** The network frozen: the head as it is. */
export function outcomeOfHead({ heads: { parts }, head: { logits } }: Material): Outcome {
  const [part] = parts;
  const { heldOut } = choose(logits.slice(0, 1), part.labels, part.folds, part.weights);
  return { ...measured(part, heldOut), ...figures(part, heldOut) };
}

function measured({ labels, weights }: Part, heldOut: TensorData<"float32">): MeasuredTrial {
  return { losses: losses(heldOut, labels, weights), heldOut };
}

function figures({ labels, weights }: Part, heldOut: TensorData<"float32">): Pick<Outcome, "loss" | "accuracy"> {
  return { loss: logLoss(heldOut, labels, weights), accuracy: shareRight(heldOut, labels) };
}

/** A training with certain settings, and all that belongs to it. */
export interface Setting {
  readonly work: Material;
  readonly loops: TrainingLoops;
  readonly tuning: Tuning;
}

/** The same material with other settings. */
export function workWith(work: Material, { learningRate, epochs, batchSize }: TrialSettings): Material {
  const views = { ...work.views, ...work.views.withBatches(batchSize) };
  return { ...work, plan: { ...work.plan, learningRate, epochs, batchSize }, views };
}

/**
 * Does something with a training that would have certain settings; the network is as it was before when it is done.
 *
 * @param work that of the job, or one whose job tells less of its training
 */
export async function withSettings<T>(
  work: Material,
  settings: TrialSettings,
  use: (setting: Setting) => Promise<T>,
): Promise<T> {
  const { runtime, machine, backbone } = work.job;
  const layers = new Set(unfreezeFrom(backbone.model, settings.unfreeze));
  return withTrainable(backbone.model, layers, async () => {
    const own = workWith(work, settings);
    const loops = createTrainingLoops({ runtime, machine, random: work.random });
    const tuning = new Tuning(own, loops, await work.heads.without(work.heads.parts[0], work.head));
    try {
      return await use({ work: own, loops, tuning });
    } finally {
      tuning.undo();
      await loops.release(tuning.model);
    }
  });
}

/**
 * Trains with certain settings, and measures with the validation photos what the recipe would keep.
 *
 * @returns `undefined` where the job was stopped; what went wrong where a loss was no number
 */
export async function trySettings(work: Material, settings: TrialSettings): Promise<Outcome | LostLoss | undefined> {
  const rows: Work["rows"] = [];
  return withSettings({ ...work, rows }, settings, async ({ work: own, tuning }) => {
    const { epochs, learningRate } = settings;
    const { sets, head, heads } = work;
    const photos = sets.training.photos;
    const options = { epochs, learningRate, members: 1, photos, phase: "fine-tune", telling: "training" } as const;
    const trouble = await tuning.run(own.views.training, options);
    if (trouble !== undefined) return trouble;
    if (isStopped(work.job) || rows.length === 0) return undefined;
    const [part] = heads.parts;
    const trained = await logitsOf(tuning, sets.validation.source);
    const chosen = (candidates: readonly TensorData<"float32">[]): Choice =>
      choose(candidates, part.labels, part.folds, part.weights);
    const kept = chosen([...head.logits.slice(0, 1), ...trained]);
    const share = shares[kept.index - 1];
    if (share === undefined) return { ...measured(part, kept.heldOut), ...figures(part, chosen(trained).heldOut) };
    const reached = { rows, reached: tuning.reached, share, temperature: kept.temperature };
    return { ...measured(part, kept.heldOut), ...figures(part, kept.heldOut), reached };
  });
}

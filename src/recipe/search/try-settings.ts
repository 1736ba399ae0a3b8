import type { LostLoss } from "../../models/training-types.js";
import type { TrainingLoops } from "../../models/platform.js";
import { createTrainingLoops } from "../../training/fit/loops.js";
import type { TensorData } from "../../onnx/tensor-data.js";
import { type Choice, choose } from "../choose.js";
import type { HeadStage } from "../head-stage.js";
import { logLoss, losses, shareRight } from "../probabilities.js";
import { isStopped, type Material, type Work } from "../stages/stage.js";
import { share } from "../stages/train-network.js";
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
  readonly reached?: Pick<TakenTrial, "rows" | "reached" | "temperature"> | undefined;
}

/** The network frozen: the head as it is. */
export function outcomeOfHead({ heads, head }: Material): Outcome {
  const { heldOut } = choose(
    [head.validationLogits],
    heads.validationLabels,
    heads.validationFolds,
    heads.validationWeights,
  );
  return { ...measured(heads, heldOut), ...figures(heads, heldOut) };
}

function measured(heads: HeadStage, heldOut: TensorData<"float32">): MeasuredTrial {
  return { losses: losses(heldOut, heads.validationLabels, heads.validationWeights), heldOut };
}

function figures(heads: HeadStage, heldOut: TensorData<"float32">): Pick<Outcome, "loss" | "accuracy"> {
  const labels = heads.validationLabels;
  return { loss: logLoss(heldOut, labels, heads.validationWeights), accuracy: shareRight(heldOut, labels) };
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
    const tuning = new Tuning(own, loops, await work.heads.withoutValidation(work.head));
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
    const options = { epochs, learningRate, members: 1, phase: "fine-tune" } as const;
    const trouble = await tuning.run(own.views.training, options);
    if (trouble !== undefined) return trouble;
    if (isStopped(work.job) || rows.length === 0) return undefined;
    const { head, heads } = work;
    const trained = await tuning.validationLogits(share);
    const chosen = (candidates: readonly TensorData<"float32">[]): Choice =>
      choose(candidates, heads.validationLabels, heads.validationFolds, heads.validationWeights);
    const kept = chosen([head.validationLogits, trained]);
    if (kept.index === 0) return { ...measured(heads, kept.heldOut), ...figures(heads, chosen([trained]).heldOut) };
    const reached = { rows, reached: tuning.reached, temperature: kept.temperature };
    return { ...measured(heads, kept.heldOut), ...figures(heads, kept.heldOut), reached };
  });
}

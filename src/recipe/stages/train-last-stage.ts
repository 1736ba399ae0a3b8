import type { TrainingLoops } from "../../models/platform.js";
import type { Sequential } from "../../models/sequential.js";
import type { ReadySource } from "../../models/sources/batch-source.js";
import type { Logs } from "../../models/training-types.js";
import { float32, type TensorData } from "../../onnx/tensor-data.js";
import { fromTensor } from "../../runtime/runtime.js";
import { createTrainingLoops } from "../../training/fit/loops.js";
import { choose } from "../choose.js";
import type { EpochRow, TrainedClassifier } from "../fine-tune-types.js";
import type { UnitClassifier } from "../fit-head.js";
import { createHead, divideLogits, graftHead } from "../head.js";
import type { FittedAndMeasured } from "../head-stage.js";
import { KeptWeights } from "../kept-weights.js";
import type { ViewsOfSets } from "../photo-features.js";
import { staysFrozen } from "../plan.js";
import { logLoss, probabilitiesOf, shareRight } from "../probabilities.js";
import { trainInOneCycle } from "../stepped-training.js";
import { headFits, isStopped, type Stage, type Work } from "./stage.js";

/**
 * How far the weights go from where they were to where a training has brought them. Half-way lies a classifier that is as good as
 * either on small sets, and less sure of itself. (Loss on test photos at its best temperature, against the head's: food −0.04 half-way,
 * −0.02 all the way; flowers5 0.00 and +0.06; trash −0.10 and −0.12.)
 */
const shares = [0.5, 1] as const;

/**
 * The last stage of the network is unfrozen, and both are trained together on views of the training photos. Where the validation
 * photos say that it was worth it, the same is done once more with all photos: nothing is chosen any more then.
 */
export const trainLastStage: Stage = async (work) => {
  const { job, plan, sets, heads, head, views } = work;
  if (head === undefined || views === undefined || plan.unfrozen.size === 0) return undefined;
  const { val_accuracy } = head.row;
  if (staysFrozen(val_accuracy, head.heldOut.truth.length, job)) {
    job.onEvent?.({ event: "left-frozen", val_accuracy });
    return undefined;
  }
  const { runtime, machine } = job;
  const loops = createTrainingLoops({ runtime, machine, random: work.random });
  const start = await heads.withoutValidation(head, views.features);
  const tuning = new Tuning(work, loops, start);
  try {
    work.trouble = await tuning.run(views.training, { phase: "fine-tune" });
    const row = work.rows.at(-1);
    if (row?.phase !== "fine-tune") return tuning.undo();
    const candidates: TensorData<"float32">[] = [];
    for (const share of shares) candidates.push(await tuning.validationLogits(share));
    const labels = heads.validationLabels;
    const { index, temperature, heldOut } = choose(
      [head.validationLogits, ...candidates],
      labels,
      heads.validationFolds,
    );
    const share = shares[index - 1];
    if (share === undefined) return tuning.undo();
    const made: TrainedClassifier = {
      model: tuning.model,
      row: { ...row, val_loss: logLoss(heldOut, labels), val_accuracy: shareRight(heldOut, labels) },
      heldOut: { truth: labels, probabilities: probabilitiesOf(heldOut) },
      learnedFrom: sets.training.photos,
    };
    if (heads.learnsFromAll && !isStopped(job) && work.trouble === undefined) {
      const all = await learnFromAll(work, loops, tuning, head, views);
      if (all !== undefined) return { ...made, ...all.finish(share, temperature), learnedFrom: head.learnedFrom };
    }
    return { ...made, ...tuning.finish(share, temperature) };
  } finally {
    await loops.release(tuning.model);
  }
};

/** The same training once more from the beginning, with all photos; `undefined` where it came to nothing. */
async function learnFromAll(
  work: Work,
  loops: TrainingLoops,
  tuning: Tuning,
  head: FittedAndMeasured,
  views: ViewsOfSets,
): Promise<Tuning | undefined> {
  tuning.undo();
  const all = new Tuning(work, loops, head.classifier);
  const trouble = await all.run(views.all, { phase: "all-photos" });
  await loops.release(all.model);
  return trouble === undefined && !isStopped(work.job) ? all : undefined;
}

/** A training of the network's last stage together with a head, and the way back. */
class Tuning {
  readonly model: Sequential;
  private readonly before: KeptWeights;
  private after: KeptWeights;

  /** @param start the head that it begins with */
  constructor(
    private readonly work: Work,
    private readonly loops: TrainingLoops,
    start: UnitClassifier,
  ) {
    this.model = graftHead(work.network, createHead(start, work.random));
    this.before = KeptWeights.of(this.model);
    this.after = this.before;
  }

  /**
   * Trains, and tells of it.
   *
   * @param phase with `"fine-tune"` the epochs are validated and become rows of the history
   * @returns why it was ended early
   */
  async run(
    x: ReadySource,
    { phase }: { readonly phase: "fine-tune" | "all-photos" },
  ): ReturnType<typeof trainInOneCycle> {
    const { job, plan, sets, rows } = this.work;
    const validated = phase === "fine-tune";
    const photos = sets.training.photos.length + (validated ? 0 : sets.validation.photos.length);
    const stepsPerEpoch = Math.ceil(photos / plan.batchSize);
    let epochStart = performance.now();
    const trouble = await trainInOneCycle(this.loops, this.model, x, {
      ...{ epochs: plan.epochs, learningRate: plan.learningRate, stepsPerEpoch, trunkPrecision: job.trunkPrecision },
      validationData: validated ? sets.validation.source : undefined,
      signal: job.signal,
      onStep: ({ epoch, step, logs }) => {
        const { loss = NaN, accuracy = NaN } = logs;
        const place = validated
          ? {
              epoch: headFits + epoch,
              epochs: headFits + plan.epochs,
              done: step,
              total: stepsPerEpoch,
              loss,
              accuracy,
            }
          : { done: (epoch - 1) * stepsPerEpoch + step, total: plan.epochs * stepsPerEpoch, loss, accuracy };
        job.onEvent?.({ event: "progress", stage: validated ? "training" : "all-photos", unit: "steps", ...place });
      },
      onEpoch: ({ epoch, logs, learningRate }) => {
        if (!validated) return;
        const seconds = (performance.now() - epochStart) / 1000;
        epochStart = performance.now();
        const row = rowOf(logs, { epoch: headFits + epoch, learning_rate: learningRate, seconds });
        rows.push(row);
        job.onEvent?.({ event: "epoch", epochs: headFits + plan.epochs, ...row });
      },
    });
    // Weights that a lost loss has reached are worth nothing.
    if (trouble !== undefined) this.before.restore();
    this.after = KeptWeights.of(this.model);
    return trouble && { ...trouble, epoch: headFits + trouble.epoch };
  }

  /** What the model, that share of the way, says of the validation photos: logarithms of its probabilities. */
  async validationLogits(share: number): Promise<TensorData<"float32">> {
    this.before.blend(this.after, share);
    const [output] = await this.loops.predict(this.model, this.work.sets.validation.source, { verbose: 0 });
    if (output === undefined) throw new TypeError("The model has no output.");
    const { data, dims } = fromTensor(output);
    return float32(
      Float32Array.from(data as Float32Array, (probability) => Math.log(Math.max(probability, 1e-30))),
      dims,
    );
  }

  /** Leaves the model that share of the way, its probabilities calibrated. */
  finish(share: number, temperature: number): { readonly model: Sequential } {
    this.before.blend(this.after, share);
    divideLogits(this.model, temperature);
    return { model: this.model };
  }

  /** Puts the network back to where it was. */
  undo(): undefined {
    this.before.restore();
  }
}

function rowOf(logs: Logs, epoch: Pick<EpochRow, "epoch" | "learning_rate" | "seconds">): EpochRow {
  const { loss = NaN, accuracy = NaN, val_loss = NaN, val_accuracy = NaN } = logs;
  return { phase: "fine-tune", ...epoch, loss, accuracy, val_loss, val_accuracy };
}

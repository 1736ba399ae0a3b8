import { checkOptionNames, positiveNumber, refuse, wholeNumber } from "../../errors/check.js";
import { BaseModel } from "../../models/base-model.js";
import { platform, type TrainingLoops } from "../../models/platform.js";
import type {
  AnySamples,
  Callback,
  CallbackContext,
  FitOptions,
  Logs,
  WithNumbers,
} from "../../models/training-types.js";
import type { Optimizer } from "../../nn/optimizers/optimizer.js";
import { float32 } from "../../onnx/tensor-data.js";
import { learningRates, type LearningRates, SmoothedLosses } from "./learning-rates.js";

/** What of `fit` a range test takes. */
type OfFit = Pick<FitOptions, "y" | "batchSize" | "sampleWeight" | "classWeight" | "trunkPrecision">;

/** Which rates are tried. */
interface Range {
  /** Steps, one for each rate; default 100, at least 2. */
  readonly steps?: number | undefined;
  /** The first rate; default 1e-7. */
  readonly lowest?: number | undefined;
  /** The last rate; default 1. */
  readonly highest?: number | undefined;
}

/** Options of {@link findLearningRate}. */
export type FindLearningRateOptions = WithNumbers<OfFit> & Range;

const known = [
  ...["y", "batchSize", "sampleWeight", "classWeight", "trunkPrecision"],
  ...["steps", "lowest", "highest"],
] satisfies readonly string[];

/** Which rates are tried, and whether somebody ends it. */
export interface RangeTestOptions extends OfFit, Range {
  /** Ends the test after the current step. */
  readonly signal?: AbortSignal | undefined;
  /** Told of each step, from 1. */
  readonly onStep?: ((step: number, steps: number) => void) | undefined;
}

/**
 * Looks for a learning rate to train with: a model is trained for a hundred steps while the rate rises from almost nothing to a
 * value that is too great for anything, and it is seen where the loss falls and where it leaps. Ends early when the smoothed loss
 * is more than 4 times its lowest value.
 *
 * Afterwards the model's weights are what they were, and its optimizer was not touched: the steps are taken by a new one of the same
 * kind, where the optimizer follows a schedule too. Samples are drawn as by `fit`, and a generator that has an end gives them away.
 *
 * @param model a compiled model
 * @param x samples, as `fit` takes them
 * @returns rates, losses, and two suggestions; `steepest` suits most, and a schedule's greatest rate may be somewhat above it
 * @throws UsageError for an option that is not usable, or a model that is not compiled
 * @see https://arxiv.org/abs/1506.01186 section 3.3: the learning rate range test
 * @see https://docs.fast.ai/callback.schedule.html#learner.lr_find
 *
 * @example
 * ```ts
 * import { layers, models, plots, Tensor, utils } from "graft-ml";
 *
 * const x = new Tensor("float32", [0, 1, 2, 3], [4, 1]);
 * const model = new models.Sequential([layers.Input({ shape: [1] }), new layers.Dense(1)]);
 * model.compile({ optimizer: "sgd", loss: "mse" });
 * const found = await utils.findLearningRate(model, x, { y: x, batchSize: 4 });
 * model.optimizer.learningRate = found.steepest ?? 0.01;
 * const picture = plots.learningRateSvg(found);
 * ```
 */
export async function findLearningRate(
  model: BaseModel,
  x: AnySamples,
  options: FindLearningRateOptions = {},
): Promise<LearningRates> {
  const owner = "findLearningRate";
  const given: unknown = model;
  if (!(given instanceof BaseModel)) refuse(owner, "model", "a model", given);
  checkOptionNames(owner, options, known);
  const steps = wholeNumber(owner, "steps", options.steps ?? defaults.steps, 2);
  const lowest = positiveNumber(owner, "lowest", options.lowest ?? defaults.lowest);
  const highest = positiveNumber(owner, "highest", options.highest ?? defaults.highest);
  if (highest <= lowest) refuse(owner, "highest", `a number above ${lowest}, the lowest rate`, highest);
  return rangeTest(platform().loops, model, x, { ...(options as OfFit), steps, lowest, highest });
}

const defaults = { steps: 100, lowest: 1e-7, highest: 1 } as const;

/** {@link findLearningRate} by loops of one's own, with options that are known to be usable. */
export async function rangeTest(
  loops: TrainingLoops,
  model: BaseModel,
  x: AnySamples,
  {
    steps = defaults.steps,
    lowest = defaults.lowest,
    highest = defaults.highest,
    signal,
    onStep,
    ...fit
  }: RangeTestOptions,
): Promise<LearningRates> {
  const { optimizer, compilation, loss } = model;
  const rateOf = (step: number): number => lowest * (highest / lowest) ** (step / (steps - 1));
  const [rates, losses, smoothed]: [number[], number[], SmoothedLosses] = [[], [], new SmoothedLosses()];
  let putBack = (): void => undefined;
  const follow: Callback = {
    onTrainBatchBegin(_step: number, { model: trained }: CallbackContext) {
      // Not before: a model that waits for its first batch has no weights until then.
      if (rates.length === 0) putBack = keeping(model);
      trained.optimizer.learningRate = rateOf(rates.length);
    },
    // An epoch is a step, so that its loss is that of the batch.
    onEpochEnd(_epoch: number, logs: Logs, context: CallbackContext) {
      const { loss: now = Number.NaN } = logs;
      const tooGreat = smoothed.add(now);
      if (Number.isFinite(now)) {
        rates.push(rateOf(rates.length));
        losses.push(now);
      }
      onStep?.(rates.length, steps);
      if (tooGreat || signal?.aborted === true) context.stopTraining();
    },
    // It is what the test looks for, and no reason to warn.
    onLossLost() {
      model.stopTraining = true;
    },
  };
  try {
    model.compile({ ...compilation, optimizer: another(optimizer, lowest) });
    await loops.fit(model, x, { ...fit, epochs: steps, stepsPerEpoch: 1, callbacks: [follow], verbose: 0 });
  } finally {
    putBack();
    model.compile({ ...compilation, loss });
  }
  return learningRates(rates, losses, smoothed.values);
}

/** A new optimizer like a given one, with a rate that can be changed. */
function another(optimizer: Optimizer, learningRate: number): Optimizer {
  const Class = optimizer.constructor as typeof Optimizer;
  return Class.fromConfig({ ...optimizer.getConfig(), learning_rate: learningRate });
}

/** @returns puts all weights of a model back to what they are now, statistics of normalizations too */
function keeping({ weights }: BaseModel): () => void {
  const kept = weights.map(({ value: { data, dims } }) => float32(data.slice(), dims));
  return () => {
    for (const [index, weight] of weights.entries()) {
      const value = kept[index];
      if (value !== undefined) weight.assign(value);
    }
  };
}

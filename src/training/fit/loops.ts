import type { BaseModel } from "../../models/base-model.js";
import type { TrainingLoops } from "../../models/platform.js";
import { whileReading } from "../../nn/weight-use.js";
import { processStreams, type RandomSource } from "../../random/seed.js";
import { checkMethodOptions } from "../../models/option-names.js";
import { areInputs, areTensors, refuseSamples } from "../../models/sources/check-samples.js";
import { samplesIn } from "../../models/sources/arrays.js";
import type { Host } from "../machine.js";
import { testOnBatch, trainOnBatch } from "./batch.js";
import type { Call } from "./call.js";
import { evaluate } from "./evaluate.js";
import { fit } from "./fit.js";
import { predict } from "./predict.js";
import { TrainingMemory } from "./training-memory.js";

/** What loops work with. */
export interface LoopsOptions extends Host {
  /** Where order and random numbers of steps come from; default the streams of `setRandomSeed`. */
  readonly random?: RandomSource | undefined;
}

/** Does work that reads a model's weights: as they are after a whole step, where they are being trained. */
function reading<T>(model: BaseModel, work: () => Promise<T>): Promise<T> {
  return whileReading(() => model.weights, work);
}

/** @throws UsageError for labels or weights of samples that are no arrays: not every source looks at what is given beside it */
function checkBeside(method: string, name: string, given: unknown): void {
  const isNothing = given === undefined || given === null || (Array.isArray(given) && given.length === 0);
  if (!isNothing && !areTensors(given)) refuseSamples(method, name, given);
}

/** The loops of `fit`, `evaluate` and `predict` in a certain place. What they keep of a model is theirs alone. */
export function createTrainingLoops({ runtime, machine, random = processStreams }: LoopsOptions): TrainingLoops {
  const host: Host = { runtime, machine };
  const kept = new WeakMap<BaseModel, TrainingMemory>();
  const callOf = (model: BaseModel): Call => {
    const memory = kept.get(model) ?? new TrainingMemory(host, model, random);
    kept.set(model, memory);
    memory.streams.refresh();
    return { host, model, memory };
  };
  return {
    fit: async (model, x, asked) => {
      const options = checkMethodOptions("fit", asked);
      checkBeside("fit", "sampleWeight", options.sampleWeight);
      return fit(callOf(model), x, options);
    },
    evaluate: async (model, x, asked) => {
      const options = checkMethodOptions("evaluate", asked);
      checkBeside("evaluate", "sampleWeight", options.sampleWeight);
      return reading(model, () => evaluate(callOf(model), x, options));
    },
    predict: async (model, x, asked) => {
      const options = checkMethodOptions("predict", asked);
      return reading(model, () => predict(callOf(model), x, options));
    },
    predictOnBatch: async (model, x) => {
      if (!areInputs(x)) refuseSamples("predictOnBatch", "x", x);
      return reading(model, () => predict(callOf(model), x, { batchSize: Math.max(1, samplesIn(x)), verbose: 0 }));
    },
    trainOnBatch: async (model, x, y, asked) => {
      const options = checkMethodOptions("trainOnBatch", asked);
      checkBeside("trainOnBatch", "y", y);
      return trainOnBatch(callOf(model), x, y, options);
    },
    testOnBatch: async (model, x, y, asked) => {
      const options = checkMethodOptions("testOnBatch", asked);
      checkBeside("testOnBatch", "y", y);
      return reading(model, () => testOnBatch(callOf(model), x, y, options));
    },
    async release(model) {
      await kept.get(model)?.release();
    },
  };
}

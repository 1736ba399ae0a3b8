import { float32 } from "../onnx/tensor-data.js";
import { RandomStreams } from "../random/seed.js";
import { toTensor } from "../runtime/runtime.js";
import { createTrainingLoops } from "../training/fit/loops.js";
import { photoWeights, weightingOf } from "./class-weights.js";
import type { FineTuneJob, FineTuneResult } from "./fine-tune-types.js";
import { headOf } from "./head.js";
import { compile } from "./stepped-training.js";
import { featureModel } from "./feature-model.js";
import { exactValidation } from "./photo-features.js";
import { planOf } from "./plan.js";
import { withTrainable } from "./trainable-flags.js";

/**
 * Measures what a training with frozen layers in 8 bits has made on the validation photos, with the network computed exactly, as
 * the model is when it is used. After another training there is nothing to measure: its figures are exact.
 *
 * @param job what was trained
 * @param finished what the recipe has made of it
 * @returns the same with exact figures of the validation; `seconds` counts the measuring too
 * @throws FileError when none of the validation photos can be read any more
 */
export async function measureExactly(job: FineTuneJob, finished: FineTuneResult): Promise<FineTuneResult> {
  const { trunk, best, model } = finished;
  if (trunk === undefined) return finished;
  const start = performance.now();
  const { runtime, machine, backbone, onEvent } = job;
  const total = finished.photos.validation;
  const plan = planOf(job, job);
  const network = featureModel(backbone.model);
  // With the flags of the training, the photos' activations are those that are kept at its freeze boundary.
  const { features, labels } = await withTrainable(backbone.model, plan.unfrozen, () =>
    exactValidation(job, network, (done) => {
      onEvent?.({ event: "progress", stage: "comparing", unit: "photos", done, total });
    }),
  );
  const head = headOf(model, network.model);
  compile(head, plan.learningRate);
  const loops = createTrainingLoops({ runtime, machine, random: new RandomStreams(job.seed) });
  const counted = photoWeights(weightingOf(job), Array.from(labels.data));
  const sampleWeight = toTensor(float32(counted, [counted.length]));
  const logs = await loops.evaluate(head, toTensor(features), { y: toTensor(labels), sampleWeight, verbose: 0 });
  await loops.release(head);
  const { loss: val_loss = NaN, accuracy: val_accuracy = NaN } = logs;
  return {
    ...finished,
    best: { ...best, val_loss, val_accuracy },
    trunk: { ...trunk, exact_val_accuracy: val_accuracy },
    seconds: finished.seconds + (performance.now() - start) / 1000,
  };
}

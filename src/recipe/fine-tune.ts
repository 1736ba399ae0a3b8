import { RandomStreams } from "../random/seed.js";
import { toTensor } from "../runtime/runtime.js";
import { createTrainingLoops } from "../training/fit/loops.js";
import type { FineTuneJob, FineTuneResult } from "./fine-tune-types.js";
import { createHead, graftHead } from "./head.js";
import { Phases } from "./phases.js";
import { featureModel, featuresOfSets } from "./photo-features.js";
import { mostEpochs, type Plan, planOf, staysFrozen } from "./plan.js";
import { withTrainable } from "./trainable-flags.js";

/**
 * The recipe: grafts a new classifier onto a pretrained network, trains it with the network frozen, then unfreezes the
 * network's last block and trains both together at a lower rate; keeps the best weights by validation, and stops when
 * validation no longer improves.
 *
 * Random numbers are the job's own: jobs with networks of their own may run at the same time. The network is part of the
 * result, with what its last block has learned; which of its layers are trainable is afterwards as it was before.
 *
 * @throws FileError when a class has no readable photo
 * @throws UsageError when `unfreeze` names no layer
 */
export async function fineTune(job: FineTuneJob): Promise<FineTuneResult> {
  // The name of a layer that does not exist must show before the work, not after it.
  const plan = planOf(job, job);
  // The network's last block counts as trainable from the beginning, so that its photos cross the frozen part only once: what
  // is kept for the second phase is kept while the features of the first are computed.
  return withTrainable(job.backbone.model, plan.unfrozen, () => graft(job, plan));
}

async function graft(job: FineTuneJob, plan: Plan): Promise<FineTuneResult> {
  const start = performance.now();
  const { runtime, machine, backbone, classes, trunkPrecision, signal, onEvent } = job;
  const { learningRate, batchSize, unfrozen } = plan;
  const random = new RandomStreams(job.seed);
  const loops = createTrainingLoops({ runtime, machine, random });

  const network = featureModel(backbone.model);
  const sets = await featuresOfSets(job, plan, network, random.stream("order"));
  const { training, validation } = sets;
  const photos = { training: training.source.samples, validation: validation.source.samples, skipped: sets.skipped };
  const steps = Math.ceil(photos.training / batchSize);
  const phases = new Phases(loops, steps, job);

  const head = createHead(training.features, classes.length, random);
  await phases.run("head", head, toTensor(training.features), {
    y: toTensor(training.labels),
    batchSize,
    epochs: mostEpochs("head", steps, job),
    learningRate: learningRate.head,
    validationData: [toTensor(validation.features), toTensor(validation.labels)],
  });

  const model = graftHead(network, head);
  const { val_accuracy } = phases.best;
  if (phases.trouble !== undefined) {
    // What was learned until then is kept; more of it would not help.
  } else if (unfrozen.size > 0 && staysFrozen(val_accuracy, photos.validation, job)) {
    onEvent?.({ event: "left-frozen", val_accuracy });
  } else if (unfrozen.size > 0 && signal?.aborted !== true) {
    await phases.run("fine-tune", model, training.source, {
      epochs: mostEpochs("fine-tune", steps, job),
      learningRate: learningRate["fine-tune"],
      validationData: validation.source,
      trunkPrecision,
    });
  }
  await Promise.all([loops.release(head), loops.release(model)]);
  const { rows, best, trouble } = phases;
  return {
    model,
    epochs: rows,
    bestEpoch: best.epoch,
    best,
    trunk: sets.trunk && { ...sets.trunk, val_accuracy: best.val_accuracy },
    photos,
    trouble,
    seconds: (performance.now() - start) / 1000,
  };
}

import { preprocessGraph } from "../applications/preprocess.js";
import { photoGraph, PhotoLibrary, type PhotoSource } from "./photo-library.js";
import { FileError } from "../errors/errors.js";
import type { BaseModel } from "../models/base-model.js";
import type { BatchSource } from "../models/sources/batch-source.js";
import { Sequential } from "../models/sequential.js";
import type { Callback, FitOptions } from "../models/training-types.js";
import type { Layer } from "../nn/layer.js";
import { GlobalAveragePooling2D } from "../nn/layers/index.js";
import { SparseCategoricalCrossentropy } from "../nn/losses/index.js";
import { Adam } from "../nn/optimizers/index.js";
import { float32, type TensorData } from "../onnx/tensor-data.js";
import type { Photo } from "../photos/photo.js";
import { RandomStreams } from "../random/seed.js";
import { type Tensor, toTensor } from "../runtime/runtime.js";
import { BestWeights } from "./best-weights.js";
import type { EpochRow, FineTuneJob, FineTuneResult } from "./fine-tune-types.js";
import { type Features, featuresOf } from "../training/activations/features.js";
import { createTrainingLoops } from "../training/fit/loops.js";
import { createHead } from "./head.js";
import { withTrainable } from "./trainable-flags.js";
import { unfreezeFrom } from "./unfreeze.js";

/** The head's step size, unless asked otherwise. */
const defaultLearningRate = 1e-3;

/** The second phase's step size, as a share of the first one's: what was learned from millions of photos moves little. */
const fineTuneShare = 0.03;

/**
 * Validation accuracy of the new classifier from which on the network is left frozen, unless a layer to unfreeze is named: what
 * is left to gain is a few photos, and costs several times the whole first phase. (2,000 cats and dogs, MobileNetV2 trained on
 * ImageNet, one run with 8 bits: the second phase found no better epoch.)
 */
const goodEnough = 0.98;

/** On fewer validation photos that accuracy may be luck. */
const enoughPhotos = 200;

/** Epochs after which a phase ends in which neither validation accuracy nor validation loss got better than ever. */
const patience = { head: 10, "fine-tune": 3 } as const;

/** The most epochs of a phase, unless asked otherwise. */
const defaultEpochs = 30;

/** A head on kept features costs next to nothing an epoch, so small folders get at least this many steps. */
const headSteps = 1000;

/** Photos a step, unless asked otherwise; fewer for small folders, so that an epoch has some steps. */
function defaultBatchSize(photos: number): number {
  return Math.min(32, Math.max(8, Math.floor(photos / 16)));
}

/** Photos at a time on their way through the frozen network. */
const featureBatch = 8;

/** @throws FileError when a class has no photo left to train on */
function checkTraining({ photos }: PhotoLibrary, classes: readonly string[]): void {
  const found = new Set(photos.map(({ classIndex }) => classIndex));
  const empty = classes.filter((_, index) => !found.has(index));
  if (empty.length === 0) return;
  throw new FileError(`There is no readable photo of ${empty.map((name) => `"${name}"`).join(", ")} to train on.`, {
    subject: empty[0] ?? "",
    expected: "at least one readable photo in each class",
    received: `none in ${empty.length} of ${classes.length} classes`,
    advice: "Add photos to these folders, or remove the folders.",
  });
}

/** @throws FileError when no photo is left to validate with */
function checkValidation({ photos }: PhotoLibrary): void {
  if (photos.length > 0) return;
  throw new FileError("There is no readable photo to validate with.", {
    subject: "validation",
    expected: "at least one readable photo",
    received: "none",
    advice: "Add photos, or leave the validation folder out: then a part of the training photos is taken.",
  });
}

/** A network and what pools its feature map, as a model from images to features `[N, features]`. */
function featureModel(backbone: BaseModel): Sequential {
  const model = new Sequential([backbone], { name: "features" });
  if (backbone.outputShape.length === 4) model.add(new GlobalAveragePooling2D({ name: "pooling" }));
  return model;
}

function compile(model: BaseModel, learningRate: number): void {
  model.compile({
    optimizer: new Adam({ learningRate }),
    loss: new SparseCategoricalCrossentropy(),
    metrics: ["accuracy"],
  });
}

/** Numbers of the classes of all photos, `[photos]`, in the library's order. */
function labels({ photos }: PhotoLibrary): TensorData<"float32"> {
  return float32(
    photos.map(({ classIndex }) => classIndex),
    [photos.length],
  );
}

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
  const { model, lastBlock } = job.backbone;
  // The name of a layer that does not exist must show before the work, not after it.
  const unfrozen = new Set(unfreezeFrom(model, job.unfreeze ?? lastBlock));
  // The network's last block counts as trainable from the beginning, so that its photos cross the frozen part only once: what
  // is kept for the second phase is kept while the features of the first are computed.
  return withTrainable(model, unfrozen, () => graftOnto(job, unfrozen));
}

async function graftOnto(job: FineTuneJob, unfrozen: ReadonlySet<Layer>): Promise<FineTuneResult> {
  const start = performance.now();
  const { runtime, machine, backbone, classes, signal, onEvent = () => undefined } = job;
  const host = { runtime, machine };
  const random = new RandomStreams(job.seed);
  const loops = createTrainingLoops({ ...host, random });
  const learningRate = job.learningRate ?? defaultLearningRate;

  let skipped = 0;
  const libraryOf = (photos: readonly Photo[]): PhotoLibrary =>
    new PhotoLibrary(photos, {
      imageSize: backbone.imageSize,
      onSkipped: (path, reason) => {
        skipped += 1;
        onEvent({ event: "skipped", path, reason });
      },
      signal,
    });
  const [training, validation] = [libraryOf(job.training), libraryOf(job.validation)];

  const network = featureModel(backbone.model);
  const graph = photoGraph(backbone.imageSize, (pixels) => preprocessGraph(pixels, backbone.record.preprocess));
  const batchSize = job.batchSize ?? defaultBatchSize(job.training.length);
  const source = training.source(batchSize, graph, random.stream("order"));
  const validationSource = validation.source(featureBatch, graph);

  const total = job.training.length + job.validation.length;
  const { trunkPrecision } = job;
  const read = (library: PhotoSource, samples: number, before: number): Promise<Features> =>
    featuresOf(host, network, library, {
      trunkPrecision,
      calibration: source,
      batches: library.read(featureBatch),
      ...{ samples, batchSize: featureBatch },
      onBatch: (done) => {
        onEvent({ event: "progress", stage: "features", unit: "photos", done: before + done + skipped, total });
      },
    });
  const features = await read(source, job.training.length, 0);
  checkTraining(training, classes);
  const validationFeatures = await read(validationSource, job.validation.length, training.photos.length);
  checkValidation(validation);
  const steps = Math.ceil(training.photos.length / batchSize);
  const rows: EpochRow[] = [];
  const best = new BestWeights();

  const run = async (
    phase: EpochRow["phase"],
    model: BaseModel,
    x: BatchSource | Tensor,
    rate: number,
    fit: FitOptions & { readonly epochs: number },
  ): Promise<void> => {
    compile(model, rate);
    best.keep(model);
    const epochs = rows.length + fit.epochs;
    let waited = 0;
    let lowestLoss = Number.POSITIVE_INFINITY;
    let epochStart = performance.now();
    const follow: Callback = {
      onTrainBatchEnd(step, { loss = Number.NaN, accuracy = Number.NaN }, context) {
        if (signal?.aborted === true) context.stopTraining();
        const [done, epoch] = [step + 1, rows.length + 1];
        const unit = "steps";
        onEvent({ event: "progress", stage: "training", unit, done, total: steps, epoch, epochs, loss, accuracy });
      },
      onEpochEnd(_epoch, logs, context) {
        const row: EpochRow = {
          phase,
          epoch: rows.length + 1,
          loss: logs["loss"] ?? Number.NaN,
          accuracy: logs["accuracy"] ?? Number.NaN,
          val_loss: logs["val_loss"] ?? Number.NaN,
          val_accuracy: logs["val_accuracy"] ?? Number.NaN,
          learning_rate: rate,
          seconds: (performance.now() - epochStart) / 1000,
        };
        epochStart = performance.now();
        rows.push(row);
        onEvent({ event: "epoch", epochs, ...row });
        const better = best.offer(row, model);
        waited = better || row.val_loss < lowestLoss ? 0 : waited + 1;
        lowestLoss = Math.min(lowestLoss, row.val_loss);
        if (waited >= patience[phase] || signal?.aborted === true) context.stopTraining();
      },
    };
    await loops.fit(model, x, { ...fit, stepsPerEpoch: steps, callbacks: [follow], verbose: 0 });
    best.restore();
  };

  const head = createHead(features.values, classes.length, random);
  await run("head", head, toTensor(features.values), learningRate, {
    y: toTensor(labels(training)),
    batchSize,
    epochs: job.epochs ?? Math.max(defaultEpochs, Math.ceil(headSteps / steps)),
    validationData: [toTensor(validationFeatures.values), toTensor(labels(validation))],
  });

  const model = new Sequential([...network.layers, ...head.layers], { name: "classifier" });
  const accuracy = best.row?.val_accuracy ?? 0;
  const asked = job.unfreeze !== undefined;
  const sure = accuracy >= goodEnough && validation.photos.length >= enoughPhotos;
  if (unfrozen.size > 0 && !asked && sure) {
    onEvent({ event: "left-frozen", val_accuracy: accuracy });
  } else if (unfrozen.size > 0 && signal?.aborted !== true) {
    await run("fine-tune", model, source, learningRate * fineTuneShare, {
      epochs: job.epochs ?? defaultEpochs,
      validationData: validationSource,
      trunkPrecision,
    });
  }
  const { row } = best;
  if (row === undefined) throw new TypeError("The training had no epoch.");
  await Promise.all([loops.release(head), loops.release(model)]);
  const result: FineTuneResult = {
    model,
    epochs: rows,
    bestEpoch: row.epoch,
    best: row,
    photos: { training: training.photos.length, validation: validation.photos.length, skipped },
    seconds: (performance.now() - start) / 1000,
  };
  if (features.trunk === undefined) return result;
  const trunk = { ...features.trunk, val_accuracy: row.val_accuracy };
  const exactly = async (): Promise<FineTuneResult> => {
    const { values } = await withTrainable(backbone.model, unfrozen, () =>
      featuresOf(host, network, validationSource, {
        onBatch: (done) => {
          onEvent({ event: "progress", stage: "comparing", unit: "photos", done, total: validation.photos.length });
        },
      }),
    );
    const logs = await loops.evaluate(head, toTensor(values), { y: toTensor(labels(validation)), verbose: 0 });
    await loops.release(head);
    const { loss: val_loss = Number.NaN, accuracy: val_accuracy = Number.NaN } = logs;
    return {
      ...result,
      best: { ...row, val_loss, val_accuracy },
      trunk: { ...trunk, exact_val_accuracy: val_accuracy },
      seconds: (performance.now() - start) / 1000,
    };
  };
  return { ...result, trunk, exactly };
}

import { preprocessGraph } from "../applications/preprocess.js";
import { FileError } from "../errors/errors.js";
import { PhotoLibrary } from "../data/photo-library.js";
import type { Value } from "../graph/value.js";
import type { BaseModel } from "../models/base-model.js";
import { Sequential } from "../models/sequential.js";
import type { Callback } from "../models/training-types.js";
import { Dense, Dropout, GlobalAveragePooling2D } from "../nn/layers/index.js";
import { SparseCategoricalCrossentropy } from "../nn/losses/index.js";
import { Adam } from "../nn/optimizers/index.js";
import type { Variable } from "../nn/variable.js";
import type { TensorData } from "../onnx/tensor-data.js";
import { randomStream, setRandomSeed } from "../random/seed.js";
import type { EpochRow, FineTuneOptions, FineTuneResult, LabelledPhoto } from "./fine-tune-types.js";
import { unfreezeFrom } from "./unfreeze.js";

/** The second phase's step size, as a share of the first one's: what was learned from millions of photos moves little. */
const fineTuneShare = 0.01;

/** Epochs without improvement after which a phase ends. */
const patience = { head: 10, "fine-tune": 3 } as const;

/** A head on kept features costs next to nothing an epoch, so small folders get at least this many steps. */
const headSteps = 1500;

/** Photos a step, unless asked otherwise; fewer for small folders, so that an epoch has some steps. */
function defaultBatchSize(photos: number): number {
  return Math.min(32, Math.max(8, Math.floor(photos / 16)));
}

/** The best weights so far, by validation accuracy and then by validation loss. */
class Best {
  row: EpochRow | undefined;
  private weights: (readonly [Variable, TensorData<"float32">])[] = [];

  /** Takes the model's weights over when they are better; returns whether they are. */
  offer(row: EpochRow, model: BaseModel): boolean {
    const best = this.row;
    const better =
      best === undefined ||
      row.val_accuracy > best.val_accuracy ||
      (row.val_accuracy === best.val_accuracy && row.val_loss < best.val_loss);
    if (!better) return false;
    this.row = row;
    this.weights = model.trainableWeights.map((variable) => [
      variable,
      { ...variable.value, data: variable.value.data.slice() },
    ]);
    return true;
  }

  restore(): void {
    for (const [variable, tensor] of this.weights) variable.assign({ ...tensor, data: tensor.data.slice() });
  }
}

/** @throws FileError when a class has no photo left to train on */
function checkClasses(photos: readonly LabelledPhoto[], classes: readonly string[], what: string): void {
  const empty = classes.filter((_, index) => !photos.some(({ classIndex }) => classIndex === index));
  if (empty.length === 0) return;
  throw new FileError(`There is no readable photo of ${empty.map((name) => `"${name}"`).join(", ")} to ${what}.`, {
    subject: empty[0] ?? "",
    expected: "at least one readable photo in each class",
    received: `none in ${empty.length} of ${classes.length} classes`,
    advice: "Add photos to these folders, or remove the folders.",
  });
}

/**
 * The recipe: grafts a new classifier onto a pretrained network, trains it with the network frozen, then unfreezes the
 * network's last block and trains both together at a lower rate; keeps the best weights by validation, and stops when
 * validation no longer improves.
 *
 * @throws FileError when a class has no readable photo
 * @throws UsageError when `unfreeze` names no layer
 */
export async function fineTune(options: FineTuneOptions): Promise<FineTuneResult> {
  const start = performance.now();
  const { runtime, backbone, classes, signal, onEvent = () => undefined, seed = 0 } = options;
  setRandomSeed(seed);
  // A name of a layer that does not exist must show before the hour of work, not after it.
  const fineTuned = unfreezeFrom(backbone.model, options.unfreeze ?? backbone.lastBlock);

  let skipped = 0;
  const total = options.training.length + options.validation.length;
  const read = async (photos: readonly LabelledPhoto[], before: number): Promise<PhotoLibrary> =>
    PhotoLibrary.read(photos, {
      runtime,
      imageSize: backbone.imageSize,
      onProgress: (done) => {
        onEvent({ event: "progress", stage: "reading", unit: "photos", done: before + done, total });
      },
      onSkipped: (path, reason) => {
        skipped += 1;
        onEvent({ event: "skipped", path, reason });
      },
      ...(signal === undefined ? {} : { signal }),
    });
  const training = await read(options.training, 0);
  const validation = await read(options.validation, options.training.length);
  try {
    checkClasses(training.photos, classes, "train on");
    if (validation.photos.length === 0) checkClasses([], classes, "validate with");

    const model = graft(backbone.model, classes.length);
    const batchSize = options.batchSize ?? defaultBatchSize(training.photos.length);
    const preprocess = (pixels: Value): Value => preprocessGraph(pixels, backbone.record.preprocess);
    const source = training.source(batchSize, preprocess, randomStream("order"));
    const validationSource = validation.source(batchSize, preprocess);
    const steps = Math.ceil(training.photos.length / batchSize);
    const headRate = options.learningRate ?? 1e-3;

    const rows: EpochRow[] = [];
    const best = new Best();
    const run = async (phase: EpochRow["phase"], epochs: number, learningRate: number): Promise<void> => {
      model.compile({
        optimizer: new Adam({ learningRate }),
        loss: new SparseCategoricalCrossentropy(),
        metrics: ["accuracy"],
      });
      const before = rows.length;
      let waited = 0;
      const follow: Callback = {
        onTrainBatchEnd(step, logs, context) {
          if (signal?.aborted === true) context.stopTraining();
          onEvent({
            event: "progress",
            stage: "training",
            unit: "steps",
            done: step + 1,
            total: steps,
            epoch: rows.length + 1,
            epochs: before + epochs,
            loss: logs["loss"] ?? Number.NaN,
            accuracy: logs["accuracy"] ?? Number.NaN,
          });
        },
        onEpochEnd(_epoch, logs, context) {
          const row: EpochRow = {
            phase,
            epoch: rows.length + 1,
            loss: logs["loss"] ?? Number.NaN,
            accuracy: logs["accuracy"] ?? Number.NaN,
            val_loss: logs["val_loss"] ?? Number.NaN,
            val_accuracy: logs["val_accuracy"] ?? Number.NaN,
            learning_rate: learningRate,
            seconds: (performance.now() - epochStart) / 1000,
          };
          epochStart = performance.now();
          rows.push(row);
          onEvent({ event: "epoch", epochs: before + epochs, ...row });
          waited = best.offer(row, model) ? 0 : waited + 1;
          if (waited >= patience[phase] || signal?.aborted === true) context.stopTraining();
        },
      };
      let epochStart = performance.now();
      await model.fit(source, {
        epochs,
        stepsPerEpoch: steps,
        validationData: validationSource,
        callbacks: [follow],
        verbose: 0,
      });
      best.restore();
    };

    backbone.model.trainable = false;
    await run("head", options.epochs ?? Math.max(30, Math.ceil(headSteps / steps)), headRate);
    if (fineTuned.length > 0 && signal?.aborted !== true) {
      backbone.model.trainable = true;
      const unfrozen = new Set(fineTuned);
      for (const layer of backbone.model.layers) layer.trainable = unfrozen.has(layer);
      await run("fine-tune", options.epochs ?? 30, headRate * fineTuneShare);
    }
    const row = best.row;
    if (row === undefined) throw new TypeError("The training had no epoch.");
    return {
      model,
      epochs: rows,
      bestEpoch: row.epoch,
      best: row,
      photos: { training: training.photos.length, validation: validation.photos.length, skipped },
      seconds: (performance.now() - start) / 1000,
    };
  } finally {
    await Promise.all([training.release(), validation.release()]);
  }
}

/** The network with a new classifier on top. */
function graft(backbone: BaseModel, classes: number): Sequential {
  const model = new Sequential([backbone], { name: "classifier" });
  if (backbone.outputShape.length === 4) model.add(new GlobalAveragePooling2D());
  model.add(new Dropout(0.2));
  model.add(new Dense(classes, { activation: "softmax", name: "probabilities" }));
  return model;
}

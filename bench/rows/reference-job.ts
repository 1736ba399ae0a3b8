import { join } from "node:path";
import { ImageDataGenerator } from "graft-ml";
import { milliseconds } from "../clock.js";
import { beside, type Figure, type Measured } from "../figures.js";
import { runKeras } from "../keras.js";
import { vgg16Classifier } from "../networks/classifier.js";
import { need, type Row } from "../row.js";

/** What is timed, under the names that bench/keras/reference_job.py uses. */
const timed = {
  train_on_batch: "reference job: training step",
  test_on_batch: "reference job: validation step",
  augmentation: "reference job: a batch read and augmented",
} as const;

type Timing = Readonly<Record<keyof typeof timed, Measured>>;

function figures(timing: Timing, side: "Graft" | "Keras"): Figure[] {
  return (Object.keys(timed) as (keyof Timing)[]).map((name) => ({
    what: timed[name],
    unit: "ms",
    values: { [side]: timing[name] },
  }));
}

async function graft(directory: string, file: string): Promise<Timing> {
  const datagen = new ImageDataGenerator({
    rescale: 1 / 255,
    rotationRange: 40,
    widthShiftRange: 0.2,
    heightShiftRange: 0.2,
    shearRange: 0.2,
    zoomRange: 0.2,
    horizontalFlip: true,
    fillMode: "nearest",
  });
  const batches = await datagen.flowFromDirectory(join(directory, "train"), {
    targetSize: [150, 150],
    batchSize: 20,
    classMode: "binary",
  });
  const model = await vgg16Classifier(file, "block5");
  const iterator = batches[Symbol.asyncIterator]();
  const { value: batch } = await iterator.next();
  const [x, y] = batch;
  return {
    train_on_batch: await milliseconds(() => model.trainOnBatch(x, y)),
    test_on_batch: await milliseconds(() => model.testOnBatch(x, y)),
    augmentation: await milliseconds(() => iterator.next()),
  };
}

export const referenceJobRow: Row = {
  name: "reference",
  about: "the reference job, on real photos: a training step, a validation step, a batch of augmented photos",
  async run({ baseDir, weights, keras }) {
    const directory = need(baseDir, "--base-dir");
    const file = need(weights, "--weights");
    const ours = figures(await graft(directory, file), "Graft");
    if (!keras) return ours;
    const lines = runKeras("reference_job.py", ["--base-dir", directory, "--weights", file, "--epochs", "0"]);
    const timing = lines.find(({ event }) => event === "timing");
    return timing === undefined ? ours : beside(ours, figures(timing as unknown as Timing, "Keras"));
  },
};

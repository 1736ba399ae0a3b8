/**
 * The counterpart of Keras's example of metric learning, https://keras.io/examples/vision/metric_learning/: a step of its own
 * brings photos of a class close to each other, and away from all others.
 *
 *     npx tsx examples/metric-learning.ts --data-dir flowers
 *
 * --data-dir has one folder for each class. --plain leaves out what is up to chance.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { GradientTape, layers, losses, metrics, models, ops, optimizers, setRandomSeed, utils } from "graft-ml";
import type { StepData, StepLogs, Tensor } from "graft-ml";

const { values: flags } = parseArgs({
  options: {
    "data-dir": { type: "string", default: "flowers" },
    model: { type: "string" },
    size: { type: "string", default: "32" },
    batches: { type: "string", default: "1000" },
    epochs: { type: "string", default: "20" },
    plain: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const size = Number(flags.size);
setRandomSeed(1234);

// All photos as one array, and which of them belong to each class.
const classes = (await readdir(flags["data-dir"])).sort();
const images: Tensor[] = [];
const classIdxToIdxs: number[][] = [];
for (const [classIdx, name] of classes.entries()) {
  classIdxToIdxs.push([]);
  for (const file of (await readdir(join(flags["data-dir"], name))).sort()) {
    const img = await utils.loadImg(join(flags["data-dir"], name, file), { targetSize: [size, size] });
    classIdxToIdxs[classIdx]?.push(images.length);
    images.push(utils.imgToArray(img));
  }
}
const xTrain = await ops.divide(await ops.stack(images), 255);

// A batch is a pair of photos of each class: [2, classes, height, width, 3].
class AnchorPositivePairs extends utils.PyDataset {
  constructor(readonly numBatches: number) {
    super();
  }

  get length(): number {
    return this.numBatches;
  }

  async getItem(index: number): Promise<[Tensor]> {
    const pairs = classIdxToIdxs.map((idxs) => {
      const first = flags.plain ? 2 * index : Math.floor(Math.random() * idxs.length);
      const second = flags.plain ? 2 * index + 1 : first + 1 + Math.floor(Math.random() * (idxs.length - 1));
      return [idxs[first % idxs.length] ?? 0, idxs[second % idxs.length] ?? 0] as const;
    });
    const anchors = await ops.take(
      xTrain,
      pairs.map(([anchor]) => anchor),
      0,
    );
    const positives = await ops.take(
      xTrain,
      pairs.map(([, positive]) => positive),
      0,
    );
    return [await ops.stack([anchors, positives])];
  }
}

class EmbeddingModel extends models.Model {
  override trainStep([x]: StepData): StepLogs {
    const [anchors, positives] = [ops.getItem(x, 0), ops.getItem(x, 1)];
    const tape = new GradientTape();
    const anchorEmbeddings = this.apply(anchors, { training: true });
    const positiveEmbeddings = this.apply(positives, { training: true });

    // How similar each anchor is to each positive; the right one is that of its own class.
    let similarities = ops.einsum("ae,pe->ap", anchorEmbeddings, positiveEmbeddings);
    const temperature = 0.2;
    similarities = ops.divide(similarities, temperature);
    const sparseLabels = ops.arange(classes.length);
    const loss = this.computeLoss({ y: sparseLabels, yPred: similarities });

    const gradients = tape.gradient(loss, this.trainableWeights);
    void this.optimizer.apply(gradients, this.trainableWeights);
    for (const metric of this.metrics) {
      if (metric instanceof metrics.Mean) void metric.updateState(loss);
      else void metric.updateState(sparseLabels, similarities);
    }
    return this.getMetricsResult();
  }
}

function buildEmbedder(): models.Model {
  const inputs = layers.Input({ shape: [size, size, 3] });
  let x = inputs;
  for (const filters of [32, 64, 128]) {
    x = new layers.Conv2D({ filters, kernelSize: 3, strides: 2, activation: "relu" }).apply(x);
  }
  x = new layers.GlobalAveragePooling2D().apply(x);
  const embeddings = new layers.Dense({ units: 8, activation: null }).apply(x);
  return new models.Model(inputs, new layers.UnitNormalization().apply(embeddings));
}

const embedder = flags.model === undefined ? buildEmbedder() : await models.loadModel(flags.model);
const model = new EmbeddingModel(embedder.inputs, embedder.outputs);
model.compile({
  optimizer: new optimizers.Adam({ learningRate: 1e-3 }),
  loss: new losses.SparseCategoricalCrossentropy({ fromLogits: true }),
  metrics: ["accuracy"],
});
const pairs = new AnchorPositivePairs(Number(flags.batches));
const { history } = await model.fit(pairs, { epochs: Number(flags.epochs), shuffle: !flags.plain });

// The nearest neighbour of each photo: the most similar but itself.
const embeddings = await model.predict(xTrain);
const gramMatrix = await ops.einsum("ae,be->ab", embeddings, embeddings);
const [, neighbours] = await ops.topK(gramMatrix, 2);
const nearest = Array.from(neighbours?.data as Int32Array).filter((_, index) => index % 2 === 1);
const alike = classIdxToIdxs.flatMap((idxs) => idxs.filter((idx) => idxs.includes(nearest[idx] ?? -1)));
console.log(`The nearest photo is of the same class for ${alike.length} of ${images.length}`);
if (flags.json) console.log(JSON.stringify({ history, nearest }));

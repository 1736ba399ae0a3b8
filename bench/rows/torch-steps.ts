import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layers, models, optimizers } from "graft-ml";
import { loadBackbone } from "../../src/applications/load-backbone.js";
import { milliseconds } from "../clock.js";
import type { Figure, Measured } from "../figures.js";
import type { Row } from "../row.js";
import { runTorch } from "../torch.js";
import { randomBatch } from "./steps.js";

/** The network of a file with two classes on top, whose last block learns. */
export async function classifierOf(file: string) {
  const { model: base, stages } = await loadBackbone({ network: file, preprocess: "torch" });
  const names = base.layers.map(({ name }) => name);
  const first = names.indexOf(stages.at(-1) ?? "");
  base.layers.forEach((layer, index) => (layer.trainable = index >= first));
  const parameters = base.trainableWeights.reduce((sum, { size }) => sum + size, 0);
  const pooling = base.outputShape.length === 4 ? [new layers.GlobalAveragePooling2D()] : [];
  const model = new models.Sequential([base, ...pooling, new layers.Dense(2, { activation: "softmax" })]);
  model.compile({
    loss: "sparse_categorical_crossentropy",
    optimizer: new optimizers.RMSprop({ learningRate: 1e-5 }),
  });
  return { model, parameters };
}

export const torchStepsRow: Row = {
  name: "torch-steps",
  about: "one training step of the last block, batch 16, 224 pixels: networks as PyTorch exports them, beside PyTorch",
  peer: "torch",
  async run() {
    const folder = await mkdtemp(join(tmpdir(), "graft-torch-"));
    try {
      const figures: Figure[] = [];
      const { x, y } = randomBatch(224, 16);
      for (const { step, file, parameters, time } of runTorch("steps.py", [folder])) {
        const ours = await classifierOf(String(file));
        const Graft = await milliseconds(() => ours.model.trainOnBatch(x, y));
        figures.push({
          what: `step: ${String(step)}, last block`,
          unit: "ms",
          values: { Graft, PyTorch: time as Measured },
          note: `${ours.parameters} numbers learn here, ${String(parameters)} there.`,
        });
      }
      return figures;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

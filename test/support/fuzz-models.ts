import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { models } from "../../src/index.js";
import { Tensor } from "../../src/runtime/runtime.js";

/* What the readers of networks in test/fuzz have in common. */

type Model = InstanceType<typeof models.Sequential>;

/** The repository, from here and from the translation in a folder of its packages. */
export const root = process.cwd();

/** A file below `test`. */
export const fixture = (name: string): Promise<Uint8Array> => readFile(join(root, "test", name));

/** A model of a few weights, of all kinds that matter to files. */
export async function tinyModel(): Promise<Model> {
  const { layers, models: classes } = await import("../../src/index.js");
  const model = new classes.Sequential([
    layers.Input({ shape: [6, 6, 3] }),
    new layers.Conv2D({ filters: 2, kernelSize: 3 }),
    new layers.BatchNormalization(),
    new layers.Flatten(),
    new layers.Dense({ units: 3, activation: "softmax" }),
  ]);
  model.compile({ optimizer: "adam", loss: "categorical_crossentropy" });
  return model;
}

/** What a model answers where it takes what is small. */
export async function use(model: Awaited<ReturnType<typeof models.loadModel>>): Promise<void> {
  const shapes = model.inputs.map(({ shape }) => shape.map((extent) => (typeof extent === "number" ? extent : 1)));
  const sizes = shapes.map((shape) => shape.reduce((product, extent) => product * extent, 1));
  if (sizes.some((size) => size > 100_000)) return;
  const inputs = shapes.map((shape, index) => new Tensor("float32", new Float32Array(sizes[index] ?? 0), shape));
  await model.predict(inputs.length === 1 && inputs[0] !== undefined ? inputs[0] : inputs);
}

import { layers, models, Tensor } from "graft-ml";
import { expect } from "vitest";
import type { BaseModel } from "../../src/models/base-model.js";

/** Side of the pictures that it takes. */
export const pictureSize = 16;
const size = pictureSize;

/** Two stages of a residual network of Keras's layers, and a classifier of two products. */
export function residual(scale: boolean): { readonly whole: BaseModel; readonly features: BaseModel } {
  const inputs = layers.Input({ shape: [size, size, 3], name: "photo" });
  const pixels = scale ? new layers.Rescaling(1 / 127.5, { offset: -1, name: "scale" }).apply(inputs) : inputs;
  const convolution = (name: string, filters: number, strides = 1): layers.Conv2D =>
    new layers.Conv2D(filters, 3, { strides, padding: "same", name });
  const stem = new layers.ReLU({ name: "stem_relu" }).apply(
    new layers.BatchNormalization({ name: "stem_norm" }).apply(convolution("stem", 6, 2).apply(pixels)),
  );
  const inner = convolution("block1_second", 6).apply(convolution("block1_first", 6).apply(stem));
  const first = new layers.Add({ name: "block1_add" }).apply([stem, inner]);
  const down = convolution("block2_first", 8, 2).apply(first);
  const shortcut = new layers.Conv2D(8, 1, { strides: 2, name: "block2_shortcut" }).apply(first);
  const second = convolution("block2_second", 8).apply(down);
  const map = new layers.Add({ name: "block2_add" }).apply([shortcut, second]);
  const pooled = new layers.GlobalAveragePooling2D({ name: "pool" }).apply(map);
  const hidden = new layers.Dense(5, { activation: "relu", name: "hidden" }).apply(pooled);
  const outputs = new layers.Dense(3, { activation: "softmax", name: "classes" }).apply(hidden);
  return {
    whole: new models.Model({ inputs, outputs, name: "residual" }),
    features: new models.Model({ inputs, outputs: pooled, name: "pooled" }),
  };
}

const photo = new Tensor(
  "float32",
  Float32Array.from({ length: 2 * size * size * 3 }, (_, index) => 100 + 100 * Math.sin(index)),
  [2, size, size, 3],
);

/** The vectors that a network makes of a photo, maps as their mean. */
export async function featuresOf(network: BaseModel): Promise<number[]> {
  const { data, dims } = await network.predict(photo);
  const [rows = 0, ...extents] = dims;
  const channels = extents.at(-1) ?? 1;
  const places = extents.slice(0, -1).reduce((product, extent) => product * extent, 1);
  const sums = new Array<number>(rows * channels).fill(0);
  Array.from(data as Float32Array).forEach((value, index) => {
    const row = Math.floor(index / (places * channels));
    sums[row * channels + (index % channels)] = (sums[row * channels + (index % channels)] ?? 0) + value / places;
  });
  return sums;
}

/** Whether two networks make the same of a photo. */
export async function expectSameFeatures(network: BaseModel, wantedOf: BaseModel): Promise<void> {
  const [ours, wanted] = [await featuresOf(network), await featuresOf(wantedOf)];
  expect(ours.length).toBe(wanted.length);
  // Both are float32 sums of the same numbers in another order.
  ours.forEach((value, index) => {
    expect(value).toBeCloseTo(wanted[index] ?? NaN, 3);
  });
}

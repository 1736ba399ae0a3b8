import { layers, models } from "graft-ml";
import { expect, test } from "vitest";
import { platform } from "../../src/models/platform.js";
import { float32 } from "../../src/onnx/tensor-data.js";
import { Generator } from "../../src/random/generator.js";
import { toTensor } from "../../src/runtime/runtime.js";
import { Activations } from "../../src/training/activations/activations.js";
import { arraySource } from "../../src/models/sources/array-source.js";
import { featuresOf } from "../../src/training/activations/features.js";
import { createNodeMachine } from "../../src/hosts/node/platform.js";
import { Programs } from "../../src/training/programs/programs.js";

const generator = new Generator(3);
const samples = 30;
const x = float32(
  Float32Array.from({ length: samples * 8 * 8 * 3 }, () => generator.uniform()),
  [samples, 8, 8, 3],
);

function network(): models.Sequential {
  const convolution = new layers.Conv2D(4, 3, { activation: "relu" });
  convolution.trainable = false;
  const model = new models.Sequential([convolution, new layers.Flatten(), new layers.Dense(5)]);
  model.ensureBuilt([["N", 8, 8, 3]]);
  return model;
}

test("copies of the network give the bits that one gives, and what crosses the boundary is kept in each case", async () => {
  const host = { runtime: platform().runtime, machine: createNodeMachine() };
  const model = network();
  const boundaries: Float32Array[] = [];
  const features: Float32Array[] = [];
  for (const expected of [1, 1e6]) {
    const source = arraySource(toTensor(x), { batchSize: 4 });
    const done: number[] = [];
    const { values } = await featuresOf(host, model, source, {
      samples: expected,
      onBatch: (count) => done.push(count),
    });
    expect(values.dims).toEqual([samples, 5]);
    expect(done).toEqual([4, 8, 12, 16, 20, 24, 28, 30]);
    features.push(values.data);
    const programs = await Programs.create(host, model, undefined, []);
    const kept = new Activations(programs, source);
    const rows: number[] = [];
    for (const batch of source.inOrder()) {
      // All of it lies in memory.
      expect(kept.load(batch)).toBeUndefined();
      for (const tensor of Object.values(await kept.of(batch))) rows.push(...(tensor.data as Float32Array));
    }
    boundaries.push(Float32Array.from(rows));
    await programs.release();
  }
  expect(boundaries[1]).toEqual(boundaries[0]);
  expect(features[1]).toEqual(features[0]);
  const predicted = await model.predict(toTensor(x), { verbose: 0 });
  const [exact] = [predicted].flat();
  for (const [index, value] of (exact?.data as Float32Array).entries()) {
    expect(features[0]?.[index]).toBeCloseTo(value, 5);
  }
});

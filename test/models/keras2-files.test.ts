import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { models, type Tensor } from "graft-ml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { float32 } from "../../src/onnx/tensor-data.js";
import { fromTensor, toTensor } from "../../src/runtime/runtime.js";
import { readGolden, readGoldenArchive } from "../support/golden.js";
import { type GoldenTensor, relativeError } from "../support/nn-graph.js";
import { wave } from "../support/wave.js";

interface Case {
  readonly losses: readonly number[];
  readonly weights: readonly GoldenTensor[];
  readonly iterations: number;
}

const { cases, layers } = await readGolden<{
  readonly cases: Readonly<Record<string, Case>>;
  readonly layers: readonly GoldenTensor[];
}>("keras2-files.json");

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-keras2-"));
  const archive = await readGoldenArchive("keras2-files.zip");
  for (const [name, bytes] of Object.entries(archive)) await writeFile(join(folder, name), bytes);
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("a whole model of Keras 2", () => {
  it("predicts as in Keras 2, with layers whose options Keras 3 has renamed or dropped, and arithmetic", async () => {
    const model = await models.loadModel(join(folder, "all-layers.h5"));
    const x = [toTensor(wave([2, 8, 8, 4], 100)), toTensor(wave([2, 6, 4], 101))];
    const outputs = await model.predictOnBatch<Tensor[]>(x);
    expect(outputs).toHaveLength(layers.length);
    outputs.forEach((output, index) => {
      const wanted = layers[index];
      expect(wanted && relativeError(fromTensor(output), wanted), model.outputNames[index]).toBeLessThan(1e-4);
    });
  });

  it.each(Object.entries(cases))("goes on training as in Keras 2: %s", async (name, expected) => {
    const model = await models.loadModel(join(folder, `${name}.h5`));
    for (const [index, loss] of expected.losses.entries()) {
      const step = index + 3;
      const rows = new Float32Array(12);
      for (let row = 0; row < 4; row++) rows[3 * row + ((row + step) % 3)] = 1;
      const logs = await model.trainOnBatch(toTensor(wave([4, 6, 6, 2], 100 + step)), toTensor(float32(rows, [4, 3])));
      expect(Math.abs((logs["loss"] ?? NaN) - loss) / loss, `loss of step ${step}`).toBeLessThan(1e-4);
    }
    expect(model.optimizer.iterations).toBe(expected.iterations);
    model.weights.forEach(({ value, path }, index) => {
      const wanted = expected.weights[index];
      expect(wanted && relativeError(value, wanted), path).toBeLessThan(1e-3);
    });
  });
});

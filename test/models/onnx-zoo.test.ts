import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { layers, models, optimizers, Tensor } from "graft-ml";
import { describe, expect, it } from "vitest";
import { withoutClassifier } from "../../src/applications/without-classifier.js";
import { externalDataBeside } from "../../src/formats/onnx/external-data.js";
import { readModel } from "../../src/onnx/read-model.js";

/*
 * Networks as PyTorch's two exporters write them, with what PyTorch gives for them: scripts/golden/onnx_zoo.py. Small ones are here; those
 * as they are published are looked for in the folder that GRAFT_ONNX_ZOO names, and skipped without it.
 */

/** What `NAME.json` says of a network. */
interface Expected {
  readonly side: number;
  readonly output: readonly number[];
  readonly values: readonly number[];
}

const folders = [join(import.meta.dirname, "onnx-zoo"), process.env["GRAFT_ONNX_ZOO"] ?? ""];
const files = folders
  .filter((folder) => folder !== "" && existsSync(folder))
  .flatMap((folder) => readdirSync(folder).flatMap((name) => (name.endsWith(".onnx") ? [join(folder, name)] : [])));

/** The two pictures of the script, in Keras's order. */
function pictures(side: number): Tensor {
  const data = new Float32Array(2 * 3 * side * side);
  data.forEach((_, index) => {
    const [pixel, channel] = [Math.floor(index / 3), index % 3];
    const [picture, place] = [Math.floor(pixel / (side * side)), pixel % (side * side)];
    data[index] = Math.fround(Math.sin(0.37 * ((picture * 3 + channel) * side * side + place)));
  });
  return new Tensor("float32", data, [2, side, side, 3]);
}

describe.skipIf(files.length === 0)("a network of PyTorch (skipped where there is no folder of them)", () => {
  it.each(files.length > 0 ? files : ["no folder of a zoo"])(
    "%s: read, equal, cut, trained",
    { timeout: 600_000 },
    async (path) => {
      const expected = JSON.parse(readFileSync(path.replace(/-(old|new)\.onnx$/, ".json"), "utf8")) as Expected;
      const photos = pictures(expected.side);
      const model = await models.loadModel(path, {});
      const output = await model.predict(photos, { verbose: 0 });
      if (!(output instanceof Tensor)) throw new Error("several outputs");
      const most = expected.values.reduce((greatest, value) => Math.max(greatest, Math.abs(value)), 0);
      expect(output.data.length).toBe(expected.values.length);
      expected.values.forEach((value, index) => {
        expect(Math.abs(Number(output.data[index]) - value)).toBeLessThan(2e-5 * most);
      });

      const base = withoutClassifier(readModel(readFileSync(path), path, externalDataBeside(path)), {
        name: "base",
        file: path,
      });
      const start = base.layers.findIndex(({ name }) => name === base.stages.at(-1));
      base.layers.forEach((layer, index) => {
        layer.trainable = index >= start;
      });
      const inputs = layers.Input({ shape: [expected.side, expected.side, 3] });
      const features = base.apply(inputs);
      const pooled = features.shape.length === 4 ? new layers.GlobalAveragePooling2D().apply(features) : features;
      const classifier = new models.Model({ inputs, outputs: new layers.Dense(2).apply(pooled) });
      classifier.compile({ optimizer: new optimizers.SGD({ learningRate: 1e-3 }), loss: "mse" });
      const wanted = new Tensor("float32", Float32Array.from([1, 0, 0, 1]), [2, 2]);
      const { loss: first } = await classifier.trainOnBatch(photos, wanted);
      const { loss: second } = await classifier.trainOnBatch(photos, wanted);
      expect(second).toBeLessThan(first ?? NaN);
      expect(
        base.layers.every((layer) => layer.getWeights().every(({ data }) => Number.isFinite(Number(data[0])))),
      ).toBe(true);
    },
  );
});

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layers, models } from "graft-ml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { colourClassifier } from "../../test/cli/colour-classifier.js";
import { expectSameFeatures, pictureSize as size, residual } from "../../test/support/residual.js";
import { loadBackbone } from "../applications/load-backbone.js";
import { standardizationOf } from "../applications/preprocess.js";
import { readModel } from "../onnx/read-model.js";
import { float32 } from "../onnx/tensor-data.js";
import { RandomStreams } from "../random/seed.js";
import { createNodeRuntime } from "../runtime/node/runtime.js";
import { exportClassifier } from "./export-classifier.js";
import { featureModel } from "./feature-model.js";
import { createHead, graftHead } from "./head.js";
import { openClassifier } from "./open-classifier.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-again-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("a run's folder", () => {
  test.each([2, 3])("gives the network inside its classifier, framed as before; %i classes", async (classes) => {
    const { features } = residual(false);
    const { model: network, widths } = featureModel(features);
    expect(widths).toEqual([8, 6]);
    const numbers = (count: number): Float32Array =>
      Float32Array.from({ length: count }, (_, index) => Math.cos(index) + 2);
    const head = createHead(
      {
        ...{ kernel: float32(numbers(14 * classes), [14, classes]), bias: float32(numbers(classes), [classes]) },
        ...{ mean: numbers(14), deviation: numbers(14) },
      },
      new RandomStreams(1),
    );
    const model = graftHead(network, head);
    const framing = { crop: 0.9, keepProportions: true, interpolation: "bicubic" } as const;
    const record = {
      name: "mine",
      description: "",
      licence: "MIT",
      imageSize: size,
      preprocess: "tf",
      ...framing,
    } as const;
    const run = join(folder, `run-${classes}`);
    await mkdir(run);
    const bytes = exportClassifier({
      ...{ model, backbone: { record, imageSize: size, model: features, stages: [] } },
      ...{ classes: ["a", "b", "c"].slice(0, classes), threshold: undefined },
      learnedFrom: [{ path: "a.jpg", classIndex: 0, hash: "00".repeat(32) }],
    });
    await writeFile(join(run, "model.onnx"), bytes);

    const again = await loadBackbone({ network: run });
    expect(again.record).toMatchObject({
      name: `run-${classes}`,
      licence: "MIT",
      imageSize: size,
      preprocess: "0-255",
      ...framing,
    });
    // What learned from a photo has still learned from it when it learns from others.
    const next = exportClassifier({
      ...{
        model,
        backbone: { ...again, model: features },
        classes: ["a", "b", "c"].slice(0, classes),
        threshold: undefined,
      },
      learnedFrom: [{ path: "b.jpg", classIndex: 0, hash: "ff".repeat(32) }],
    });
    expect(readModel(next, "next.onnx").metadata["learned_photos"]).toBe("////////AAAAAAAA");
    // It does to pixels itself what the first network wanted.
    const { scale, offset } = standardizationOf("tf");
    const fed = new models.Sequential([
      layers.Input({ shape: [size, size, 3] }),
      new layers.Rescaling(scale[0] ?? 1, { offset: offset[0] ?? 0 }),
      features,
      new layers.UnitNormalization(),
    ]);
    await expectSameFeatures(again.model, fed);

    const classifier = await openClassifier(createNodeRuntime({ threads: 1 }), run);
    expect(classifier.shrinksTo).toBe(Math.ceil(size / 0.9));
    await classifier.release();
  });

  test("whose classifier is made in another way is refused", async () => {
    const path = join(folder, "colours.onnx");
    await writeFile(path, colourClassifier());
    await expect(loadBackbone({ network: path })).rejects.toThrow(/colours\.onnx/);
  });
});

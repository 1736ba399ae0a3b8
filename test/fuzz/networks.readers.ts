import { copyFile } from "node:fs/promises";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { strToU8 } from "fflate";
import { factsOfFile } from "../../src/applications/file-backbone.js";
import { openNetworkFile } from "../../src/applications/network-file.js";
import { factsBeside } from "../../src/applications/side-files.js";
import { models } from "../../src/index.js";
import { openClassifier } from "../../src/recipe/open-classifier.js";
import { createNodeRuntime } from "../../src/runtime/node/runtime.js";
import { colourClassifier } from "../cli/colour-classifier.js";
import { tinyNetwork } from "../cli/tiny-network.js";
import { fixture, root, use } from "../support/fuzz-models.js";
import type { FuzzReader } from "../support/fuzz-readers.js";
import { withWeightsBeside } from "../support/weights-beside.js";

/* The readers of ONNX and TensorFlow.js, as fuzz.test.ts damages their files. */

const silent = (): void => undefined;

/** Reads `model.json` of a TensorFlow.js model whose weights lie beside it. */
function tfjs(name: string): FuzzReader {
  return {
    name: `TensorFlow.js, ${name}`,
    file: "model.json",
    seeds: async () => [await fixture(`fixtures/${name}/model.json`)],
    async read(path) {
      await copyFile(join(root, "test/fixtures", name, "weights.bin"), join(dirname(path), "weights.bin"));
      await use(await models.loadModel(path));
    },
  };
}

export const readers: readonly FuzzReader[] = [
  {
    name: "ONNX as a network",
    file: "network.onnx",
    seeds: async () => [
      tinyNetwork(),
      ...(await Promise.all(
        ["batchN_reshape1", "gelu", "two_outputs", "cos", "esc"].map((name) =>
          fixture(`models/onnx-files/${name}.onnx`),
        ),
      )),
    ],
    async read(path) {
      const opened = await openNetworkFile(path, silent);
      await factsOfFile(opened, undefined);
      opened.graph();
    },
  },
  {
    name: "ONNX as a model",
    file: "model.onnx",
    freshAfter: 1000,
    seeds: async () => [
      tinyNetwork(),
      ...(await Promise.all(
        ["batchN_reshape1", "gelu", "two_outputs"].map((name) => fixture(`models/onnx-files/${name}.onnx`)),
      )),
    ],
    read: async (path) => use(await models.loadModel(path)),
  },
  {
    name: "ONNX with its weights beside it",
    file: "model.onnx",
    freshAfter: 1000,
    seeds: () => Promise.resolve([withWeightsBeside(tinyNetwork(), "weights.bin").model]),
    async read(path) {
      writeFileSync(join(dirname(path), "weights.bin"), withWeightsBeside(tinyNetwork(), "weights.bin").weights);
      await use(await models.loadModel(path));
    },
  },
  {
    name: "ONNX as a classifier",
    file: "model.onnx",
    freshAfter: 1000,
    seeds: async () => [
      colourClassifier(),
      colourClassifier({ distanceThreshold: "0.5" }),
      await fixture("fixtures/c_nan.onnx"),
    ],
    async read(path) {
      const classifier = await openClassifier(createNodeRuntime(), path);
      try {
        await classifier.predict({ width: 8, height: 8, data: new Uint8Array(8 * 8 * 3) });
      } finally {
        await classifier.release();
      }
    },
  },
  tfjs("tfjs-depthwise"),
  tfjs("tfjs-hard-sigmoid"),
  {
    name: "TensorFlow.js, weights",
    file: "weights.bin",
    seeds: async () => [await fixture("fixtures/tfjs-depthwise/weights.bin")],
    async read(path) {
      const json = join(dirname(path), "model.json");
      await copyFile(join(root, "test/fixtures/tfjs-depthwise/model.json"), json);
      await use(await models.loadModel(json));
    },
  },
  {
    name: "files beside a network",
    file: "preprocessor_config.json",
    seeds: () =>
      Promise.resolve([
        strToU8(
          '{"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225], "do_resize": true, "size": {"shortest_edge": 256}, "crop_size": {"height": 224, "width": 224}, "resample": 3, "do_rescale": true, "rescale_factor": 0.00392156862}',
        ),
        strToU8(
          '{"architecture": "x", "pretrained_cfg": {"input_size": [3, 224, 224], "interpolation": "bicubic", "crop_pct": 0.9, "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "license": "mit"}}',
        ),
      ]),
    read: (path) => factsBeside(path),
  },
  {
    name: "metadata.json beside a network",
    file: "metadata.json",
    seeds: () =>
      Promise.resolve([
        strToU8(
          '{"tfjsVersion": "1.3.1", "tmVersion": "2.4.7", "packageVersion": "0.8.4", "packageName": "@teachablemachine/image", "timeStamp": "2026-11-01T00:00:00.000Z", "userMetadata": {}, "modelName": "tm", "labels": ["a", "b"], "imageSize": 224}',
        ),
      ]),
    read: (path) => factsBeside(path),
  },
];

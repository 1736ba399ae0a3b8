import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layers, models } from "graft-ml";
import type { LoadBackboneOptions } from "../../src/applications/load-backbone.js";
import { jobParts } from "../../src/hosts/node/job-parts.js";
import { run } from "../../src/cli/run.js";
import { decodePhoto } from "../../src/photos/decode.js";
import { createNodeRuntime } from "../../src/runtime/node/runtime.js";
import { Tensor } from "../../src/runtime/runtime.js";
import { milliseconds } from "../clock.js";
import type { Figure } from "../figures.js";
import { need, type Row } from "../row.js";

/** Photos of the training set, the first ones by name. */
async function somePhotos(baseDir: string, count: number): Promise<string[]> {
  const folder = join(baseDir, "train");
  const names = await readdir(folder, { recursive: true });
  const photos = names.filter((name) => /\.jpe?g$/i.test(name)).sort();
  return photos.slice(0, count).map((name) => join(folder, name));
}

/** A `model.onnx` as `graft train` writes it: the network with two classes on top, whose weights are random. */
async function classifier(
  request: LoadBackboneOptions,
): Promise<{ readonly bytes: Uint8Array; readonly size: number }> {
  const backbone = await jobParts.loadBackbone(request);
  const model = new models.Sequential([backbone.model]);
  if (backbone.model.outputShape.length === 4) model.add(new layers.GlobalAveragePooling2D());
  model.add(new layers.Dense(2, { activation: "softmax" }));
  return {
    bytes: await jobParts.exportClassifier({ model, backbone, classes: ["cat", "dog"], threshold: 0 }),
    size: backbone.imageSize,
  };
}

/** Photos a second that the file does alone, on photos that are decoded before; the best of some rounds. */
async function alone(bytes: Uint8Array, paths: readonly string[], size: number): Promise<number> {
  const session = await createNodeRuntime().createSession(bytes);
  const images: Tensor[] = [];
  for (const path of paths) {
    const { width, height, data } = await decodePhoto(path, { resizedTo: size });
    images.push(new Tensor("uint8", data, [1, height, width, 3]));
  }
  const round = async (): Promise<void> => {
    for (const image of images) await session.run({ image });
  };
  const { best } = await milliseconds(round, { warmUps: 1, count: 5 });
  await session.release();
  return (1000 * images.length) / best;
}

/** When `graft predict` has said what is on each photo, in ms. */
async function predictionTimes(file: string, paths: readonly string[]): Promise<number[]> {
  const times: number[] = [];
  const stdout = {
    write(text: string) {
      if (text.includes('"prediction"')) times.push(performance.now());
    },
  };
  const exitCode = await run(["predict", file, ...paths, "--json"], {
    stdout,
    stderr: process.stderr,
    env: {},
    readInput: () => Promise.resolve(new Uint8Array()),
    now: () => Date.now(),
    elapsed: () => performance.now(),
    parts: jobParts,
    onInterrupt: () => () => undefined,
    endNow: () => undefined,
    goOnUnread: () => undefined,
    leaveBehind: () => undefined,
    serve: () => Promise.reject(new Error("not measured here")),
  });
  if (exitCode !== 0) throw new Error(`graft predict ended with ${exitCode}.`);
  return times;
}

async function measure(name: string, request: LoadBackboneOptions, paths: readonly string[]): Promise<Figure> {
  const { bytes, size } = await classifier(request);
  const sample = paths.slice(0, 50);
  const folder = await mkdtemp(join(tmpdir(), "graft-bench-"));
  try {
    const file = join(folder, "model.onnx");
    await writeFile(file, bytes);
    const before = await alone(bytes, sample, size);
    const called = performance.now();
    const times = await predictionTimes(file, paths);
    const [first = called] = times;
    const predicted = (1000 * (times.length - 1)) / ((times.at(-1) ?? first) - first);
    const after = await alone(bytes, sample, size);
    return {
      what: `graft predict, ${paths.length} photos, ${name}`,
      unit: "photos/s",
      values: { Graft: { best: predicted }, "ONNX Runtime": { best: Math.max(before, after) } },
      note:
        `First prediction ${((first - called) / 1000).toFixed(1)} s after the call. model.onnx alone on decoded photos, ` +
        `best of 5 rounds of ${sample.length}: ${before.toFixed(0)} before, ${after.toFixed(0)} after.`,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

export const predictRow: Row = {
  name: "predict",
  about: "`graft predict` on 1,000 photos, and the same file alone in the engine: MobileNetV2, VGG16",
  async run({ baseDir, network, weights }) {
    const paths = await somePhotos(need(baseDir, "--base-dir"), 1000);
    const small = { network: need(network, "--network"), preprocess: "torch" } as const;
    const large = { network: "vgg16", weights: need(weights, "--weights") };
    return [await measure("MobileNetV2 224", small, paths), await measure("VGG16 224", large, paths.slice(0, 200))];
  },
};

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { format } from "node:util";
import { setRandomSeed } from "graft-ml";
import sharp from "sharp";
import ts from "typescript";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { DownloadOptions } from "../src/files/download.js";
import { checkExamples, docExamples, statedOutputs } from "./support/doc-examples.js";

const root = join(import.meta.dirname, "..").replaceAll("\\", "/");

/** What people use most, and must find an example of. */
const mostUsed = [
  "BaseModel.compile",
  "BaseModel.evaluate",
  "BaseModel.export",
  "BaseModel.fit",
  "BaseModel.fromConfig",
  "BaseModel.getLayer",
  "BaseModel.predict",
  "BaseModel.save",
  "BaseModel.trainStep",
  "BaseModel.trainable",
  "BatchNormalization",
  "Constraint",
  "Conv2D",
  "ConvNeXtTiny",
  "Dataset",
  "Dense",
  "Dropout",
  "EarlyStopping",
  "EfficientNetB0",
  "EfficientNetV2B0",
  "Embedding",
  "GlobalAveragePooling2D",
  "GradientTape",
  "ImageDataGenerator",
  "ImageDataGenerator.flowFromDirectory",
  "Initializer",
  "Initializer.apply",
  "Input",
  "Lambda",
  "Layer",
  "Layer.losses",
  "Layer.output",
  "LearningRateSchedule",
  "Loss",
  "Mean",
  "Metric",
  "MobileNet",
  "MobileNetV2",
  "MobileNetV3Small",
  "Model",
  "ModelCheckpoint",
  "OneCycle",
  "Optimizer.apply",
  "PreprocessInput",
  "Regularizer",
  "SeedGenerator",
  "Sequential",
  "Sequential.pop",
  "StochasticWeightAveraging",
  "Sum",
  "SwapEMAWeights",
  "UnfreezeByStages",
  "VGG16",
  "cloneModel",
  "curvesSvg",
  "decodePredictions",
  "diagnose",
  "explain",
  "findLearningRate",
  "getCustomObjects",
  "historyPlots",
  "imageDatasetFromDirectory",
  "interpolateWeights",
  "loadModel",
  "modelFromJson",
  "normal",
  "preprocessByMode",
  "registerKerasSerializable",
  "setDevice",
  "setRandomSeed",
  "setRatesByDepth",
];

// In place of ImageNet's classes, which would have to come from a server: those that examples name.
vi.mock(import("../src/files/download.js"), async (original) => ({
  ...(await original()),
  async downloadFile({ destination }: DownloadOptions) {
    const classes = Array.from({ length: 1000 }, (_, number) => [`n${number}`, `class_${number}`]);
    classes[281] = ["n02123045", "tabby"];
    await mkdir(dirname(destination), { recursive: true });
    await writeFile(destination, JSON.stringify(Object.fromEntries(classes.entries())));
    return "downloaded";
  },
}));

const examples = await docExamples(root);
const before = process.cwd();
let folder = "";

/** What examples' comments say is there: four photos of each class. */
async function writePhotos(): Promise<void> {
  for (const [name, background] of [
    ["cat", "orange"],
    ["dog", "brown"],
  ] as const) {
    await mkdir(join(folder, "photos", name), { recursive: true });
    for (let number = 1; number <= 4; number++) {
      const photo = sharp({ create: { width: 40 + number, height: 32, channels: 3, background } });
      await photo.toFile(join(folder, "photos", name, `${number}.png`));
    }
  }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-doc-examples-"));
  vi.stubEnv("GRAFT_CACHE", join(folder, "cache"));
  await writePhotos();
  process.chdir(folder);
});

afterEach(() => {
  vi.restoreAllMocks();
});

afterAll(async () => {
  process.chdir(before);
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

describe("examples in doc comments", () => {
  test("are there for what people use most", () => {
    expect(examples.map(({ of }) => of).sort()).toEqual(mostUsed);
  });

  test("are short, and need nothing but the package", () => {
    for (const { code, place } of examples) {
      const lines = code.trimEnd().split("\n").length;
      expect(lines, place).toBeGreaterThanOrEqual(3);
      expect(lines, place).toBeLessThanOrEqual(20);
      const imports = ts.preProcessFile(code).importedFiles.map(({ fileName }) => fileName);
      expect(new Set(imports), place).toEqual(new Set(["graft-ml"]));
    }
  });

  test("compile with the project's options, and one that does not is found", () => {
    const code = 'import { layers } from "graft-ml";\n\nnew layers.Dense("2");\n';
    expect(checkExamples(root, [...examples, { of: "nothing", place: "nowhere", code }])).toEqual([
      expect.stringMatching(/^nowhere, example of nothing, line 3: .*'string'.*'number'/),
    ]);
  });

  test.each(examples)("run and print what they say: $of", async (example) => {
    const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
    const file = join(folder, `${example.of}.tmp.ts`);
    await writeFile(file, example.code);
    // What others have drawn must not matter.
    setRandomSeed(0);
    await import(pathToFileURL(file).href);
    const printed = log.mock.calls.map((values) => format(...values));
    const stated = statedOutputs(example).map((text) => text ?? (expect.any(String) as string));
    expect(printed, example.place).toEqual(stated);
  });
});

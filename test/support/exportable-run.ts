import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { layers, models } from "graft-ml";
import sharp from "sharp";
import type { Preprocess } from "../../src/applications/preprocess.js";
import { float32 } from "../../src/onnx/tensor-data.js";
import type { Framing } from "../../src/photos/framing.js";
import { RandomStreams } from "../../src/random/seed.js";
import { exportClassifier } from "../../src/recipe/export-classifier.js";
import { featureModel } from "../../src/recipe/feature-model.js";
import { createHead, graftHead } from "../../src/recipe/head.js";
import { pictureSize, residual } from "./residual.js";

/** What sets one classifier apart. */
export interface ExportableOptions extends Omit<Framing, "size"> {
  /** Default three with names that pages and files must not stumble over. */
  readonly labels?: readonly string[];
  /** Whether one sigmoid tells two classes apart. */
  readonly sigmoid?: boolean;
  /** Default `torch`. */
  readonly preprocess?: Preprocess;
  /** Side of the pictures where the network does not say it itself. */
  readonly threshold?: number;
}

/** Names of classes that end a block of a page, or are no names of plain objects. */
export const hostileLabels = ["</script><b>rose</b>", "__proto__", 'tulip "red" & <i>low</i>'];

function numbers(count: number, scale: number): Float32Array {
  return Float32Array.from({ length: count }, (_, index) => scale * Math.sin(index * 7 + 3));
}

/** A small classifier as `graft train` writes them: a residual network with random weights, and a head. */
export function exportableClassifier(options: ExportableOptions = {}): Uint8Array {
  const { labels = hostileLabels, sigmoid = false, preprocess = "torch", threshold = 0.2, ...framing } = options;
  const { features } = residual(false);
  const { model: network, widths } = featureModel(features);
  const width = widths.reduce((sum, one) => sum + one, 0);
  const columns = sigmoid ? 1 : labels.length;
  const [kernel, bias] = [
    float32(numbers(width * columns, 6), [width, columns]),
    float32(numbers(columns, 0.3), [columns]),
  ];
  const [mean, deviation] = [new Float32Array(width), new Float32Array(width).fill(1)];
  const softmax = createHead({ kernel, bias, mean, deviation }, new RandomStreams(1));
  const one = new models.Sequential([
    layers.Input({ shape: [width] }),
    new layers.Dense(1, { activation: "sigmoid", name: "probability" }),
  ]);
  one.setWeights(
    [float32(numbers(width, 6), [width, 1]), float32(numbers(1, 0.3), [1])].map((weight) => weight as never),
  );
  const record = { name: "residual", description: "", licence: "MIT", imageSize: pictureSize, preprocess, ...framing };
  return exportClassifier({
    model: graftHead(network, sigmoid ? one : softmax),
    backbone: { record, imageSize: pictureSize, model: features, stages: [] },
    classes: labels,
    threshold,
  });
}

/** Sizes of drawn photos: of one pixel, small, upright and lying. */
const sizes = [
  [40, 30],
  [33, 90],
  [1, 1],
  [120, 64],
  [16, 16],
] as const;

/**
 * Writes `run/model.onnx` and `photos/0.png` and so on into a folder.
 *
 * @returns paths of the photos
 */
export async function writeExportable(folder: string, options?: ExportableOptions): Promise<string[]> {
  await mkdir(join(folder, "run"), { recursive: true });
  await writeFile(join(folder, "run", "model.onnx"), exportableClassifier(options));
  await mkdir(join(folder, "photos"), { recursive: true });
  return Promise.all(
    sizes.map(async ([width, height], number) => {
      const path = join(folder, "photos", `${number}.png`);
      await sharp(drawnPixels(width, height, number), { raw: { width, height, channels: 3 } })
        .png()
        .toFile(path);
      return path;
    }),
  );
}

/** Soft spots of colour with a hard edge, `[height, width, 3]`. */
export function drawnPixels(width: number, height: number, number: number): Uint8Array {
  return Uint8Array.from({ length: width * height * 3 }, (_, index) => {
    const column = Math.floor(index / 3) % width;
    const row = Math.floor(index / 3 / width);
    const soft = 110 + 90 * Math.sin((column * (number + 2)) / width + (index % 3) * 2) * Math.cos((row * 5) / height);
    return Math.round(column > row ? soft : 255 - soft);
  });
}

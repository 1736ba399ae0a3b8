import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { imageDatasetFromDirectory } from "graft-ml";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readPhotoFile } from "../../src/photos/photo-file.js";
import { type ColorMode, readPhoto } from "../../src/photos/read-photo.js";
import { resizeLikeTensorFlow, type ResizeMethod } from "../../src/photos/resize-like-tensorflow.js";
import type { Interpolation } from "../../src/photos/resample.js";
import { readGolden } from "../support/golden.js";

interface Golden {
  sources: Record<string, { shape: [height: number, width: number, channels: 3 | 4]; data: string }>;
  cases: {
    source: string;
    options: { colorMode: ColorMode; interpolation: Interpolation; keepAspectRatio: boolean };
    result: string;
  }[];
  resized: { method: ResizeMethod; size: [height: number, width: number]; result: number[] }[];
  aspects: { option: "cropToAspectRatio" | "padToAspectRatio"; result: number[] }[];
}

const golden = await readGolden<Golden>("image-loading.json");
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "base64"));

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "graft-loading-"));
  await mkdir(join(root, "a"));
  for (const [name, { shape, data }] of Object.entries(golden.sources)) {
    const [height, width, channels] = shape;
    await sharp(bytes(data), { raw: { height, width, channels } })
      .png()
      .toFile(join(root, name === "rgb" ? "a" : "", `${name}.png`));
  }
});

afterAll(async () => {
  await rm(root, { recursive: true });
});

function largestDifference(received: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(received).toHaveLength(expected.length);
  return Array.from(expected).reduce(
    (most, value, index) => Math.max(most, Math.abs(value - (received[index] ?? NaN))),
    0,
  );
}

describe("photos are loaded as load_img loads them", () => {
  it.each(golden.cases.map((one) => [`${one.source} ${JSON.stringify(one.options)}`, one] as const))(
    "%s",
    async (_, { source, options, result }) => {
      const path = join(root, source === "rgb" ? "a" : "", `${source}.png`);
      const pixels = await readPhoto(await readPhotoFile(path), { ...options, targetSize: [6, 7] });
      expect(largestDifference(pixels, bytes(result))).toBe(0);
    },
  );
});

describe("photos are resized as tf.image.resize does", () => {
  const [height, width] = golden.sources["rgb"]?.shape ?? [0, 0];
  const photo = { width, data: bytes(golden.sources["rgb"]?.data ?? "").filter((_, index) => index % 3 === 0) };

  it.each(golden.resized)("$method to $size", ({ method, size, result }) => {
    const whole = { left: 0, top: 0, width, height };
    expect(largestDifference(resizeLikeTensorFlow(photo, 1, whole, size, method), result)).toBeLessThan(0.02);
  });

  it.each(golden.aspects)("with $option", async ({ option, result }) => {
    const dataset = await imageDatasetFromDirectory(root, {
      ...{ imageSize: [8, 8], shuffle: false, labels: "inferred", verbose: false, [option]: true },
    });
    const [x] = await dataset.take(1).getSingleElement();
    const values = (x.data as Float32Array).filter((_, index) => index % 3 === 0);
    expect(largestDifference(values, result)).toBeLessThan(0.02);
  });
});

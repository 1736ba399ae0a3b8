import { ImageDataGenerator, Tensor } from "graft-ml";
import { describe, expect, it, vi } from "vitest";
import type { AffineTransform } from "../../src/data/augment/affine-parameters.js";
import type { ImageDataGeneratorOptions } from "../../src/data/generator/generator-options.js";
import { readGolden } from "../support/golden.js";
import { wave } from "../support/wave.js";

interface TransformCase {
  key: number;
  shape: number[];
  wide: boolean;
  options: ImageDataGeneratorOptions;
  transform: Partial<AffineTransform>;
  /** In hundredths. */
  result: number[];
}

interface StandardizeCase {
  key: number;
  shape: number[];
  options: ImageDataGeneratorOptions;
  batch?: boolean;
  mean?: number[];
  std?: number[];
  result: number[];
}

const { cases: transforms } = await readGolden<{ cases: TransformCase[] }>("generator-transforms.json");
const { cases: splines } = await readGolden<{ cases: TransformCase[] }>("generator-splines.json");
const { cases: standardizations } = await readGolden<{ cases: StandardizeCase[] }>("generator-standardize.json");

/** Whole levels, as scripts/golden/image_generator.py computes them. */
function levels(shape: readonly number[], key: number): Float32Array {
  return wave(shape, key, 127.5, 128).data.map(Math.floor);
}

describe("applyTransform gives Keras's values", () => {
  it.each([...transforms, ...splines].map((one) => [JSON.stringify([one.options, one.transform]), one] as const))(
    "%s",
    async (_, { key, shape, wide, options, transform, result }) => {
      const data = wide ? wave(shape, key, 300, 20).data : levels(shape, key);
      const { data: values, dims } = await new ImageDataGenerator(options).applyTransform(
        new Tensor("float32", data, shape),
        transform,
      );
      expect(dims).toEqual(shape);
      const apart = result.filter((value, index) => Math.abs(value / 100 - Number(values[index])) > 0.05);
      // In small pictures a single value is more than 0.2 %: one may lie so near to a whole level that the two sides
      // cut it off to different ones.
      expect(apart.length).toBeLessThanOrEqual(
        Math.max(transform.brightness === undefined ? 0 : 1, 0.002 * result.length),
      );
    },
  );
});

describe("standardize gives Keras's values", () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);

  it.each(standardizations.map((one) => [JSON.stringify([one.options, one.shape]), one] as const))(
    "%s",
    async (_, { key, shape, options, batch, mean, std, result }) => {
      const datagen = new ImageDataGenerator(options);
      const whole = levels(shape, key);
      const data = batch === true ? whole : whole.map((level) => (level * level) / 255);
      const x = new Tensor("float32", data, shape);
      const size = data.length / (shape[0] ?? 1);
      if (batch !== true) await datagen.fit(x);
      const one = batch === true ? x : new Tensor("float32", data.slice(size, 2 * size), shape.slice(1));
      const { data: values, dims } = await datagen.standardize(one);
      expect(dims).toEqual(one.dims);
      const close = (
        received: ArrayLike<unknown> | undefined,
        expected: readonly number[],
        tolerance: number,
      ): void => {
        const largest = Math.max(...expected.map(Math.abs));
        expect(received).toHaveLength(expected.length);
        expected.forEach((value, index) => {
          expect(Math.abs(Number(received?.[index]) - value)).toBeLessThanOrEqual(tolerance * largest);
        });
      };
      if (mean !== undefined) close(datagen.mean?.data, mean, 1e-5);
      if (std !== undefined) close(datagen.std?.data, std, 1e-5);
      // Keras decomposes in single precision.
      close(values, result, options.zcaWhitening === true ? 2e-3 : 2e-5);
    },
  );
});

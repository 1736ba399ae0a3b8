import { ImageDataGenerator } from "graft-ml";
import { describe, expect, it } from "vitest";
import { readGolden } from "../../../test/support/golden.js";
import { wave } from "../../../test/support/wave.js";
import { toTensor } from "../../runtime/runtime.js";
import type { AffineTransform } from "../augment/affine-parameters.js";
import type { FillMode } from "../augment/fill-mode.js";

interface GoldenCase {
  readonly key: number;
  readonly shape: readonly [number, number, number];
  readonly fillMode: FillMode;
  readonly transform: Partial<AffineTransform>;
  readonly result: readonly number[];
}

const golden = await readGolden<{
  readonly cases: readonly GoldenCase[];
  readonly colours: readonly GoldenCase[];
}>("augment-transforms.json");

async function transformed({ key, shape, fillMode, transform }: GoldenCase): Promise<readonly number[]> {
  const datagen = new ImageDataGenerator({ fillMode, cval: 37 });
  const result = await datagen.applyTransform(toTensor(wave(shape, key, 127.5, 127.5)), transform);
  expect(result.dims).toEqual(shape);
  return [...(result.data as Float32Array)];
}

describe("applyTransform gives Keras's pixels", () => {
  const combinations = new Map<string, GoldenCase[]>();
  for (const one of golden.cases) {
    const name = `${one.fillMode}, ${one.shape.join(" × ")}`;
    combinations.set(name, [...(combinations.get(name) ?? []), one]);
  }

  it.each([...combinations])("%s", async (_, cases) => {
    for (const one of cases) {
      const actual = await transformed(one);
      const wrong = actual.filter((value, index) => !(Math.abs(value - (one.result[index] ?? NaN)) < 0.05));
      // Positions are float32 here and float64 in SciPy: exactly at an edge, a pixel may fall on the other side.
      expect(wrong.length, JSON.stringify(one.transform)).toBeLessThanOrEqual(0.002 * actual.length);
    }
  });

  it.each(golden.colours.map((one) => [JSON.stringify(one.transform), one] as const))("%s", async (_, one) => {
    const actual = await transformed(one);
    // Brightness goes through whole levels in Keras: where rounding decides, one level may differ.
    const tolerance = one.transform.brightness === undefined ? 0.05 : 1.01;
    actual.forEach((value, index) => {
      expect(Math.abs(value - (one.result[index] ?? NaN))).toBeLessThan(tolerance);
    });
  });

  it("and the image itself where nothing is asked for", async () => {
    const image = toTensor(wave([5, 7, 3], 1, 127.5, 127.5));
    const result = await new ImageDataGenerator().applyTransform(image, {});
    (result.data as Float32Array).forEach((value, index) => {
      expect(value).toBeCloseTo(Number(image.data[index]), 3);
    });
  });

  it("of one image only", async () => {
    await expect(new ImageDataGenerator().applyTransform(toTensor(wave([2, 5, 7, 3], 1)), {})).rejects.toThrow(
      /\[height, width, channels\].*\[2, 5, 7, 3\]/s,
    );
  });
});

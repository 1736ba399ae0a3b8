import { describe, expect, test } from "vitest";
import { readGolden } from "../../../test/support/golden.js";
import { UsageError } from "../../errors/errors.js";
import { Generator } from "../../random/generator.js";
import {
  affineMatrix,
  type AffineMatrix,
  type AffineOptions,
  type AffineTransform,
  getRandomTransform,
} from "./affine-parameters.js";

interface Summary {
  minimum: number;
  maximum: number;
  mean: number;
  deviation: number;
  values?: number[];
}

interface Golden {
  matrices: { transform: Partial<AffineTransform>; height: number; width: number; matrix: number[][] }[];
  draws: { options: AffineOptions; drawn: Partial<Record<keyof AffineTransform, Summary>> }[];
  pictures: { transform: Partial<AffineTransform>; source: number[][]; result: number[][] }[];
}

const golden = await readGolden<Golden>("affine.json");

/** Linear interpolation between pixels, the picture being continued by its border. */
function sample(picture: number[][], row: number, column: number): number {
  const height = picture.length;
  const width = picture[0]?.length ?? 0;
  const at = (y: number, x: number) => picture[Math.min(y, height - 1)]?.[Math.min(x, width - 1)] ?? 0;
  const y = Math.min(Math.max(row, 0), height - 1);
  const x = Math.min(Math.max(column, 0), width - 1);
  const [top, left] = [Math.floor(y), Math.floor(x)];
  const upper = at(top, left) * (1 - x + left) + at(top, left + 1) * (x - left);
  const lower = at(top + 1, left) * (1 - x + left) + at(top + 1, left + 1) * (x - left);
  return upper * (1 - y + top) + lower * (y - top);
}

function warp(picture: number[][], [rows, columns]: AffineMatrix): number[][] {
  return picture.map((line, r) =>
    line.map((_, c) =>
      sample(picture, rows[0] * r + rows[1] * c + rows[2], columns[0] * r + columns[1] * c + columns[2]),
    ),
  );
}

describe("affineMatrix", () => {
  test.each(golden.matrices)(
    "is Keras's for $transform at $height × $width",
    ({ transform, height, width, matrix }) => {
      const ours = affineMatrix(transform, height, width);
      expect(ours[2]).toEqual([0, 0, 1]);
      for (const [i, row] of matrix.entries()) {
        for (const [j, value] of row.entries()) expect(ours[i]?.[j]).toBeCloseTo(value, 9);
      }
    },
  );

  test.each(golden.pictures)("moves and flips a picture as Keras does: $transform", ({ transform, source, result }) => {
    const ours = warp(source, affineMatrix(transform, source.length, source[0]?.length ?? 0));
    for (const [r, row] of result.entries()) {
      for (const [c, value] of row.entries()) expect(Math.abs((ours[r]?.[c] ?? 0) - value)).toBeLessThan(1e-3);
    }
  });

  test("mirrors exactly, pixel on pixel", () => {
    const picture = [
      [1, 2, 3],
      [4, 5, 6],
    ];
    expect(warp(picture, affineMatrix({ flipHorizontal: true }, 2, 3))).toEqual([
      [3, 2, 1],
      [6, 5, 4],
    ]);
    expect(warp(picture, affineMatrix({ flipVertical: true }, 2, 3))).toEqual([
      [4, 5, 6],
      [1, 2, 3],
    ]);
  });
});

describe("getRandomTransform", () => {
  const draws = 20_000;
  const draw = (options: AffineOptions, seed = 1) => {
    const generator = new Generator(seed);
    return Array.from({ length: draws }, () => getRandomTransform(options, 100, 50, generator));
  };

  test.each(golden.draws)("draws from Keras's distributions for $options", ({ options, drawn }) => {
    const transforms = draw(options);
    for (const [name, summary] of Object.entries(drawn)) {
      const values = transforms.map((transform) => Number(transform[name as keyof AffineTransform]));
      const mean = values.reduce((sum, value) => sum + value, 0) / draws;
      const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / draws);
      const range = summary.maximum - summary.minimum;
      // Keras's own numbers come from 4000 draws: four standard errors of both.
      const slack = 4 * summary.deviation * Math.sqrt(1 / draws + 1 / 4000) + 1e-9;
      expect(Math.abs(mean - summary.mean)).toBeLessThan(slack);
      expect(Math.abs(deviation - summary.deviation)).toBeLessThan(slack);
      expect(Math.abs(Math.min(...values) - summary.minimum)).toBeLessThanOrEqual(0.003 * range);
      expect(Math.abs(Math.max(...values) - summary.maximum)).toBeLessThanOrEqual(0.003 * range);
      if (summary.values !== undefined) {
        const distinct = [...new Set(values.map((value) => Math.round(value * 1e9) / 1e9))];
        expect(distinct.sort((a, b) => a - b)).toEqual(summary.values);
      }
    }
    expect(transforms.some(({ channelShiftIntensity }) => channelShiftIntensity !== undefined)).toBe(
      "channelShiftIntensity" in drawn,
    );
    expect(transforms.some(({ brightness }) => brightness !== undefined)).toBe("brightness" in drawn);
  });

  test("does nothing by default, and survives JSON", () => {
    const transform = getRandomTransform({}, 100, 50, new Generator(1));
    expect(transform).toEqual({
      ...{ theta: 0, tx: 0, ty: 0, shear: 0, zx: 1, zy: 1, flipHorizontal: false, flipVertical: false },
      ...{ channelShiftIntensity: undefined, brightness: undefined },
    });
    expect(JSON.parse(JSON.stringify(transform))).toEqual(transform);
    expect(affineMatrix(transform, 100, 50)).toEqual(affineMatrix({}, 100, 50));
  });

  test("draws zoom for each axis on its own", () => {
    const transforms = draw({ zoomRange: 0.2 });
    const product = transforms.reduce((sum, { zx, zy }) => sum + (zx - 1) * (zy - 1), 0) / draws;
    expect(Math.abs(product)).toBeLessThan((4 * (0.4 ** 2 / 12)) / Math.sqrt(draws));
  });

  test("gives the same for a seed, and leaves the others when an option is switched on", () => {
    const one = draw({ rotationRange: 40, zoomRange: 0.2 });
    const more = draw({ rotationRange: 40, zoomRange: 0.2, horizontalFlip: true, widthShiftRange: 3 });
    expect(draw({ rotationRange: 40, zoomRange: 0.2 })).toEqual(one);
    const kept = (transforms: AffineTransform[]) => transforms.map(({ theta, zx, zy }) => [theta, zx, zy]);
    expect(kept(more)).toEqual(kept(one));
  });

  test.each([
    [{ rotationRange: -1 }],
    [{ rotationRange: Number.NaN }],
    [{ shearRange: Number.POSITIVE_INFINITY }],
    [{ channelShiftRange: -3 }],
    [{ widthShiftRange: -0.2 }],
    [{ heightShiftRange: [0.1, Number.NaN] }],
    [{ zoomRange: 1.5 }],
    [{ zoomRange: [1.2, 0.8] }],
    [{ zoomRange: [1] }],
    [{ brightnessRange: 0.5 }],
    [{ brightnessRange: [-1, 1] }],
  ])("refuses %j and names the option", (options) => {
    const attempt = () => getRandomTransform(options as unknown as AffineOptions, 100, 50, new Generator(1));
    expect(attempt).toThrow(UsageError);
    expect(attempt).toThrow(Object.keys(options)[0]);
  });

  test("takes an empty list and null as Keras takes them: no shift, no brightness", () => {
    const transform = getRandomTransform({ widthShiftRange: [], brightnessRange: null }, 100, 50, new Generator(1));
    expect([transform.ty, transform.brightness]).toEqual([0, undefined]);
  });
});

import { afterAll, describe, expect, test } from "vitest";
import { createNodeRuntime } from "../runtime/node/runtime.js";
import { type Framing, shrunkTo } from "./framing.js";
import { PhotoResizer } from "./photo-resizer.js";
import { resample } from "./resample.js";

const runtime = createNodeRuntime({ threads: 1 });
const open: PhotoResizer[] = [];
afterAll(async () => {
  await Promise.all(open.map((resizer) => resizer.release()));
});

async function framed(photo: { width: number; height: number; data: Uint8Array }, framing: Framing): Promise<number[]> {
  const resizer = await PhotoResizer.create(runtime, framing);
  open.push(resizer);
  return Array.from(await resizer.resize(photo));
}

/** A photo whose pixels say where they are: red the column, green the row. */
function coordinates(width: number, height: number): { width: number; height: number; data: Uint8Array } {
  const places = Array.from({ length: width * height }, (_, index) => [index % width, Math.floor(index / width), 7]);
  return { width, height, data: Uint8Array.from(places.flat()) };
}

/** Columns and rows that are seen, where nothing is resized. */
function seen(pixels: readonly number[]): readonly [columns: number[], rows: number[]] {
  const every = (first: number): number[] => [...new Set(pixels.filter((_, index) => index % 3 === first))];
  return [every(0), every(1)];
}

describe("a photo becomes a picture", () => {
  test("by the square in its middle, of its shorter side", async () => {
    const pixels = await framed(coordinates(10, 4), { size: 4, keepProportions: true });
    expect(seen(pixels)).toEqual([
      [3, 4, 5, 6],
      [0, 1, 2, 3],
    ]);
  });

  test("by a share of that square", async () => {
    const pixels = await framed(coordinates(6, 16), { size: 3, crop: 0.5, keepProportions: true });
    expect(seen(pixels)).toEqual([
      [1, 2, 3],
      [6, 7, 8],
    ]);
  });

  test("by a share of both sides, stretched", async () => {
    // 4 of 8 columns and 2 of 4 rows: the columns become half as many.
    const pixels = await framed(coordinates(8, 4), { size: 2, crop: 0.5 });
    const [columns, rows] = seen(pixels);
    expect(rows).toEqual([1, 2]);
    expect(columns.every((column) => column >= 2 && column <= 5)).toBe(true);
  });

  test("never by less than a pixel", async () => {
    expect(await framed(coordinates(2, 2), { size: 1, crop: 0.1, keepProportions: true })).toHaveLength(3);
  });

  // The engine's filter ends a little earlier than Pillow's, which in a photo of noise is up to 12 levels of 255 in single pixels.
  test.each([
    ["bilinear", "bicubic"],
    ["bicubic", "bilinear"],
  ] as const)("as Pillow resizes it by %s, within 2 levels of 255 on the mean, and not by %s", async (mine, other) => {
    const [width, height] = [61, 47];
    const noise = (index: number): number => (Math.sin(index * 12.9898) * 43758.5453) & 255;
    const data = Uint8Array.from({ length: width * height * 3 }, (_, index) => noise(index));
    const ours = await framed({ width, height, data }, { size: 24, interpolation: mine });
    const difference = (interpolation: "bilinear" | "bicubic"): number => {
      const theirs = resample({ width, height, data }, 24, 24, interpolation);
      return ours.reduce((sum, level, index) => sum + Math.abs(level - (theirs[index] ?? 0)), 0) / ours.length;
    };
    expect(difference(mine)).toBeLessThan(2);
    expect(difference(other)).toBeGreaterThan(4);
  });
});

test("a photo of which only the middle is seen must stay larger", () => {
  expect([shrunkTo({ size: 224 }), shrunkTo({ size: 224, crop: 0.875 })]).toEqual([224, 256]);
});

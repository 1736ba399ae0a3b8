import { describe, expect, test } from "vitest";
import { readGolden } from "../../test/support/golden.js";
import { UsageError } from "../errors/errors.js";
import { type Interpolation, interpolations, nearestPositions, resample } from "./resample.js";

interface Golden {
  source: { width: number; height: number; data: string };
  cases: { filter: Interpolation; width: number; height: number; data: string }[];
  nearest: { length: number; newLength: number; positions: number[] }[];
}

const golden = await readGolden<Golden>("resample.json");
const decode = (text: string) => Uint8Array.from(Buffer.from(text, "base64"));
const source = { ...golden.source, data: decode(golden.source.data) };

describe("resizing gives Pillow's pixels", () => {
  test.each(golden.cases)("$filter to $width × $height", ({ filter, width, height, data }) => {
    expect(resample(source, width, height, filter)).toEqual(decode(data));
  });

  test.each(golden.nearest)("nearest of $length to $newLength", ({ length, newLength, positions }) => {
    expect([...nearestPositions(length, newLength)]).toEqual(positions);
  });
});

test("a photo of one colour keeps it with every filter", () => {
  const grey = { width: 31, height: 17, data: new Uint8Array(31 * 17 * 3).fill(201) };
  for (const interpolation of interpolations) {
    for (const [width, height] of [
      [7, 40],
      [64, 5],
    ] as const) {
      const resized = resample(grey, width, height, interpolation);
      expect(resized).toHaveLength(width * height * 3);
      expect(resized.every((level) => level === 201)).toBe(true);
    }
  }
});

test("nearest is the default, and the size that the photo has costs nothing", () => {
  expect(resample(source, 8, 8)).toEqual(resample(source, 8, 8, "nearest"));
  expect(resample(source, source.width, source.height, "lanczos")).toBe(source.data);
});

test("what cannot be resized is refused", () => {
  expect(() => resample(source, 0, 8)).toThrow(UsageError);
  expect(() => resample(source, 8, 2.5)).toThrow(UsageError);
  expect(() => resample({ ...source, width: 20 }, 8, 8)).toThrow(/bytes/);
  expect(() => resample(source, 8, 8, "bilinar" as Interpolation)).toThrow(/Did you mean "bilinear"/);
});

import { expect, test } from "vitest";
import { float32ToHalf, halfToFloat32 } from "./half.js";

test("ordinary, subnormal and special half-precision numbers are widened exactly", () => {
  const bits = Uint16Array.of(0x3c00, 0xc000, 0x3555, 0x7bff, 0x0001, 0x03ff, 0x0000, 0x8000, 0x7c00, 0xfc00, 0x7e00);
  expect([...halfToFloat32(bits)]).toEqual([
    1,
    -2,
    0.333251953125,
    65504,
    2 ** -24,
    1023 * 2 ** -24,
    0,
    -0,
    Infinity,
    -Infinity,
    NaN,
  ]);
});

test("narrowing gives each half back, ties to even, and nothing larger than the largest", () => {
  const all = Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits).filter((bits) => (bits & 0x7c00) !== 0x7c00);
  expect(float32ToHalf(halfToFloat32(all))).toEqual(all);
  const numbers = [
    1 + 2 ** -11,
    1 + 3 * 2 ** -11,
    1 + 2 ** -11 + 2 ** -20,
    2 - 2 ** -12,
    2 ** -25,
    1.5 * 2 ** -24,
    1e9,
    -Infinity,
  ];
  const expected = [1, 1 + 2 ** -9, 1 + 2 ** -10, 2, 0, 2 ** -23, 65504, -65504];
  expect([...halfToFloat32(float32ToHalf(Float32Array.from(numbers)))]).toEqual(expected);
  expect(halfToFloat32(float32ToHalf(Float32Array.of(NaN)))[0]).toBeNaN();
});

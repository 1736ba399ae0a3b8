import { expect, test } from "vitest";
import { halfToFloat32 } from "./half.js";

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

import { expect, test } from "vitest";
import { Tensor } from "../../runtime/runtime.js";
import type { Runtime, Session } from "../../runtime/runtime.js";
import { weightLevels } from "./weight-levels.js";

/** A runtime whose convolutions in 8 bits give one number everywhere. */
function answering(value: number): Runtime {
  const y = new Tensor("uint8", new Uint8Array(64 * 16).fill(value), [1, 64, 4, 4]);
  const session = { run: () => Promise.resolve({ y }), release: () => Promise.resolve() } as unknown as Session;
  return { createSession: () => Promise.resolve(session) } as unknown as Runtime;
}

test("where the largest sum comes out right all 8 bits are used", async () => {
  expect(await weightLevels(answering(250))).toBe(127);
});

test("where sums of two products are cut off at 16 bits, weights stay so small that none is", async () => {
  // What processors without instructions for products of 8 bits give: 2 · 255 · 127 becomes 2¹⁵ - 1.
  const levels = await weightLevels(answering(Math.round((250 * 32767) / (2 * 255 * 127))));
  expect(2 * 255 * levels).toBeLessThan(2 ** 15);
});

import { expect, test, vi } from "vitest";
import { stopOnInterrupt } from "./interruption.js";
import { Reporter } from "./reporter.js";
import type { Surroundings } from "./surroundings.js";

/** Stops by Ctrl+C, at moments in ms; gives how often the process was ended at once. */
function pressedAt(moments: readonly number[], clock: (elapsed: number) => number): number {
  const endNow = vi.fn();
  let [elapsed, press]: [number, () => void] = [0, () => undefined];
  const stream = { isTTY: false, columns: 80, write: () => true };
  const surroundings = {
    ...{ stdout: stream, stderr: stream, env: {}, endNow },
    now: () => clock(elapsed),
    elapsed: () => elapsed,
    onInterrupt: (listener: () => void) => {
      press = listener;
      return () => undefined;
    },
  } as unknown as Surroundings;
  stopOnInterrupt(surroundings, new Reporter(surroundings, false));
  for (const moment of moments) {
    elapsed = moment;
    press();
  }
  return endNow.mock.calls.length;
}

test("a second Ctrl+C ends the process, and one that comes with the first does not", () => {
  expect(pressedAt([0, 1000], (elapsed) => elapsed)).toBe(1);
  expect(pressedAt([0, 50], (elapsed) => elapsed)).toBe(0);
});

test("a second Ctrl+C ends the process when the clock was set back meanwhile", () => {
  expect(pressedAt([0, 1000], (elapsed) => 1e12 - 3600 * elapsed)).toBe(1);
});

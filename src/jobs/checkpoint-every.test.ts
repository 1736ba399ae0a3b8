import { expect, test } from "vitest";
import { UsageError } from "../errors/errors.js";
import { checkpointsEvery } from "./checkpoint-every.js";

test.each([
  [undefined, { epochs: 1, seconds: 120 }],
  ["5", { epochs: 5, seconds: Infinity }],
  ["90s", { epochs: Infinity, seconds: 90 }],
  ["1.5m", { epochs: Infinity, seconds: 90 }],
  ["2H", { epochs: Infinity, seconds: 7200 }],
])("%s", (text, every) => {
  expect(checkpointsEvery(text)).toEqual(every);
});

test.each(["", "0", "-1", "1.5", "0m", "often", "5 d"])("refuses %j", (text) => {
  expect(() => checkpointsEvery(text)).toThrow(UsageError);
});

import { expect, test } from "vitest";
import { UsageError } from "../errors/errors.js";
import { realNumber, someText, wholeNumber } from "./options.js";

const epochs = wholeNumber("--epochs", { from: 1, to: 10_000 });
const rate = realNumber("--learning-rate", { from: 0, to: 10 });

test("numbers as people write them", () => {
  expect(["1", "30", "10000", "+5", " 7 "].map(epochs)).toEqual([1, 30, 10000, 5, 7]);
  expect(["0.001", "1e-3", ".5", "2.", "1E-4", "0"].map(rate)).toEqual([0.001, 0.001, 0.5, 2, 0.0001, 0]);
});

test.each(["0", "10001", "-1", "2.5", "3x", "", " ", "1e3", "NaN", "Infinity", "0x10", "١"])("%j epochs", (text) => {
  expect(() => epochs(text)).toThrow(UsageError);
  expect(() => epochs(text)).toThrow(/--epochs.*a whole number from 1 to 10000.*Received: /);
});

test.each(["-0.1", "11", "abc", "", "NaN", "Infinity", "0,001", "1e"])("a learning rate of %j", (text) => {
  expect(() => rate(text)).toThrow(/--learning-rate.*a number from 0 to 10/);
});

test("an empty text, as of a variable that is not set", () => {
  expect(() => someText("--out", "the path of a folder")("")).toThrow(/--out.*the path of a folder.*Received: nothing/);
  expect(someText("--out", "the path of a folder")("runs/x")).toBe("runs/x");
});

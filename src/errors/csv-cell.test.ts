import { expect, test } from "vitest";
import { csvCell } from "./csv-cell.js";

test.each([
  ["=1+1", "'=1+1"],
  ["@x", "'@x"],
  ["+1", "'+1"],
  ["-1", "'-1"],
  ["\t=1", "'\t=1"],
  ["\tx", "'\tx"],
  [" =1", "' =1"],
  ["\u00a0=1", "'\u00a0=1"],
  ["＝1", "'＝1"],
  ["a;=1+1;", "a;'=1+1;"],
  ["a\t@x", "a\t'@x"],
  ["a,=1", `"a,'=1"`],
  ["a\n=1", `"a\n'=1"`],
  ['"=1', `"'""=1"`],
])("%j is no formula: %j", (text, cell) => {
  expect(csvCell(text)).toBe(cell);
});

test.each(["block-1", "a=b", "user@place", "c++", "conv_1/kernel:0", "it's", ""])("%j stays as it is", (text) => {
  expect(csvCell(text)).toBe(text);
});

test("numbers are never taken for formulas", () => {
  expect([-1, -1e-7, Number.NEGATIVE_INFINITY, true, null].map((value) => csvCell(value))).toEqual([
    ...["-1", "-1e-7", "-Infinity", "true", ""],
  ]);
});

test("what holds the separator is quoted", () => {
  expect(csvCell("a;b", ";")).toBe('"a;b"');
  expect(csvCell("a;b")).toBe("a;b");
});

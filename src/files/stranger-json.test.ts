import { expect, test } from "vitest";
import { z } from "zod";
import { oneOfEachKind, parseStrangerJson } from "./stranger-json.js";

const schema = z.object({
  paths: z.array(z.string()),
  skipped: z.array(z.object({ path: z.string() })).default([]),
  numbers: z.record(z.string(), z.number()).default({}),
});
const many = 5000;

test("what is right is taken as a whole", () => {
  const value = {
    paths: Array.from({ length: many }, (_, index) => `a, [b] {c} "${index}\\`),
    skipped: Array.from({ length: many }, () => ({ path: "x" })),
    numbers: Object.fromEntries(Array.from({ length: many }, (_, index) => [`n${index}`, index])),
  };
  expect(parseStrangerJson(JSON.stringify(value), schema)).toEqual(value);
});

test.each([
  ["a list of nothing right", { paths: Array.from({ length: many }, () => 1) }],
  ["a list with many that are wrong behind one", { paths: ["x", ...Array.from({ length: many }, () => 1)] }],
  ["empty records", { paths: [], skipped: [{ path: "x" }, ...Array.from({ length: many }, () => ({}))] }],
  [
    "a record of others",
    { paths: [], numbers: Object.fromEntries(Array.from({ length: many }, (_, index) => [`n${index}`, "x"])) },
  ],
])("few issues say what is wrong: %s", (_, value) => {
  const parse = (): unknown => parseStrangerJson(JSON.stringify(value), schema);
  expect(parse).toThrow(z.ZodError);
  try {
    parse();
  } catch (error) {
    expect((error as z.ZodError).issues.length).toBeLessThanOrEqual(2);
  }
});

test("one wrong element among many of its kind is found", () => {
  const positive = z.array(z.number().positive());
  const text = JSON.stringify([...Array.from({ length: many }, () => 1), -1]);
  expect(() => parseStrangerJson(text, positive)).toThrow(z.ZodError);
});

test("more values than any file has are refused before they are parsed; those in texts are none", () => {
  expect(() => parseStrangerJson("[[],[],[]]", z.unknown(), 5)).toThrow("more than 5 values");
  expect(parseStrangerJson('["[[,,{\\"[[,,", "\\\\"]', z.unknown(), 5)).toEqual(['[[,,{"[[,,', "\\"]);
});

test("names of records stay what they are", () => {
  const value: unknown = JSON.parse('{"__proto__":{"x":1},"constructor":2}');
  expect(JSON.stringify(oneOfEachKind(value))).toBe(JSON.stringify(value));
});

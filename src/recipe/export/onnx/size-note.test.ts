import { expect, test } from "vitest";
import { sizeNote } from "./size-note.js";

test("a transformer in 8 bits is said to be hardly smaller", () => {
  expect(sizeNote(22.1e6, 21.6e6)).toMatch(/21\.6 MB of 22\.1 MB.*--precision float16/);
});

test("of what became a quarter, and of small files, nothing is said", () => {
  expect(sizeNote(8.9e6, 3.3e6)).toBeUndefined();
  expect(sizeNote(50_000, 49_000)).toBeUndefined();
});

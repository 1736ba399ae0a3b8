import { describe, expect, test } from "vitest";
import { compareCodePoints, comparePhotos } from "./photo.js";

describe("compareCodePoints", () => {
  test("sorts as Python's sorted does", () => {
    // From Python 3.11: sorted([...]).
    const sorted = ["", "10", "2", "B", "a", "a-b", "a/b", "ab", "é", "日本", "Ａ", "Ａb", "😀", "😁"];
    expect([...sorted].reverse().sort(compareCodePoints)).toEqual(sorted);
  });
});

describe("comparePhotos", () => {
  test("sorts by class, then folder, then name", () => {
    const sorted = [
      { path: "x/b/z.jpg", classIndex: 0 },
      { path: "x/a/2.jpg", classIndex: 1 },
      { path: "x/a/a/b.jpg", classIndex: 1 },
      { path: "x/a/a-b/1.jpg", classIndex: 1 },
      { path: "x/a/a/b/1.jpg", classIndex: 1 },
    ];
    expect([...sorted].reverse().sort(comparePhotos)).toEqual(sorted);
  });
});

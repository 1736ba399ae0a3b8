import { expect, test } from "vitest";
import { shorten, textWidth } from "./text-width.js";
import { textTable } from "./text-table.js";

test("columns are as wide as their widest cell, and nothing trails", () => {
  expect(
    textTable(
      ["class", "photos"],
      [
        ["fish", "7"],
        ["fruit", "1200"],
      ],
      ["left", "right"],
    ),
  ).toBe("class  photos\nfish        7\nfruit    1200");
});

test("wide characters count twice, accents not at all", () => {
  expect(textWidth("犬")).toBe(2);
  expect(textWidth("e\u0301te\u0301")).toBe(3);
  expect(textWidth("👩‍🍳")).toBe(2);
  expect(
    textTable(
      [],
      [
        ["犬", "1"],
        ["dog", "2"],
      ],
    ),
  ).toBe("犬   1\ndog  2");
});

test("a long name loses its middle", () => {
  expect(shorten("abcdefghij", 5)).toBe("ab…ij".padStart(5));
  expect(shorten("abcdefghij", 10)).toBe("abcdefghij");
});

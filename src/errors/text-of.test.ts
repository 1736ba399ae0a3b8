import { expect, test } from "vitest";
import { FileError } from "./errors.js";
import { textOf } from "./text-of.js";

test("text in UTF-8 is read, without a mark of its encoding", () => {
  expect(textOf(new TextEncoder().encode("\uFEFFgrün, 猫, \uFFFD"), "a.json")).toBe("grün, 猫, \uFFFD");
  expect(textOf(new Uint8Array(), "a.json")).toBe("");
});

test.each([
  ["of Windows", Buffer.from("gr\xfcn", "latin1"), /the byte fc at 2/],
  ["cut off", new TextEncoder().encode("gr\u00fc").subarray(0, 3), /the byte c3 at 2/],
  ["too long a form", Uint8Array.of(0x41, 0xc0, 0x80), /the byte c0 at 1/],
])("other bytes, %s, are refused by their place", (_, bytes, words) => {
  const refused = (): string => textOf(bytes, "a.json");
  expect(refused).toThrow(FileError);
  expect(refused).toThrow(/a\.json is no text in UTF-8/);
  expect(refused).toThrow(words);
});

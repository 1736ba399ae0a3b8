import { expect, test } from "vitest";
import { GraftError } from "./errors.js";
import { harmless, harmlessJson, harmlessLine, harmlessName, harmlessTexts } from "./harmless.js";

const hostile = "\u001b[2J\u009b31m\u202eok\r\u0007\nError: none.\u2028\t😀é漢";

test("what steers a terminal is spelled out, and all else stays", () => {
  expect(harmless(hostile)).toBe("\\x1b[2J\\x9b31m\\u202eok\\x0d\\x07\nError: none.\\u2028\t😀é漢");
  expect(harmlessLine(hostile)).toBe("\\x1b[2J\\x9b31m\\u202eok\\x0d\\x07\\nError: none.\\u2028\\t😀é漢");
});

test("what nobody sees is spelled out, and joiners stay where writing needs them", () => {
  expect(harmlessLine("ca\u200bt ca\u200dt \ufeffcat c\u00adat\u2060 \u{e0041}")).toBe(
    "ca\\u200bt ca\\u200dt \\ufeffcat c\\xadat\\u2060 \\u{e0041}",
  );
  const kept = "👨‍👩‍👧 👩🏽‍🚀 ❤️‍🔥 می‌خواهم क्‍ष";
  expect(harmlessLine(kept)).toBe(kept);
});

test("what shows nothing or chooses between forms that are none is spelled out, and forms that are some stay", () => {
  expect(harmlessLine("\u3164 \u2800 \u115f \u034f \uffa0 cat\ufe0f cat1\ufe0f c\u{e0100} \u{e01ff}")).toBe(
    "\\u3164 \\u2800 \\u115f \\u034f \\uffa0 cat\\ufe0f cat1\\ufe0f c\\u{e0100} \\u{e01ff}",
  );
  const kept = "❤️ ☎︎ 1️⃣ #️⃣ 葛\u{e0100} ≨︀ ᠠ\u180b";
  expect(harmlessLine(kept)).toBe(kept);
});

test("blanks at the ends of a name are spelled out, and those in it stay", () => {
  expect(["trail ", " lead", "a b", " ", "\u3000x\u00a0"].map(harmlessName)).toEqual([
    ...["trail\\x20", "\\x20lead", "a b", "\\x20", "\\u3000x\\xa0"],
  ]);
  expect(harmlessTexts({ label: "trail " })).toEqual({ label: "trail\\x20" });
});

test("blanks that look like a space, and are none, are spelled out wherever they stand", () => {
  expect(harmlessLine("cats\u00a0dogs 3.45\u202fPM \u2003|\u1680|\u205f|")).toBe(
    "cats\\xa0dogs 3.45\\u202fPM \\u2003|\\u1680|\\u205f|",
  );
  expect(harmlessLine("猫\u3000犬")).toBe("猫\u3000犬");
});

test("JSON keeps its value to the letter", () => {
  const json = harmlessJson({ path: hostile });
  expect(JSON.parse(json)).toEqual({ path: hostile });
  // eslint-disable-next-line no-control-regex -- they are what is looked for
  expect(json).not.toMatch(/[\0-\x1f\x7f-\x9f\u202e\u2028]/);
});

test("texts inside a value are made harmless, and objects of classes are left alone", () => {
  const date = new Date(0);
  expect(harmlessTexts({ a: [hostile, 1], b: { c: "\n" }, date })).toEqual({
    a: [harmlessLine(hostile), 1],
    b: { c: "\\n" },
    date,
  });
});

test("an error that nobody catches steers no terminal either", () => {
  const error = new GraftError(`${hostile} is a name.`, { subject: hostile, received: hostile });
  expect(error.message).toContain(hostile);
  expect(error.stack).toContain(harmlessLine(hostile));
  expect(error.stack).not.toContain(hostile);
});

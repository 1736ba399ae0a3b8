import { expect, test } from "vitest";
import { linesOf } from "./lines.js";

test.each(["", "\n", "a", "a\n", "\na", "a\n\nb\n", "a\r\nb"])("lines are what splitting gives: %j", (text) => {
  expect([...linesOf(text)]).toEqual(text.split("\n"));
});

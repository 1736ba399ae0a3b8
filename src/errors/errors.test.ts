import { expect, it } from "vitest";
import { FileError } from "./errors.js";

it("a name that is as long as the file is cut, and what to do still stands behind it", () => {
  const name = "x".repeat(100_000);
  const { message, received } = new FileError(`${name} is damaged.`, {
    subject: "file",
    expected: "a name",
    received: name,
    advice: "Copy it again.",
  });
  expect(message.length).toBeLessThan(10_000);
  expect(received?.length).toBeLessThan(5000);
  expect(message).toMatch(/Expected: a name\. Received: x+…\. Copy it again\.$/);
});

import { CommanderError } from "commander";
import { expect, test } from "vitest";
import { DownloadError, EngineError, FileError, type GraftError, ShapeError, UsageError } from "../errors/errors.js";
import { failureOf } from "./failure.js";

const facts = { subject: "x", expected: "one of a, b", received: "c. Expected: d", advice: "Try a." };

test.each<[GraftError, number, string]>([
  [new UsageError("Wrong.", facts), 2, "usage"],
  [new ShapeError("Wrong.", facts), 2, "shape"],
  [new FileError("Wrong.", facts), 1, "file"],
  [new DownloadError("Wrong.", facts), 1, "download"],
  [new EngineError("Wrong.", facts), 1, "engine"],
])("%s ends with %i", (error, exitCode, code) => {
  expect(failureOf(error, false)).toMatchObject({ exitCode, code, message: error.message });
});

test("the parts of a message stand on lines of their own", () => {
  expect(failureOf(new FileError("Wrong.", facts), false).text).toBe(
    "Error: Wrong.\n  Expected: one of a, b.\n  Received: c. Expected: d.\n  Try a.",
  );
  expect(failureOf(new FileError("Wrong.", { subject: "x" }), false).text).toBe("Error: Wrong.");
});

test("commander's errors end with 2, and its suggestion stands on a line of its own", () => {
  const error = new CommanderError(
    1,
    "commander.unknownOption",
    "error: unknown option '--epoch'\n(Did you mean --epochs?)",
  );
  expect(failureOf(error, false)).toEqual({
    exitCode: 2,
    code: "usage",
    message: "Unknown option '--epoch'. Did you mean --epochs?",
    text: "Error: Unknown option '--epoch'.\n  Did you mean --epochs?",
  });
});

test("a file whose name begins as options do is told how to be named", () => {
  const error = new CommanderError(1, "commander.unknownOption", "error: unknown option '-rose.jpg'");
  expect(failureOf(error, false).text).toBe(
    "Error: Unknown option '-rose.jpg'.\n  If it is a file, put ./ in front: ./-rose.jpg",
  );
});

test("an unexpected error asks for a report, and shows its place only when asked", () => {
  const failure = failureOf(new TypeError("x is undefined"), false);
  expect(failure).toMatchObject({ exitCode: 1, code: "unexpected" });
  expect(failure.text).toMatch(/^Error: x is undefined\n {2}This is a mistake in Graft.*report.*GRAFT_DEBUG=1/);
  expect(failure.text).not.toContain("failure.test");
  expect(failureOf(new TypeError("x is undefined"), true).text).toContain("failure.test");
  expect(failureOf("thrown text", false).text).toContain("thrown text");
});

test("names in errors steer no terminal and make no lines of their own", () => {
  const { text, message } = failureOf(
    new FileError("x has \u001b[2J\n\nError: none.", { subject: "x", received: "\u001b[31mred\n" }),
    false,
  );
  expect(text).toBe("Error: x has \\x1b[2J\\n\\nError: none.\n  Received: \\x1b[31mred\\n.");
  // Machines get the name as it is.
  expect(message).toContain("\u001b[2J\n\nError");
});

test("arguments that a shell's pattern has put in make no lines of their own", () => {
  const error = new CommanderError(1, "commander.unknownOption", "error: unknown option '--a\nDone.\u001b[2J'");
  expect(failureOf(error, false).text).toBe("Error: Unknown option '--a\\nDone.\\x1b[2J'.");
});

import { expect, test } from "vitest";
import { fileSystemError } from "./file-system-errors.js";

const failure = (code: string): Error => Object.assign(new Error(`${code}: write`), { code });

test("a full disk is said in words, with what to do", () => {
  const error = fileSystemError(failure("ENOSPC"), "/data/vgg16.h5", "write");
  expect(error.message).toMatch(
    /^\/data\/vgg16.h5 cannot be written. Expected: a place that can be written to. Received: a full disk, where [\d.]+ [kMG]B are free. Free some space, or choose a folder on another disk.$/,
  );
  expect(error.cause).toMatchObject({ code: "ENOSPC" });
});

test("an unknown failure keeps its own message", () => {
  expect(fileSystemError(failure("EWEIRD"), "/x", "read").message).toMatch(/\/x cannot be read.*EWEIRD: write/);
});

test("how much was wanted is said where it is known, and of a quota only that", () => {
  const { message } = fileSystemError(failure("EDQUOT"), "/data/vgg16.h5", "write", undefined, 14_100_000);
  expect(message).toContain("Received: a used-up disk quota, where 14.1 MB are wanted.");
});

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { shellWord } from "./shell-word.js";

const names = [
  "runs/photos-20260131",
  "runs/my photos",
  "runs/$(touch owned)-`id`",
  `it's "so"; rm -rf ~ & $HOME !! \\ * ?`,
  "-rf",
  "runs/a\nError: none\u001b[2J\u202e'\\",
  "блюда 漢字 é",
  "",
];

test.skipIf(!existsSync("/bin/bash"))("bash takes what was pasted for exactly the name", () => {
  for (const name of names) {
    const word = shellWord(name, "linux");
    const got = execFileSync("/bin/bash", ["-c", `printf %s ${word}`], { encoding: "utf8" });
    expect(got, word).toBe(name.startsWith("-") ? `./${name}` : name);
    // eslint-disable-next-line no-control-regex -- these must not come
    expect(word).not.toMatch(/[\0-\x1f\u202e]/);
  }
});

test("simple names stay as they are", () => {
  expect(shellWord("runs/photos-1_b", "linux")).toBe("runs/photos-1_b");
  expect(shellWord("C:\\runs\\a", "win32")).toBe("C:\\runs\\a");
});

test("Windows: double quotes, and PowerShell's escapes in them", () => {
  expect(shellWord("runs\\my photos & calc", "win32")).toBe('"runs\\my photos & calc"');
  expect(shellWord("runs\\$(calc)`\u201d", "win32")).toBe('"runs\\`$(calc)```\u201d"');
});

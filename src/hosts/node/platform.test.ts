import { afterEach, expect, test, vi } from "vitest";
import { createNodeMachine } from "./platform.js";

const { isTTY } = process.stderr;

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  process.stderr.isTTY = isTTY;
});

test("a warning takes the bar away before it is written", () => {
  const written: string[] = [];
  process.stderr.isTTY = true;
  vi.stubEnv("TERM", "xterm");
  vi.spyOn(process.stderr, "write").mockImplementation((text) => written.push(String(text)) > 0);
  vi.spyOn(console, "error").mockImplementation((line: string) => void written.push(line));
  const machine = createNodeMachine();
  machine.progressBar().update({ what: "Epoch 1/2", done: 1, total: 4, unit: "steps" });
  machine.warn("Look here.");
  expect(written).toHaveLength(3);
  expect(written[0]).toContain("Epoch 1/2");
  expect(written.slice(1)).toEqual(["\r\u001b[2K", "Look here."]);
});

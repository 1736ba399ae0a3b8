import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { Missing } from "./row.js";

/**
 * Runs a script of bench/torch in the Python that the environment variable GRAFT_TORCH_PYTHON names (default python3).
 *
 * @returns the JSON objects that it printed, one a line
 * @throws Missing when there is no PyTorch, or the script fails
 */
export function runTorch(script: string, args: readonly string[]): Record<string, unknown>[] {
  const python = process.env["GRAFT_TORCH_PYTHON"] ?? "python3";
  const path = join(import.meta.dirname, "torch", script);
  const { status, stdout, stderr, error } = spawnSync(python, [path, ...args], {
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) {
    const reason = error === undefined ? stderr.split("\n").slice(-4).join("\n").trim() : error.message;
    throw new Missing(
      `PyTorch could not be measured with ${python}:\n${reason}\n` +
        "It needs a Python with: pip install torch timm onnx\n" +
        "Name its interpreter in the environment variable GRAFT_TORCH_PYTHON.",
    );
  }
  return stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

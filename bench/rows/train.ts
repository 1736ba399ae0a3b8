import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Figure } from "../figures.js";
import { Missing, need, type Row } from "../row.js";

const command = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

/** Runs `graft train` in a process of its own, with nothing kept from earlier runs. */
function train(directory: string, what: string, args: readonly string[]): Figure {
  const folder = mkdtempSync(join(tmpdir(), "graft-bench-"));
  try {
    const start = performance.now();
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["--import", tsx, command, "train", directory, ...args, "--out", join(folder, "run"), "--json"],
      { encoding: "utf8", maxBuffer: 2 ** 28, env: { ...process.env, GRAFT_CACHE: join(folder, "cache") } },
    );
    const seconds = (performance.now() - start) / 1000;
    if (status !== 0) throw new Missing(`graft train failed: ${stderr.slice(-300)}`);
    const done = JSON.parse(stdout.trim().split("\n").at(-1) ?? "{}") as Record<string, number>;
    const percent = (share: number | undefined): string => `${(100 * (share ?? Number.NaN)).toFixed(1)} %`;
    return {
      what: `graft train, ${what}`,
      unit: "s",
      values: { Graft: { best: seconds } },
      note:
        `From the start of the process to its end, test photos included; validation ${percent(done["val_accuracy"])}, ` +
        `test ${percent(done["test_accuracy"])}, ${done["epochs"] ?? "?"} epochs.`,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const trainRow: Row = {
  name: "train",
  about: "graft train on real photos, MobileNetV2 and VGG16, exact and in 8 bits (minutes)",
  run({ baseDir, weights, network }) {
    const directory = need(baseDir, "--base-dir");
    const mobile = ["--network", need(network, "--network"), "--preprocess", "torch"];
    const vgg = ["--network", "vgg16", "--weights", need(weights, "--weights"), "--image-size", "150"];
    const int8 = ["--trunk-precision", "int8"];
    return Promise.resolve([
      train(directory, "MobileNetV2 at 224", mobile),
      train(directory, "MobileNetV2 at 224, 8 bits", [...mobile, ...int8]),
      train(directory, "VGG16 at 150, frozen, 8 bits", [...vgg, ...int8, "--unfreeze", "none"]),
      train(directory, "VGG16 at 150, frozen", [...vgg, "--unfreeze", "none"]),
    ]);
  },
};

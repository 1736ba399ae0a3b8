import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const shared = join(root, "..", "shared");
const photos = join(shared, "data", "cats-vs-dogs-small");
const weights = join(shared, "weights", "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5");

let out = "";
beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), "graft-example-"));
});
afterAll(async () => {
  await rm(out, { recursive: true, force: true });
});

describe.skipIf(!existsSync(photos) || !existsSync(weights))(
  "examples/cats-and-dogs.ts (skipped where ../shared has no photos and weights)",
  () => {
    test("trains, draws both plots and ends with one line of JSON", async () => {
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [
          ...[
            "--import",
            "tsx",
            join(root, "examples", "cats-and-dogs.ts"),
            "--base-dir",
            photos,
            "--weights",
            weights,
          ],
          ...["--epochs", "1", "--steps-per-epoch", "1", "--validation-steps", "1", "--out", out, "--json"],
        ],
        { cwd: root, maxBuffer: 2 ** 24 },
      );
      const lines = stdout.trim().split("\n");
      expect(lines.slice(0, 2)).toEqual([
        "Found 2000 images belonging to 2 classes.",
        "Found 1000 images belonging to 2 classes.",
      ]);
      expect(stdout).toContain(" Trainable params: 9,177,089 (35.01 MB)");
      expect(stdout).toMatch(/Time used: \d+\.\d s/);
      const result = JSON.parse(lines.at(-1) ?? "") as { history: Record<string, number[]>; seconds: number[] };
      expect(Object.keys(result.history).sort()).toEqual(["acc", "loss", "val_acc", "val_loss"]);
      for (const figures of [...Object.values(result.history), result.seconds]) expect(figures).toHaveLength(1);
      expect((await readdir(out)).sort()).toEqual(["accuracy.svg", "loss.svg"]);
    });
  },
);

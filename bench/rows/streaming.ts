import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Figure } from "../figures.js";
import type { Row } from "../row.js";
import { writePhotos } from "../streaming/photos.js";

const kinds = {
  flow: "flowFromDirectory, augmented",
  dataset: "imageDatasetFromDirectory",
  train: "graft train, small network",
} as const;

const counts = [10_000, 100_000] as const;

/** Seconds and largest memory of an epoch in a process of its own. */
function epoch(kind: string, directory: string): { readonly seconds: number; readonly megabytes: number } {
  const script = join(import.meta.dirname, "..", "streaming", "epoch.ts");
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, [...process.execArgv, script, kind, directory], {
    encoding: "utf8",
    // Nothing kept by an earlier run may help.
    env: { ...process.env, GRAFT_CACHE: join(directory, "..", "cache") },
  });
  if (status !== 0) throw new Error(`${kind} failed: ${stderr.slice(-2000)}`);
  const { peak } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as { peak: number };
  return { seconds: (performance.now() - start) / 1000, megabytes: peak / 1e6 };
}

export const streamingRow: Row = {
  name: "streaming",
  about: "largest memory of an epoch over 10,000 and over 100,000 photos of 64×64 pixels",
  async run() {
    const figures: Figure[] = [];
    for (const count of counts) {
      const folder = await mkdtemp(join(tmpdir(), "graft-bench-"));
      try {
        const photos = join(folder, "photos");
        await writePhotos(photos, count);
        for (const [kind, name] of Object.entries(kinds)) {
          const { seconds, megabytes } = epoch(kind, photos);
          await rm(join(folder, "cache"), { recursive: true, force: true });
          figures.push({
            what: `${name}: memory for ${count.toLocaleString("en")} photos`,
            unit: "MB",
            values: { Graft: { best: megabytes } },
            note: `${seconds.toFixed(0)} s.`,
          });
        }
      } finally {
        await rm(folder, { recursive: true });
      }
    }
    return figures;
  },
};

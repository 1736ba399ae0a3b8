/**
 * One epoch over a folder of photos, in a process of its own; prints its largest memory.
 *
 *     tsx bench/streaming/epoch.ts flow|dataset|train DIR
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ImageDataGenerator, imageDatasetFromDirectory, layers, models } from "graft-ml";
import { jobParts } from "../../src/hosts/node/job-parts.js";
import { run } from "../../src/cli/run.js";
import { tinyNetwork } from "../../test/cli/tiny-network.js";

const [kind = "", directory = ""] = process.argv.slice(2);
const size = [64, 64] as const;

function smallModel() {
  const model = new models.Sequential([
    layers.Input({ shape: [...size, 3] }),
    new layers.Conv2D(4, 3, { strides: 4, activation: "relu" }),
    new layers.GlobalAveragePooling2D(),
    new layers.Dense(1, { activation: "sigmoid" }),
  ]);
  model.compile({ optimizer: "adam", loss: "binary_crossentropy" });
  return model;
}

async function train(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "graft-bench-run-"));
  try {
    const network = join(folder, "network.onnx");
    await writeFile(network, tinyNetwork());
    const options = ["--network", network, "--preprocess", "tf", "--epochs", "1"];
    const exitCode = await run(["train", directory, ...options, "--out", join(folder, "run"), "--json"], {
      stdout: { write: () => true },
      stderr: process.stderr,
      env: {},
      readInput: () => Promise.resolve(new Uint8Array()),
      now: () => Date.now(),
      elapsed: () => performance.now(),
      parts: jobParts,
      onInterrupt: () => () => undefined,
      endNow: () => undefined,
      goOnUnread: () => undefined,
      leaveBehind: () => undefined,
      serve: () => Promise.reject(new Error("not measured here")),
    });
    if (exitCode !== 0) throw new Error(`graft train ended with ${exitCode}.`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const epochs: Readonly<Record<string, () => Promise<unknown>>> = {
  async flow() {
    const datagen = new ImageDataGenerator({ rescale: 1 / 255, horizontalFlip: true, rotationRange: 20 });
    const photos = await datagen.flowFromDirectory(directory, { targetSize: size, classMode: "binary" });
    return smallModel().fit(photos, { epochs: 1, verbose: 0 });
  },
  async dataset() {
    const photos = await imageDatasetFromDirectory(directory, { imageSize: size, labelMode: "binary" });
    return smallModel().fit(photos, { epochs: 1, verbose: 0 });
  },
  train,
};

await epochs[kind]?.();
// In kibibytes, on all systems.
console.log(JSON.stringify({ peak: process.resourceUsage().maxRSS * 1024 }));
process.exit(0);

import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ImageDataGenerator, setRandomSeed } from "graft-ml";
import type { FitOptions, History } from "../../src/models/training-types.js";
import { beside, type Figure } from "../figures.js";
import { runKeras } from "../keras.js";
import { vgg16Classifier } from "../networks/classifier.js";
import { need, type Row } from "../row.js";

/** A tenth of the job's photos a class, and a fifth of its steps: an epoch is the same work for a fifth of the time. */
const photosAClass = { train: 200, validation: 100 } as const;
const [steps, validationSteps] = [20, 10];

/** Copies the first photos of each class into a folder of the same layout. */
function part(directory: string, folder: string): void {
  for (const [set, count] of Object.entries(photosAClass)) {
    for (const name of readdirSync(join(directory, set))) {
      mkdirSync(join(folder, set, name), { recursive: true });
      for (const photo of readdirSync(join(directory, set, name))
        .sort()
        .slice(0, count)) {
        cpSync(join(directory, set, name, photo), join(folder, set, name, photo));
      }
    }
  }
}

/** Seconds of each epoch of the reference job on part of its photos. */
async function epochs(
  directory: string,
  weights: string,
  count: number,
  { variants = 0, ...fit }: Pick<FitOptions, "trunkPrecision"> & { readonly variants?: number },
): Promise<History> {
  setRandomSeed(1);
  const train = new ImageDataGenerator({
    rescale: 1 / 255,
    rotationRange: 40,
    widthShiftRange: 0.2,
    heightShiftRange: 0.2,
    shearRange: 0.2,
    zoomRange: 0.2,
    horizontalFlip: true,
    fillMode: "nearest",
  });
  const options = { targetSize: [150, 150], batchSize: 20, classMode: "binary" } as const;
  const flow = await train.flowFromDirectory(join(directory, "train"), { ...options, variants });
  const validation = new ImageDataGenerator({ rescale: 1 / 255 });
  const validationData = await validation.flowFromDirectory(join(directory, "validation"), options);
  const model = await vgg16Classifier(weights, "block5");
  return model.fit(flow, {
    ...{ stepsPerEpoch: steps, epochs: count, validationData, validationSteps, verbose: 0 },
    ...fit,
  });
}

function figure(what: string, seconds: number, side: "Graft" | "Keras", note: string): Figure {
  return {
    what: `reference job, a fifth of an epoch: ${what}`,
    unit: "s",
    values: { [side]: { best: seconds } },
    note,
  };
}

export const epochsRow: Row = {
  name: "epochs",
  about: "epochs of the reference job on real photos: exact, in 8 bits, with four variants (minutes)",
  async run({ baseDir, weights, keras }) {
    const directory = need(baseDir, "--base-dir");
    const file = need(weights, "--weights");
    const folder = mkdtempSync(join(tmpdir(), "graft-bench-"));
    // What an earlier run has kept must not make this one faster.
    process.env["GRAFT_CACHE"] = join(folder, "cache");
    try {
      part(directory, folder);
      const exact = await epochs(folder, file, 3, {});
      const int8 = await epochs(folder, file, 3, { trunkPrecision: "int8" });
      // The photos make one round in 20 steps, so all variants are known after four epochs.
      const kept = await epochs(folder, file, 6, { variants: 4 });
      const least = ({ seconds }: History, from: number): number => Math.min(...seconds.slice(from));
      const moved = `8 bits move the boundary by ${(100 * (int8.trunk?.moved ?? Number.NaN)).toFixed(1)} %.`;
      const ours = [
        figure(
          "exact, fresh photos",
          least(exact, 1),
          "Graft",
          `The first one: ${exact.seconds[0]?.toFixed(1) ?? "?"} s.`,
        ),
        figure("8 bits, fresh photos", least(int8, 1), "Graft", moved),
        figure("four variants, all of them known", least(kept, 4), "Graft", "From the fifth epoch on."),
      ];
      if (!keras) return ours;
      const job = ["--base-dir", folder, "--weights", file, "--epochs", "3"];
      const sizes = ["--steps-per-epoch", String(steps), "--validation-steps", String(validationSteps)];
      const history = runKeras("reference_job.py", [...job, ...sizes]).find(({ event }) => event === "history");
      const seconds = Math.min(...((history?.["seconds"] ?? []) as number[]).slice(1));
      return ours
        .map((own) => beside([own], [{ what: own.what, unit: own.unit, values: { Keras: { best: seconds } } }]))
        .flat();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

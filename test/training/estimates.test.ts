import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { Backbone } from "../../src/applications/backbone.js";
import { loadBackbone } from "../../src/applications/load-backbone.js";
import type { Photo } from "../../src/photos/photo.js";
import { scanClassFolders } from "../../src/photos/scan.js";
import { predictionSet, thresholdOf } from "../../src/recipe/prediction-set.js";
import { calibrationError } from "../../src/report/calibration.js";
import { evaluation } from "../../src/report/confusion.js";
import { predictionInterval } from "../../src/report/interval.js";
import { createNodeRuntime } from "../../src/runtime/node/runtime.js";
import { divide, type Division, see, type SeenSet } from "../support/divisions.js";

const shared = join(import.meta.dirname, "..", "..", "..", "shared");
const withShared = describe.skipIf(!existsSync(shared));
const runtime = createNodeRuntime();

/** Random divisions of each set into photos to learn from and others. */
const divisions = 10;

/** Sets, the share of photos that is taken of them, and the share of these that is learned from: few, which takes less time. */
const sets = [
  { set: "flowers5", taken: 1, learned: 0.6 },
  { set: "oxford-flowers12", taken: 0.5, learned: 0.5 },
  { set: "trash", taken: 0.4, learned: 0.3 },
];

/** All photos of a set, or evenly spread ones of each class. */
async function photosOf(set: string, taken: number): Promise<{ readonly classes: readonly string[]; photos: Photo[] }> {
  const [train, held] = await Promise.all(
    ["train", "test"].map((folder) => scanClassFolders(join(shared, "data", set, folder))),
  );
  const { classes = [], photos = [] } = train ?? {};
  const all = [...photos, ...(held?.photos ?? [])];
  const seen = classes.map(() => 0);
  const kept = all.filter(({ classIndex }) => {
    const place = seen[classIndex] ?? 0;
    seen[classIndex] = place + 1;
    return Math.floor((place + 1) * taken) > Math.floor(place * taken);
  });
  return { classes, photos: kept };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value / values.length, 0);
}

withShared("what the recipe reports of its classifier (skipped where there is no ../shared)", () => {
  let backbone: Backbone;
  beforeAll(async () => {
    const network = join(shared, "weights", "mobilenetv2-imagenet-notop.onnx");
    backbone = await loadBackbone({ network, preprocess: "torch" });
  });

  describe.each(sets)("holds for other photos of $set, over ten divisions", ({ set, taken, learned }) => {
    let seen: SeenSet;
    const found: Division[] = [];
    beforeAll(async () => {
      const { classes, photos } = await photosOf(set, taken);
      seen = await see(runtime, backbone, classes, photos);
      for (let seed = 0; seed < divisions; seed++) found.push(await divide(seen, learned, seed));
    }, 600_000);

    test("the 95 % interval holds the accuracy at least nine times", () => {
      const within = found.filter(({ fitted, truth, probabilities }) => {
        const { accuracy } = evaluation(seen.job.classes, truth, probabilities);
        const { length } = fitted.heldOut.truth;
        // As it is printed: of 100 new photos, or of as many as there are.
        const { low, high } = predictionInterval(fitted.row.val_accuracy, length, Math.min(100, truth.length));
        return low <= accuracy && accuracy <= high;
      });
      expect(within.length).toBeGreaterThanOrEqual(9);
    });

    test("sets of classes name the right one for 95 ± 2 %, or one class each where more than that are right; they name few", () => {
      const named = found.map(({ fitted, truth, probabilities }) => {
        const threshold = thresholdOf(fitted.heldOut) ?? 0;
        const classSets = probabilities.map((row) => predictionSet(row, threshold));
        return {
          covered: mean(classSets.map((own, photo) => (own.includes(truth[photo] ?? -1) ? 1 : 0))),
          size: mean(classSets.map(({ length }) => length)),
          accuracy: evaluation(seen.job.classes, truth, probabilities).accuracy,
        };
      });
      const covered = mean(named.map((one) => one.covered));
      expect(covered).toBeGreaterThan(0.93);
      expect(covered).toBeLessThan(Math.max(0.97, mean(named.map(({ accuracy }) => accuracy)) + 0.01));
      expect(mean(named.map(({ size }) => size))).toBeLessThan(seen.job.classes.length / 2);
    });

    test("probabilities are off by 4 points at most, as reported and on the other photos", () => {
      const errors = found.map(({ truth, probabilities }) => calibrationError(truth, probabilities));
      // Few photos in a range differ from its probability by chance: of a smaller set, all divisions together are measured.
      const together = calibrationError(
        found.flatMap(({ truth }) => truth),
        found.flatMap(({ probabilities }) => probabilities),
      );
      expect((found[0]?.truth.length ?? 0) >= 240 ? mean(errors) : together).toBeLessThanOrEqual(0.04);
      // Classifiers that are fitted by likelihood, with a penalty that held-out photos have chosen, are not far off on the mean.
      const temperature = mean(found.map(({ fitted }) => fitted.temperature));
      expect(temperature).toBeGreaterThan(0.75);
      expect(temperature).toBeLessThan(1.33);
    });
  });
});

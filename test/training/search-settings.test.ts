import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layers, models } from "graft-ml";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Backbone } from "../../src/applications/backbone.js";
import { platform } from "../../src/models/platform.js";
import { preparePhotos } from "../../src/photos/prepare-photos.js";
import type { FineTuneEvent, FineTuneJob } from "../../src/recipe/fine-tune-types.js";
import { fineTune } from "../../src/recipe/fine-tune.js";
import { createNodeMachine } from "../../src/hosts/node/platform.js";
import { drawColourPhotos } from "../support/colour-photos.js";
import { drawTinyPhotos } from "../support/tiny-photos.js";
import { waveWeights } from "../support/wave.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-search-"));
  process.env["GRAFT_CACHE"] = join(folder, "cache");
  await drawTinyPhotos(join(folder, "photos"), 3);
  await drawColourPhotos(join(folder, "colours"));
});
afterAll(async () => {
  delete process.env["GRAFT_CACHE"];
  await rm(folder, { recursive: true });
});

function backbone(): Backbone {
  const model = new models.Sequential(
    [
      layers.Input({ shape: [32, 32, 3] }),
      new layers.Conv2D(8, 3, { strides: 2, activation: "relu", name: "first" }),
      new layers.Conv2D(8, 3, { strides: 2, activation: "relu", name: "middle" }),
      new layers.Conv2D(16, 3, { strides: 2, activation: "relu", name: "last" }),
    ],
    { name: "network" },
  );
  waveWeights(model);
  const record = { name: "n", description: "", licence: "unknown", imageSize: 32, preprocess: "torch" } as const;
  return { record, imageSize: 32, model, stages: ["first", "middle", "last"] };
}

async function jobOf(network: Backbone, changes: Partial<FineTuneJob>, photos = "photos"): Promise<FineTuneJob> {
  const { classes, division, training, validation } = await preparePhotos(join(folder, photos), 0, () => undefined);
  return {
    ...{ runtime: platform().runtime, machine: createNodeMachine(), backbone: network },
    ...{ classes, division, training, validation, seed: 3, search: true, ...changes },
  };
}

test("where there is no time for a trial, the classifier is there, and it is said that nothing was searched", async () => {
  const warnings: string[] = [];
  const onEvent = (event: FineTuneEvent): void => {
    if (event.event === "warning") warnings.push(event.code);
  };
  const result = await fineTune(await jobOf(backbone(), { time: 0.001, onEvent }));
  expect(result.search).toBeUndefined();
  expect(result.unfrozenFrom).toBe("none");
  expect(warnings).toEqual(["no-search"]);
});

/** A job for which training is worth it, and whose default rate is so small that larger ones are better. */
async function slowJob(changes: Partial<FineTuneJob>): Promise<FineTuneJob> {
  const model = new models.Sequential(
    [
      layers.Input({ shape: [16, 16, 3] }),
      new layers.Conv2D(4, 3, { activation: "relu", name: "first" }),
      new layers.Conv2D(4, 3, { activation: "relu", name: "last" }),
    ],
    { name: "network" },
  );
  waveWeights(model);
  const record = { name: "n", description: "", licence: "unknown", imageSize: 16, preprocess: "tf" } as const;
  const network: Backbone = { record, imageSize: 16, model, stages: ["first", "last"] };
  return jobOf(network, { learningRate: 1e-2, epochs: 8, ...changes }, "colours");
}

test("takes settings that are truly better, and ends in what graft train makes with them, without training twice", async () => {
  const events: FineTuneEvent[] = [];
  const job = await slowJob({ time: 60, onEvent: (event) => events.push(event) });
  const { search, epochs, model, heldOut, best } = await fineTune(job);
  const { chosen, trials } = search ?? expect.fail("nothing was searched");
  expect(chosen.trial).toBeGreaterThan(1);
  expect(chosen.better).toBe(true);
  expect(chosen.settings).not.toEqual(trials[0]?.settings);
  // The trial is the training.
  const shown = events.flatMap((event) => (event.event === "stage" ? [event.stage] : []));
  expect(shown.slice(-2)).toEqual(["chosen", "all-photos"]);
  expect(events.filter((event) => event.event === "progress" && event.stage === "training")).toEqual([]);
  expect(events.flatMap((event) => (event.event === "epoch" ? [event.epoch] : []))).toEqual(
    epochs.map(({ epoch }) => epoch),
  );

  const again = await fineTune(await slowJob({ search: false, ...chosen.settings }));
  const losses = (rows: typeof epochs): object[] => rows.map((row) => ({ ...row, seconds: 0 }));
  expect(losses(epochs)).toEqual(losses(again.epochs));
  expect(model.getWeights()).toEqual(again.model.getWeights());
  // The estimate takes the choice of the trial into account, so that it may be worse than what the trial shows.
  expect(heldOut.probabilities).toHaveLength(80);
  expect(best.val_loss).toBeGreaterThanOrEqual(Math.min(...trials.map(({ loss }) => loss ?? Infinity)) - 1e-6);
}, 240_000);

test("a stop keeps the training of the best trial by then", async () => {
  const controller = new AbortController();
  const job = await slowJob({
    ...{ time: 600, signal: controller.signal },
    onEvent: (event) => {
      if (event.event === "trial" && event.better) controller.abort();
    },
  });
  const { search, unfrozenFrom, epochs, learnedFrom } = await fineTune(job);
  expect(search?.chosen.trial).toBe(search?.trials.length);
  expect(unfrozenFrom).toBe(search?.chosen.settings.unfreeze);
  expect(epochs.at(-1)?.phase).toBe("fine-tune");
  expect(learnedFrom).toHaveLength(80);
}, 240_000);

test("a stop in the middle of a trial keeps what was reached, and the trials before", async () => {
  const controller = new AbortController();
  const job = await jobOf(backbone(), {
    ...{ time: 60, signal: controller.signal },
    onEvent: (event) => {
      if (event.event === "progress" && event.stage === "trial" && event.trial === 3) controller.abort();
    },
  });
  const { search, model, heldOut } = await fineTune(job);
  expect(search?.trials.map(({ trial }) => trial)).toEqual([1, 2]);
  expect(model.layers.at(-1)?.name).toBe("probabilities");
  expect(heldOut.probabilities.length).toBeGreaterThan(0);
}, 120_000);

test("settings are tried for the time given, the defaults first, and the end is a training with what was taken", async () => {
  const events: FineTuneEvent[] = [];
  const network = backbone();
  const started = performance.now();
  const job = await jobOf(network, { time: 20, onEvent: (event) => events.push(event) });
  const result = await fineTune(job);
  expect((performance.now() - started) / 1000).toBeLessThan(26);
  const { trials, chosen, errors } = result.search ?? expect.fail("nothing was searched");
  expect(trials.length).toBeGreaterThan(2);
  expect(trials[0]?.settings).toMatchObject({ unfreeze: "last", epochs: 6, batchSize: 8 });
  expect(trials[1]?.settings.unfreeze).toBe("none");
  expect(new Set(trials.map(({ settings }) => JSON.stringify(settings))).size).toBe(trials.length);
  expect(trials.map(({ trial }) => trial)).toEqual(trials.map((_, index) => index + 1));
  expect(errors).toBeGreaterThan(2);
  if (chosen.trial > 1) expect(chosen.loss).toBeLessThan(trials[0]?.loss ?? 0);
  const told = events.flatMap((event) => (event.event === "trial" ? [event.trial] : []));
  expect(told).toEqual(trials.map(({ trial }) => trial));
  // Trials are no part of the history, which is that of one training.
  const trained = result.epochs.filter(({ phase }) => phase === "fine-tune");
  expect([0, chosen.settings.epochs]).toContain(trained.length);
  expect(["none", chosen.settings.unfreeze]).toContain(result.unfrozenFrom);
  // Flags are as they were.
  expect(network.model.layers.every(({ trainable }) => trainable)).toBe(true);
  const { rates } = result.search ?? {};
  expect(rates === undefined || rates.rates.length <= 100).toBe(true);
}, 120_000);

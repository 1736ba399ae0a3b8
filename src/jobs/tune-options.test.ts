import { expect, test } from "vitest";
import { settingsFound, tuneOptions } from "./tune-options.js";
import { trainOptions } from "./train-options.js";

const asked = { network: "n", seed: 3, device: "cpu", time: 60 };
const settings = { learningRate: 1e-3, unfreeze: "block", epochs: 3, batchSize: 8 };
const trial = { trial: 1, settings, loss: 1, accuracy: 0.5, seconds: 2, better: false };
const search = { time: 60, trials: [trial], chosen: trial, errors: 1, rates: undefined };

test("settings that were found are recorded, the defaults are left to the recipe", () => {
  const others = { network: "n", seed: 3, device: "cpu" };
  expect(settingsFound(asked, undefined)).toEqual(others);
  expect(settingsFound(asked, search)).toEqual(others);
  expect(settingsFound(asked, { ...search, chosen: { ...trial, trial: 2 } })).toEqual({ ...others, ...settings });
});

test("all options of graft train but for what is searched, and for checkpoints", () => {
  const searched = ["epochs", "batchSize", "learningRate", "unfreeze", "resume", "from", "checkpointEvery"];
  expect(Object.keys(tuneOptions)).toEqual(Object.keys(trainOptions).filter((name) => !searched.includes(name)));
});

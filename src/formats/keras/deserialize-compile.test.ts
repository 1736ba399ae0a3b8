import { describe, expect, it } from "vitest";
import type * as losses from "../../nn/losses/index.js";
import { Optimizer } from "../../nn/optimizers/optimizer.js";
import { compileFromConfig } from "./deserialize-compile.js";
import { mapEach } from "../../models/each.js";

function optimizerOf(config: unknown): Optimizer {
  const optimizer = compileFromConfig(config, "x.h5")?.optimizer;
  if (optimizer instanceof Optimizer) return optimizer;
  throw new Error("There is no optimizer.");
}

describe("compileFromConfig", () => {
  it("takes what is not compiled for nothing", () => {
    expect(compileFromConfig(undefined, "x.keras")).toBeUndefined();
    expect(compileFromConfig({}, "x.keras")).toBeUndefined();
    expect(compileFromConfig({ optimizer: null }, "x.keras")).toBeUndefined();
  });

  it("makes a schedule of Keras 2's decay: rate / (1 + decay · iterations)", () => {
    const optimizer = optimizerOf({
      loss: "mse",
      optimizer_config: { class_name: "SGD", config: { lr: 0.1, decay: 0.5, momentum: 0, nesterov: false } },
    });
    expect([1, 2, 3].map((step) => optimizer.learningRateAt(step))).toEqual([0.1, 0.1 / 1.5, 0.1 / 2]);
  });

  it("leaves out what changes no number in Keras 2's optimizers", () => {
    const config = { learning_rate: 0.01, decay: 0, weight_decay: 0, jit_compile: true, is_legacy_optimizer: false };
    const optimizer = optimizerOf({ loss: "mse", optimizer_config: { class_name: "Custom>Adam", config } });
    expect(optimizer.getConfig()).toMatchObject({ learning_rate: 0.01, weight_decay: null });
  });

  it("keeps the structure in which losses, weights and metrics belong to outputs", () => {
    const of = (more: object): unknown => {
      const read = compileFromConfig({ optimizer: "adam", ...more }, "x.keras");
      if (read === undefined) throw new Error("There is no compile state.");
      const { optimizer, loss, ...others } = read;
      expect(optimizer).toBeInstanceOf(Optimizer);
      const name = (one: unknown): unknown =>
        typeof one === "object" && one !== null ? (one as losses.Loss).name : (one ?? undefined);
      return { ...others, ...(loss === undefined ? {} : { loss: mapEach(loss, name) }) };
    };
    expect(of({ loss: { head: "mse" }, metrics: { head: ["mae"] }, loss_weights: { head: 2 } })).toEqual({
      loss: { head: "mean_squared_error" },
      metrics: { head: ["mae"] },
      lossWeights: { head: 2 },
    });
    expect(of({ loss: ["mse", null], metrics: [["mae", "acc"], null, "mse"], loss_weights: [1, null] })).toEqual({
      loss: ["mean_squared_error", undefined],
      metrics: [["mae", "acc"], null, "mse"],
      lossWeights: [1, 1],
    });
    const called = { module: "builtins", class_name: "function", config: "binary_crossentropy" };
    expect(of({ loss: called, metrics: null })).toEqual({ loss: "binary_crossentropy" });
    const old = { class_name: "MeanSquaredError", config: { reduction: "auto", name: "mean_squared_error" } };
    expect(of({ loss: old, metrics: [], weighted_metrics: ["acc"] })).toEqual({
      loss: "mean_squared_error",
      weightedMetrics: ["acc"],
    });
    expect(of({ loss: null })).toEqual({});
  });

  it.each([
    [
      "weights that are no numbers",
      { loss_weights: ["much"] },
      /loss_weights.*compile: false|weights of losses.*compile: false/s,
    ],
    ["an unknown optimizer", { optimizer: { class_name: "Muon", config: {} } }, /"Muon"/],
    [
      "an option that would be ignored",
      { optimizer: { class_name: "SGD", config: { loss_scale_factor: 2 } } },
      /loss_scale/,
    ],
    ["an unknown metric", { metrics: [{ class_name: "Wasserstein", config: {} }] }, /"Wasserstein"/],
  ])("refuses %s", (_, part, message) => {
    expect(() => compileFromConfig({ optimizer: "sgd", loss: "mse", ...part }, "x.keras")).toThrow(message);
  });
});

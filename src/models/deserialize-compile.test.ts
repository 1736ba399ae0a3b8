import { describe, expect, it } from "vitest";
import { Optimizer } from "../nn/optimizers/optimizer.js";
import { compileFromConfig } from "./deserialize-compile.js";

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

  it("takes lists and names of one output apart", () => {
    const of = (loss: unknown, metrics: unknown): unknown => {
      const compiled = compileFromConfig({ optimizer: "adam", loss, metrics, loss_weights: [1] }, "x.keras");
      return [typeof compiled?.loss === "object" ? compiled.loss.name : undefined, compiled?.metrics];
    };
    expect(of({ head: "mse" }, { head: ["mae"] })).toEqual(["mean_squared_error", ["mae"]]);
    expect(of(["mse"], [["mae", "acc"]])).toEqual(["mean_squared_error", ["mae", "acc"]]);
    const called = { module: "builtins", class_name: "function", config: "binary_crossentropy" };
    expect(of(called, null)).toEqual(["binary_crossentropy", []]);
    const old = { class_name: "MeanSquaredError", config: { reduction: "auto", name: "mean_squared_error" } };
    expect(of(old, [])).toEqual(["mean_squared_error", []]);
  });

  it.each([
    ["a loss for each output", { loss: ["mse", "mae"] }, /one loss for one output.*compile: false/],
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

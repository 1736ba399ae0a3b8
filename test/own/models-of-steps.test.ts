import { GradientTape, layers, models, ops, type StepData, type StepLogs, Tensor } from "graft-ml";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

/** Two networks and a step, but no call: as in Keras's guide to GANs. */
class Pair extends models.Model {
  readonly generator = new models.Sequential([layers.Input({ shape: [2] }), new layers.Dense(2)], {
    name: "generator",
  });
  readonly judge = new models.Sequential([layers.Input({ shape: [2] }), new layers.Dense(1)], { name: "judge" });

  override trainStep([x]: StepData): StepLogs {
    const tape = new GradientTape();
    const loss = ops.mean(ops.square(this.judge.apply(this.generator.apply(x, { training: true }))));
    const weights = this.generator.trainableWeights;
    void this.optimizer.apply(tape.gradient(loss, weights), weights);
    return { loss };
  }
}

const x = new Tensor("float32", [1, 2, 3, 4], [2, 2]);

describe("a model with a step and no call", () => {
  it("has the weights of the models in its fields, and saves and loads them", async () => {
    const folder = await mkdtemp(join(tmpdir(), "graft-steps-"));
    const path = join(folder, "pair.weights.h5");
    const model = new Pair();
    model.compile({ optimizer: "sgd" });
    await model.fit(x, { verbose: 0 });
    expect(model.layers.map(({ name }) => name)).toEqual(["generator", "judge"]);
    expect(model.weights).toHaveLength(4);
    await model.saveWeights(path);
    const other = new Pair();
    other.compile({ optimizer: "sgd" });
    await other.loadWeights(path);
    expect(other.getWeights().map(({ data }) => data)).toEqual(model.getWeights().map(({ data }) => data));
    await expect(model.save(join(folder, "pair.keras"))).rejects.toThrow("has no weights yet");
    await rm(folder, { recursive: true });
  });
});

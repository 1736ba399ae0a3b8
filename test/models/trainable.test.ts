import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layers, models, optimizers } from "graft-ml";
import { describe, expect, it } from "vitest";
import { BaseModel } from "../../src/models/base-model.js";
import type { Layer } from "../../src/nn/layer.js";
import type { Variable } from "../../src/nn/variable.js";
import { traceModel } from "../../src/training/programs/trace.js";
import { input } from "../../src/graph/value.js";
import { toTensor } from "../../src/runtime/runtime.js";
import { readGolden } from "../support/golden.js";
import { wave } from "../support/wave.js";

interface Case {
  readonly kind: "Functional" | "Sequential";
  readonly order: readonly (readonly [string, boolean])[];
  readonly trainable: Readonly<Record<string, readonly string[]>>;
  readonly counts: readonly [number, number];
  readonly penalties: number;
  readonly flags: Readonly<Record<string, boolean>>;
  readonly changed: readonly string[];
  readonly loaded: { readonly flags: Readonly<Record<string, boolean>>; readonly trainable: readonly string[] };
}

const { cases } = await readGolden<{ readonly cases: readonly Case[] }>("trainable.json");

/** The network of scripts/golden/trainable.py: an inner model in one in one. */
function build(kind: Case["kind"]): Map<string, Layer> {
  const row = [
    new layers.Dense(3, { name: "a", kernelRegularizer: "l2" }),
    new layers.BatchNormalization({ name: "bn" }),
    new layers.Dense(2, { name: "b", kernelRegularizer: "l2" }),
  ];
  const start = layers.Input({ shape: [4] });
  const inner =
    kind === "Sequential"
      ? new models.Sequential([start, ...row], { name: "inner" })
      : new models.Model({ inputs: start, outputs: row.reduce((x, layer) => layer.apply(x), start), name: "inner" });
  const middle = layers.Input({ shape: [4] });
  const mid = new models.Model({ inputs: middle, outputs: inner.apply(middle), name: "mid" });
  const inputs = layers.Input({ shape: [4] });
  const head = new layers.Dense(1, { name: "head" });
  const model = new models.Model({ inputs, outputs: head.apply(mid.apply(inputs)), name: "model" });
  return new Map([model, mid, inner, ...row].map((layer) => [layer.name, layer]));
}

const ending = (variables: readonly Variable[]): string[] =>
  variables.map(({ path }) => path.split("/").slice(-2).join("/"));

function flags(model: BaseModel): Record<string, boolean> {
  const found: Record<string, boolean> = {};
  for (const layer of model.layers) {
    if (layer instanceof layers.InputLayer) continue;
    found[layer.name] = layer.trainable;
    if (layer instanceof BaseModel) Object.assign(found, flags(layer));
  }
  return found;
}

const count = (variables: readonly Variable[]): number => variables.reduce((sum, { size }) => sum + size, 0);

describe.each(cases)("$kind, set in the order $order", ({ kind, order, ...right }) => {
  function made(): Map<string, Layer> {
    const parts = build(kind);
    for (const [name, flag] of order) {
      const part = parts.get(name);
      if (part !== undefined) part.trainable = flag;
    }
    return parts;
  }

  function outermost(parts: ReadonlyMap<string, Layer>): models.Model {
    const model = parts.get("model");
    if (!(model instanceof models.Model)) throw new Error("there is a model");
    return model;
  }

  it("has Keras's trainable weights, counts, flags and penalties", () => {
    const parts = made();
    const model = outermost(parts);
    for (const [name, expected] of Object.entries(right.trainable)) {
      expect(ending(parts.get(name)?.trainableWeights ?? [])).toEqual(expected);
    }
    expect([count(model.trainableWeights), count(model.nonTrainableWeights)]).toEqual(right.counts);
    expect(flags(model)).toEqual(right.flags);
    const { training, inference } = traceModel(model, [input("x", "float32", ["N", 4])]);
    expect([training.penalties.length, inference.penalties.length]).toEqual([right.penalties, right.penalties]);
  });

  it("trains what Keras trains", async () => {
    const model = outermost(made());
    const before = model.getWeights();
    if (model.trainableWeights.length > 0) {
      model.compile({ optimizer: new optimizers.SGD(0.1, { momentum: 0.9 }), loss: "mse" });
      const x = toTensor(wave([8, 4], 1));
      await model.fit(x, { y: toTensor(wave([8, 1], 2)), epochs: 2, verbose: 0 });
    }
    const changed = model.weights.filter((variable, index) => {
      return String(variable.value.data) !== String(before[index]?.data);
    });
    expect(ending(changed)).toEqual(right.changed);
  });

  it("is loaded from a file with Keras's flags", async () => {
    const folder = await mkdtemp(join(tmpdir(), "graft-trainable-"));
    try {
      const file = join(folder, "model.keras");
      await outermost(made()).save(file);
      const loaded = await models.loadModel(file);
      expect(flags(loaded)).toEqual(right.loaded.flags);
      expect(ending(loaded.trainableWeights)).toEqual(right.loaded.trainable);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

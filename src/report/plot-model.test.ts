import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layers, models, UsageError } from "graft-ml";
import { describe, expect, it } from "vitest";
import { plotModel } from "./plot-model.js";

function branched(): models.Model {
  const inputs = layers.Input({ shape: [null, null, 3], name: "photo" });
  const base = new models.Sequential(
    [layers.Input({ shape: [null, null, 3] }), new layers.Conv2D(4, 3, { name: "conv" })],
    {
      name: "base",
    },
  );
  base.trainable = false;
  const x = base.apply(inputs);
  const sum = new layers.Add({ name: "sum" }).apply([x, new layers.ReLU({ name: "relu" }).apply(x)]);
  const outputs = new layers.Conv2D(2, 1, { name: '<head> & "tail"', activation: "softmax" }).apply(sum);
  return new models.Model({ inputs, outputs, name: "whole" });
}

const nowhere = { toFile: null } as const;

describe("plotModel", () => {
  it("draws a box for each layer and an arrow for each connection", async () => {
    const svg = await plotModel(branched(), { ...nowhere, showLayerNames: true });
    for (const text of ["photo (InputLayer)", "base (Sequential)", "sum (Add)", "relu (ReLU)"])
      expect(svg).toContain(text);
    expect(svg.match(/<polyline/g)).toHaveLength(5);
    expect(svg).not.toMatch(/NaN|undefined/);
  });

  it("says what it is asked to", async () => {
    const svg = await plotModel(branched(), {
      ...nowhere,
      showShapes: true,
      showDtype: true,
      showTrainable: true,
      showLayerActivations: true,
      rankdir: "LR",
    });
    expect(svg).toContain("Input shape: (None, None, None, 4), (None, None, None, 4)");
    expect(svg).toContain("Output shape: (None, None, None, 2)");
    expect(svg).toContain("Output dtype: float32");
    expect(svg).toContain("Activation: softmax");
    expect(svg).toContain(">Trainable<");
    expect(svg).toContain(">Non-trainable<");
    expect(svg).not.toContain("photo");
  });

  it("draws inner models with their layers in a frame", async () => {
    const svg = await plotModel(branched(), { ...nowhere, showLayerNames: true, expandNested: true });
    expect(svg).toContain("conv (Conv2D)");
    expect(svg).not.toContain("base (Sequential)");
    expect(svg).toContain(">base<");
    expect(svg.match(/<polyline/g)).toHaveLength(5);
  });

  it("keeps names of users out of the markup", async () => {
    const svg = await plotModel(branched(), { ...nowhere, showLayerNames: true });
    expect(svg).toContain("&lt;head&gt; &amp; &quot;tail&quot; (Conv2D)");
    expect(svg).not.toContain("<head>");
  });

  it("writes the file", async () => {
    const folder = await mkdtemp(join(tmpdir(), "graft-plot-"));
    try {
      const toFile = join(folder, "model.svg");
      const svg = await plotModel(branched(), { toFile });
      expect(await readFile(toFile, "utf8")).toBe(svg);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("says what it takes", async () => {
    const model = branched();
    await expect(plotModel(model, { toFile: "model.png" })).rejects.toThrow(/SVG.*\.svg.*model\.png/s);
    await expect(plotModel(model, { ...nowhere, dpi: 96 } as never)).rejects.toThrow(/dpi/);
    await expect(plotModel(model, { ...nowhere, rankdir: "up" as never })).rejects.toThrow(/rankdir/);
    await expect(plotModel(new models.Sequential([new layers.Dense(1)]), nowhere)).rejects.toThrow(
      /cannot be drawn yet/,
    );
    await expect(plotModel(3 as never)).rejects.toThrow(UsageError);
  });
});

import { afterEach, describe, expect, test, vi } from "vitest";
import { layers, models } from "graft-ml";
import { preprocessInput, standardizationOf } from "../../src/applications/preprocess.js";
import { rescaled } from "../../src/data/generator/standardize.js";
import { input } from "../../src/graph/value.js";
import type { BatchSource, Standardization } from "../../src/models/sources/batch-source.js";
import { warnOfOtherPreprocessing } from "../../src/training/fit/preprocessing-warning.js";

afterEach(() => {
  vi.restoreAllMocks();
});

/** A model that begins with a network that was trained on BGR minus mean. */
function model(): models.Sequential {
  const base = new models.Sequential([layers.Input({ shape: [8, 8, 3] }), new layers.Conv2D(2, 3)]);
  base.pretrained = {
    network: "Tiny",
    standardization: standardizationOf("caffe"),
    advice: "Use its preprocessInput.",
    cost: "It costs seven per cent.",
  };
  return new models.Sequential([base, new layers.Flatten()]);
}

function source(standardization: Standardization | undefined): BatchSource {
  return {
    samples: 1,
    batchSize: 1,
    reproducible: true,
    graph: [input("x", "float32", ["N", 3, 8, 8])],
    standardization,
    nextBatch: () => ({ keys: [0], labels: undefined, load: () => Promise.resolve({}) }),
    inOrder: () => [],
  };
}

function warnings(): { warn: (line: string) => void; lines: () => string[] } {
  const warn = vi.fn<(line: string) => void>();
  return { warn, lines: () => warn.mock.calls.map(([line]) => line) };
}

describe("a pretrained network that is fed otherwise than it was trained", () => {
  test("is warned of once, with what it costs and what to do", () => {
    const { lines, warn } = warnings();
    const trained = model();
    for (let fit = 0; fit < 2; fit++) warnOfOtherPreprocessing(trained, source(rescaled({}, 1 / 255)), warn);
    expect(lines()).toHaveLength(1);
    expect(lines()[0]).toMatch(/Tiny was trained on.*BGR.*fed with.*RGB.*seven per cent.*preprocessInput/s);
  });

  test.each([
    ["another order of channels", { ...standardizationOf("caffe"), bgr: false }],
    ["another scale", rescaled(preprocessInput("caffe"), 1 / 255)],
    ["another mean", { ...standardizationOf("caffe"), offset: [-120, -120, -120] }],
  ])("is warned of for %s", (_, standardization) => {
    const { lines, warn } = warnings();
    warnOfOtherPreprocessing(model(), source(standardization), warn);
    expect(lines()).toHaveLength(1);
  });

  test.each([
    ["the network's own preprocessing", rescaled(preprocessInput("caffe"))],
    ["a source that does not say", undefined],
  ])("is not warned of for %s", (_, standardization) => {
    const { lines, warn } = warnings();
    warnOfOtherPreprocessing(model(), source(standardization), warn);
    expect(lines()).toEqual([]);
  });
});

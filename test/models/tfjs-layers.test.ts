import "graft-ml";
import type { Tensor } from "graft-ml";
import { describe, expect, it } from "vitest";
import { layersModelOfTfjs } from "../../src/formats/tfjs/layers-model.js";
import { elementCount, float32, type TensorData } from "../../src/onnx/tensor-data.js";
import { fromTensor, toTensor } from "../../src/runtime/runtime.js";
import { readGolden } from "../support/golden.js";
import { type GoldenTensor, relativeError } from "../support/nn-graph.js";
import { wave } from "../support/wave.js";

interface Case {
  readonly name: string;
  readonly topology: unknown;
  readonly weights: readonly { readonly name: string; readonly dims: readonly number[] }[];
  readonly output: GoldenTensor;
}

const { cases } = await readGolden<{ readonly cases: readonly Case[] }>("tfjs-layers.json");

/** The weights that scripts/golden/tfjs_layers.mjs gives. */
function weightsOf({ weights }: Case): ReadonlyMap<string, TensorData> {
  return new Map(
    weights.map(({ name, dims }, key) => {
      const isVariance = name.endsWith("variance");
      return [name, wave(dims, key, isVariance ? 0.4 : 1, isVariance ? 1 : 0)];
    }),
  );
}

function inputOf(name: string, dims: readonly number[], key: number): Tensor {
  const indices = Float32Array.from({ length: elementCount(dims) }, (_, index) => index % 4);
  return toTensor(name === "Embedding" ? float32(indices, dims) : wave(dims, 100 + key));
}

describe("layers of TensorFlow.js", () => {
  it.each(cases.map((one) => [one.name, one] as const))("compute what they compute there: %s", async (name, one) => {
    const model = layersModelOfTfjs(
      { format: "layers-model", topology: one.topology, weights: weightsOf(one) },
      "model.json",
    );
    const inputs = model.inputs.map(({ shape }, key) => inputOf(name, [2, ...shape.slice(1).map(Number)], key));
    const output = await model.predictOnBatch(inputs);
    expect(fromTensor(output).dims).toEqual(one.output.shape);
    expect(relativeError(fromTensor(output), one.output)).toBeLessThan(1e-5);
  });
});

import { describe, expect, it } from "vitest";
import { readGolden } from "../support/golden.js";
import { goldenTensor, type GoldenTensor, RecordingContext, relativeError, runGraph } from "../support/nn-graph.js";
import { gradients } from "../../src/autodiff/gradients.js";
import { modelFromConfig } from "../../src/formats/keras/from-config.js";
import { constant, input, type Value } from "../../src/graph/value.js";
import { float32 } from "../../src/onnx/tensor-data.js";
import { add, mul } from "../../src/ops/elementwise.js";
import { cast } from "../../src/ops/layout.js";
import { reduceSum } from "../../src/ops/reduction.js";
import { toChannelsFirst, toChannelsLast } from "../../src/nn/channels.js";

interface GoldenOperation {
  readonly name: string;
  /** A functional model as Keras writes it. */
  readonly config: { readonly config: { readonly layers: readonly Readonly<Record<string, unknown>>[] } };
  readonly inputs: readonly GoldenTensor[];
  readonly outputs: readonly GoldenTensor[];
  /** Of each input: the product with cos 1.3 i, and the norm. */
  readonly gradients: readonly (readonly [product: number, norm: number] | null)[];
}

const { cases } = await readGolden<{ readonly cases: readonly GoldenOperation[] }>("ops.json");

function floats(value: Value): Value {
  return value.type === "float32" ? value : cast(value, "float32");
}

/** The sum of all outputs times cos 0.7 i. */
function total(outputs: readonly Value[]): Value {
  const parts = outputs.map((output) => {
    const dims = output.shape.map(Number);
    const size = dims.reduce((product, extent) => product * extent, 1);
    const pattern = Float32Array.from({ length: size }, (_, index) => Math.cos(0.7 * index));
    return reduceSum(mul(output, constant(float32(pattern, dims))), undefined, { keepdims: 0 });
  });
  const [first, ...others] = parts;
  if (first === undefined) throw new Error("There is no output.");
  return others.reduce((sum, part) => add(sum, part), first);
}

describe("operations of Keras's files have Keras's values and gradients, and are written as Keras writes them", () => {
  it.each(cases.map((golden) => [golden.name, golden] as const))("%s", async (_, golden) => {
    const model = modelFromConfig(golden.config, "ops.json", 3);
    const feeds = Object.fromEntries(golden.inputs.map((tensor, index) => [`x${index}`, goldenTensor(tensor)]));
    for (const batch of ["N", 2] as const) {
      const inputs = golden.inputs.map(({ shape }, index) => input(`x${index}`, "float32", [batch, ...shape.slice(1)]));
      const results = model.callNamed(inputs.map(toChannelsFirst), new RecordingContext(false));
      const outputs = results.map((value) => floats(toChannelsLast(value)));
      const named = Object.fromEntries(outputs.map((value, index) => [`y${index}`, value]));
      const made = await runGraph(named, feeds);
      golden.outputs.forEach((expected, index) => {
        const actual = made[`y${index}`];
        if (actual === undefined) throw new Error("The graph gave no output.");
        expect(relativeError(actual, expected), `output ${index}`).toBeLessThan(2e-5);
      });
      if (batch === "N" || golden.gradients.every((one) => one === null)) continue;
      const derivatives = gradients(total(outputs), inputs);
      const slopes = await runGraph(Object.fromEntries(derivatives.map((value, at) => [`d${at}`, value])), feeds);
      golden.gradients.forEach((expected, index) => {
        const values = Array.from((slopes[`d${index}`]?.data ?? []) as Float32Array, Number);
        const product = values.reduce((sum, value, place) => sum + value * Math.cos(1.3 * place), 0);
        const norm = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
        const [wantedProduct, wantedNorm] = expected ?? [0, 0];
        const scale = Math.max(1, wantedNorm);
        expect(Math.abs(product - wantedProduct) / scale, "product of the gradient").toBeLessThan(1e-4);
        expect(Math.abs(norm - wantedNorm) / scale, "norm of the gradient").toBeLessThan(1e-4);
      });
    }
    const { layers } = model.getConfig() as unknown as GoldenOperation["config"]["config"];
    const written = layers.map((layer) => JSON.stringify(layer, sorted));
    expect(written).toEqual(golden.config.config.layers.map((layer) => JSON.stringify(layer, sorted)));
  });
});

/** Keys in one order, and without what Keras says of constants only. */
function sorted(_: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

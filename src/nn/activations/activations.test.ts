import { describe, expect, it } from "vitest";
import { readGolden } from "../../../test/support/golden.js";
import { goldenTensor, type GoldenTensor, relativeError, runGraph } from "../../../test/support/nn-graph.js";
import { UsageError } from "../../errors/errors.js";
import { input } from "../../graph/value.js";
import { resolveActivation } from "./resolve-activation.js";

interface GoldenActivations {
  readonly input: GoldenTensor;
  readonly functions: readonly { readonly name: string; readonly output: GoldenTensor }[];
}

const golden = await readGolden<GoldenActivations>("nn-activations.json");

describe("activation functions have Keras's values", () => {
  it.each(golden.functions.map(({ name, output }) => [name, output] as const))("%s", async (name, output) => {
    const x = input("x", "float32", ["N", 12]);
    const y = resolveActivation(name).apply(x);
    const result = await runGraph({ y }, { x: goldenTensor(golden.input) });
    if (result["y"] === undefined) throw new Error("no output");
    // Not relative to the largest: one element is 30 or e^30.
    const scaled = output.data.map((value, index) => {
      const error = Math.abs(value - Number(result["y"]?.data[index]));
      return error / Math.max(1, Math.abs(value));
    });
    expect(result["y"].dims).toEqual(output.shape);
    expect(Math.max(...scaled)).toBeLessThan(1e-5);
    expect(relativeError(result["y"], output)).toBeLessThan(1e-4);
  });

  it("says which names are near a mistyped one", () => {
    const resolve = (): unknown => resolveActivation("rellu");
    expect(resolve).toThrow(UsageError);
    expect(resolve).toThrow(/"relu"/);
  });
});

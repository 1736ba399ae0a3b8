import { describe, expect, it } from "vitest";
import { readGolden } from "../../../test/support/golden.js";
import {
  goldenTensor,
  type GoldenTensor,
  relativeError,
  runGradients,
  runLayer,
} from "../../../test/support/nn-graph.js";
import type { CallArguments, MaskName } from "../symbolic-tensor.js";
import { deserializeLayer } from "./deserialize-layer.js";

interface GoldenLayer {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly training: boolean;
  readonly inputs: readonly GoldenTensor[];
  readonly weights: readonly (GoldenTensor & { readonly name: string })[];
  readonly trainable: readonly string[];
  readonly output: GoldenTensor;
  /** Of inputs and trainable weights: what {@link runGradients} gives. */
  readonly gradients: readonly (readonly [product: number, norm: number])[];
  readonly told?: Readonly<Record<string, boolean>>;
  readonly masks?: Readonly<Partial<Record<MaskName, GoldenTensor>>>;
  readonly after?: readonly (GoldenTensor & { readonly name: string })[];
}

const files = [
  "nn-layers-activations.json",
  "nn-layers-attention.json",
  "nn-layers-convnext.json",
  "nn-layers-convolutional.json",
  "nn-layers-core.json",
  "nn-layers-inception-resnet.json",
  "nn-layers-merging.json",
  "nn-layers-normalization.json",
  "nn-layers-pooling.json",
  "nn-layers-preprocessing.json",
  "nn-layers-regularization.json",
  "nn-layers-reshaping.json",
].map((name) => readGolden<{ readonly cases: readonly GoldenLayer[] }>(name));
const cases = (await Promise.all(files)).flatMap((file) => file.cases);

/** What a layer is told, and the masks behind its inputs. */
function toldOf({ told = {}, masks = {} }: GoldenLayer): CallArguments {
  const names = (["attention_mask", "mask"] as const).filter((name) => masks[name] !== undefined);
  return { useCausalMask: told["use_causal_mask"] === true, ...(names.length === 0 ? {} : { masks: names }) };
}

/** The options of a case that are not Keras's defaults are told apart by the number of the case. */
describe("layers have Keras's weights, outputs, gradients and configuration", () => {
  it.each(cases.map((golden, index) => [`${index} ${golden.class_name}`, golden] as const))("%s", async (_, golden) => {
    const layer = deserializeLayer(golden);
    layer.ensureBuilt(golden.inputs.map(({ shape }) => ["N", ...shape.slice(1)]));
    expect(layer.weights.map(({ name, shape }) => [name, shape])).toEqual(
      golden.weights.map(({ name, shape }) => [name, shape]),
    );
    expect(layer.trainableWeights.map(({ name }) => name)).toEqual(golden.trainable);
    layer.setWeights(golden.weights.map(goldenTensor));

    const { training } = golden;
    const told = toldOf(golden);
    const masks = (told.masks ?? []).flatMap((name) => golden.masks?.[name] ?? []);
    const inputs = [...golden.inputs, ...masks].map(goldenTensor);
    const { output, updates } = await runLayer(layer, inputs, { training, told });
    expect(relativeError(output, golden.output)).toBeLessThan(1e-4);
    for (const { name, ...expected } of golden.after ?? []) {
      const before = layer.weights.find((variable) => variable.name === name)?.value;
      const after = updates[name] ?? before;
      if (after === undefined) throw new Error(`no weight ${name}`);
      expect(relativeError(after, expected)).toBeLessThan(1e-5);
    }
    // TensorFlow cannot differentiate one operator.
    if (golden.config["interpolation"] === "area") return;
    const gradients = await runGradients(layer, inputs, training, told);
    expect(gradients.length).toBe(golden.gradients.length);
    golden.gradients.forEach(([product, norm], index) => {
      const [actualProduct = NaN, actualNorm = NaN] = gradients[index] ?? [];
      expect(Math.abs(actualProduct - product), `gradient ${index}`).toBeLessThan(1e-4 * norm + 1e-5);
      expect(Math.abs(actualNorm - norm), `norm of gradient ${index}`).toBeLessThan(1e-4 * norm + 1e-5);
    });
    expect(JSON.parse(JSON.stringify(layer.getConfig()))).toEqual(golden.config);
  });
});

import { describe, expect, it } from "vitest";
import { readGolden } from "../../../../test/support/golden.js";
import {
  goldenTensor,
  type GoldenTensor,
  RecordingContext,
  relativeError,
  runLayer,
} from "../../../../test/support/nn-graph.js";
import { input } from "../../../graph/value.js";
import { float32, type TensorData } from "../../../onnx/tensor-data.js";
import { Generator } from "../../../random/generator.js";
import type { Layer } from "../../layer.js";
import { deserializeLayer } from "../deserialize-layer.js";
import { AugMix, type AugMixOptions } from "./aug-mix.js";
import type { AugmentationName } from "./augmentation-parts.js";

interface GoldenImageLayer {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly input: GoldenTensor;
  /** What Keras drew, in its order. */
  readonly draws: readonly GoldenTensor[];
  readonly output: GoldenTensor;
  /** `null`: the input. Absent where Keras is mistaken. */
  readonly inference?: GoldenTensor | null;
  readonly chains?: readonly (readonly AugmentationName[])[];
}

const { cases } = await readGolden<{ readonly cases: readonly GoldenImageLayer[] }>("image-layers.json");

/** Pictures in Keras's order as the graph has them. */
function channelsFirst({ dims, data, type }: TensorData<"float32">): TensorData<"float32"> {
  const [n = 1, h = 1, w = 1, c = 1] = dims;
  if (dims.length !== 4) return { dims, data, type };
  const turned = new Float32Array(data.length);
  data.forEach((value, index) => {
    const [channel, x, y, image] = [
      index % c,
      Math.floor(index / c) % w,
      Math.floor(index / (c * w)) % h,
      Math.floor(index / (c * w * h)),
    ];
    turned[((image * c + channel) * h + y) * w + x] = value;
  });
  return float32(turned, [n, c, h, w]);
}

/** `AugMix` with the chains that Keras drew. */
function withChains(chains: readonly (readonly AugmentationName[])[], options: AugMixOptions): Layer {
  class Fixed extends AugMix {
    protected override chooseChains(): readonly (readonly AugmentationName[])[] {
      return chains;
    }
  }
  return new Fixed(options);
}

describe("layers that change pictures give Keras's values for the same random numbers", () => {
  it.each(cases.map((golden, index) => [`${index} ${golden.class_name}`, golden] as const))("%s", async (_, golden) => {
    const layer = deserializeLayer(golden);
    const tensors = [goldenTensor(golden.input)];
    const randoms = golden.draws.map((draw) => channelsFirst(goldenTensor(draw)));
    const ran = golden.chains === undefined ? layer : withChains(golden.chains, { factor: [0, 0.3] });
    const { output } = await runLayer(ran, tensors, { training: true, randoms });
    expect(relativeError(output, golden.output)).toBeLessThan(1e-4);
    if (golden.inference !== undefined) {
      const inference = await runLayer(layer, tensors);
      expect(relativeError(inference.output, golden.inference ?? golden.input)).toBeLessThan(1e-4);
    }
    expect(JSON.parse(JSON.stringify(layer.getConfig()))).toEqual(JSON.parse(JSON.stringify(golden.config)));
  });
});

/** What a layer draws: the shapes, and numbers from the distributions. */
function drawsOf(layer: Layer): readonly { readonly shape: readonly (number | string)[]; readonly sampled: boolean }[] {
  const context = new RecordingContext(true);
  layer.callNamed([input("x", "float32", ["N", 3, 8, 8])], context);
  return context.randoms.map(({ value, distribution }) => ({
    shape: value.shape,
    sampled: typeof distribution === "function",
  }));
}

describe("random numbers", () => {
  it.each(cases.map((golden, index) => [`${index} ${golden.class_name}`, golden] as const))(
    "%s draws as many, of the same shapes",
    (_, golden) => {
      if (golden.chains !== undefined) return;
      const layer = deserializeLayer(golden);
      const [batch, ...size] = golden.input.shape;
      const context = new RecordingContext(true);
      const [height = 1, width = 1, channels = 1] = size;
      layer.callNamed([input("x", "float32", [batch ?? 1, channels, height, width])], context);
      const ours = context.randoms.map(({ value }) =>
        value.shape.reduce<number>((count, dim) => count * Number(dim), 1),
      );
      expect(ours).toEqual(golden.draws.map(({ data }) => data.length));
    },
  );

  it("permutations and weights come from functions that run on the host", () => {
    const draws = drawsOf(deserializeLayer({ class_name: "MixUp", config: {} }));
    expect(draws).toEqual([
      { shape: ["N"], sampled: true },
      { shape: ["N"], sampled: true },
    ]);
    const context = new RecordingContext(true);
    deserializeLayer({ class_name: "CutMix", config: {} }).callNamed([input("x", "float32", ["N", 3, 8, 8])], context);
    for (const { distribution } of context.randoms) {
      if (typeof distribution !== "function") continue;
      const target = new Float32Array(20);
      distribution(new Generator(1), target);
      expect([...target].every((value) => value >= 0 && value < 20)).toBe(true);
    }
  });
});

describe("RandomCrop in inference", () => {
  it("gives the largest part in the middle, resized", async () => {
    const picture = float32(
      Array.from({ length: 24 }, (_, index) => index),
      [1, 4, 6, 1],
    );
    const layer = deserializeLayer({ class_name: "RandomCrop", config: { height: 4, width: 4 } });
    const { output } = await runLayer(layer, [picture]);
    expect([...output.data]).toEqual([1, 2, 3, 4, 7, 8, 9, 10, 13, 14, 15, 16, 19, 20, 21, 22]);
  });
});

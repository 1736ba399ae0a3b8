import { exportClassifier } from "../../src/recipe/export-classifier.js";
import { featureModel } from "../../src/recipe/feature-model.js";
import { createHead, graftHead } from "../../src/recipe/head.js";
import { float32 } from "../../src/onnx/tensor-data.js";
import type { Framing } from "../../src/photos/framing.js";
import { RandomStreams } from "../../src/random/seed.js";
import { pictureSize, residual } from "./residual.js";

/** What sets one such classifier apart. */
export interface FramedClassifierOptions extends Omit<Framing, "size"> {
  /** Another number gives other probabilities. */
  readonly seed?: number;
}

/** A small classifier as `graft train` writes them: framing of photos, a network of Keras's layers with random weights, a head. */
export function framedClassifier({ seed = 1, ...framing }: FramedClassifierOptions = {}): Uint8Array {
  const { features } = residual(true);
  const { model: network, widths } = featureModel(features);
  const width = widths.reduce((sum, one) => sum + one, 0);
  const classes = ["anise", "basil", "chive", "dill"];
  const numbers = (count: number, scale: number): Float32Array =>
    Float32Array.from({ length: count }, (_, index) => scale * Math.sin(index * 7 + seed * 31));
  const head = createHead(
    {
      ...{ kernel: float32(numbers(width * 4, 9), [width, 4]), bias: float32(numbers(4, 0.3), [4]) },
      ...{ mean: new Float32Array(width), deviation: new Float32Array(width).fill(1) },
    },
    new RandomStreams(1),
  );
  const record = {
    ...{ name: "mine", description: "", licence: "MIT", imageSize: pictureSize },
    preprocess: "0-255",
    ...framing,
  } as const;
  return exportClassifier({
    model: graftHead(network, head),
    backbone: { record, imageSize: pictureSize, model: features, stages: [] },
    classes,
    threshold: 0.2,
  });
}

import type { JobParts } from "../../src/jobs/parts.js";
import { float32 } from "../../src/onnx/tensor-data.js";
import { RandomStreams } from "../../src/random/seed.js";
import { featureModel } from "../../src/recipe/feature-model.js";
import { createHead, graftHead } from "../../src/recipe/head.js";

/** A `model.onnx` as `graft train` writes it: a network with five classes on top, whose weights mean nothing. */
export async function pretrainedClassifier(parts: JobParts, network: string): Promise<Uint8Array> {
  const backbone = await parts.loadBackbone({ network, preprocess: "torch" });
  const { model, widths } = featureModel(backbone.model);
  const width = widths.reduce((sum, one) => sum + one, 0);
  const kernel = Float32Array.from({ length: width * 5 }, (_, index) => Math.sin(index));
  const head = createHead(
    {
      ...{ kernel: float32(kernel, [width, 5]), bias: float32([0, 0, 0, 0, 0], [5]) },
      ...{ mean: new Float32Array(width), deviation: new Float32Array(width).fill(1) },
    },
    new RandomStreams(1),
  );
  return parts.exportClassifier({
    ...{ model: graftHead(model, head), backbone, classes: ["a", "b", "c", "d", "e"], threshold: 0 },
  });
}

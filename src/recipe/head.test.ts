import { describe, expect, test } from "vitest";
import { Tensor } from "graft-ml";
import { float32 } from "../onnx/tensor-data.js";
import { RandomStreams } from "../random/seed.js";
import { createHead } from "./head.js";

/** Features whose scales differ a hundredfold; the class decides the sign of the first ones. */
function samples(count: number, width: number): { features: Float32Array; labels: Float32Array } {
  const features = new Float32Array(count * width);
  const labels = Float32Array.from({ length: count }, (_, index) => index % 2);
  for (let index = 0; index < features.length; index++) {
    const [sample, feature] = [Math.floor(index / width), index % width];
    const noise = Math.sin(index * 12.9898) * 0.5;
    const sign = labels[sample] === 1 ? 1 : -1;
    features[index] = (feature < 64 ? sign + noise : noise) * (feature % 2 === 0 ? 0.2 : 20) + 5;
  }
  return { features, labels };
}

describe("createHead", () => {
  test("learns and is evaluated on as many features as large networks have", async () => {
    // 1280 features: more than fit into one page of small constants, which once kept evaluation from finding its inputs.
    const [count, width] = [32, 1280];
    const { features, labels } = samples(count, width);
    const head = createHead(float32(features, [count, width]), 2, new RandomStreams());
    head.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
    const [x, y] = [new Tensor("float32", features, [count, width]), new Tensor("float32", labels, [count])];
    const { history } = await head.fit(x, { y, batchSize: 8, epochs: 12, validationData: [x, y], verbose: 0 });
    expect(history["val_accuracy"]?.at(-1)).toBe(1);
  });

  test("brings features to mean 0 and deviation 1 with the figures of the training samples", () => {
    const head = createHead(float32([1, 10, 3, 30], [2, 2]), 2, new RandomStreams());
    const [mean, variance] = head.getLayer("normalization").getWeights();
    expect(Array.from(mean?.data ?? [])).toEqual([2, 20]);
    expect(Array.from(variance?.data ?? [])).toEqual([1, 100]);
    expect(head.getLayer("normalization").trainable).toBe(false);
  });
});

import { constant, input } from "../../src/graph/value.js";
import { float32 } from "../../src/onnx/tensor-data.js";
import { matmul } from "../../src/ops/matmul.js";
import { createNodeRuntime } from "../../src/runtime/node/runtime.js";
import { toTensor } from "../../src/runtime/runtime.js";
import { createSession } from "../../src/runtime/session.js";
import { milliseconds } from "../clock.js";
import type { Figure, Measured } from "../figures.js";
import { vgg16Classifier } from "../networks/classifier.js";
import { products, stepOperations } from "../operations.js";
import type { Row } from "../row.js";
import { randomBatch } from "./steps.js";

const side = 2048;
const few = { warmUps: 2, count: 7 };

/** A product of two large matrices in the engine, one of them constant, as weights are. */
async function largeProduct(): Promise<Measured> {
  const values = (): Float32Array => Float32Array.from({ length: side * side }, (_, index) => (index % 17) / 17);
  const weights = constant(float32(values(), [side, side]));
  const session = await createSession(createNodeRuntime(), {
    y: matmul(input("x", "float32", [side, side]), weights),
  });
  const feeds = { x: toTensor(float32(values(), [side, side])) };
  const time = await milliseconds(() => session.run(feeds), { warmUps: 5, count: 21 });
  await session.release();
  return time;
}

export const peakRow: Row = {
  name: "peak",
  about: "the engine's largest rate of multiplying, and the share of it that VGG16's forward pass and steps reach",
  async run() {
    const rate = (operations: number, { best }: Measured): number => operations / best / 1e6;
    const large = await largeProduct();
    const peak = rate(2 * side ** 3, large);
    const figures: Figure[] = [
      { what: `peak: matrix product of ${side}³`, unit: "GFLOP/s", values: { Graft: { best: peak } } },
    ];
    const share = (what: string, operations: number, time: Measured): void => {
      const reached = rate(operations, time);
      figures.push(
        { what, unit: "ms", values: { Graft: time } },
        {
          what: `${what}: share of the peak`,
          unit: "%",
          values: { Graft: { best: (100 * reached) / peak } },
          note: `${(operations / 1e9).toFixed(0)} GFLOP of convolutions and dense layers at ${reached.toFixed(0)} GFLOP/s.`,
        },
      );
    };
    const { x, y } = randomBatch(150);
    const batch = x.dims[0] ?? 0;
    for (const [learns, what] of [
      ["block5", "step of block 5 and head"],
      ["", "step of all layers"],
    ] as const) {
      const model = await vgg16Classifier(null, learns);
      const [base, ...head] = model.layers;
      if (base === undefined || !("layers" in base))
        throw new TypeError("The classifier does not begin with a network.");
      const [, ...inner] = base.layers as typeof model.layers;
      const list = products([...inner, ...head], [150, 150, 3]);
      if (learns !== "") {
        const forward = list.reduce((sum, { operations }) => sum + operations, 0);
        share("VGG16 150 forward, batch 20", batch * forward, await milliseconds(() => model.predictOnBatch(x), few));
      }
      share(
        `VGG16 150, ${what}`,
        batch * stepOperations(list),
        await milliseconds(() => model.trainOnBatch(x, y), few),
      );
    }
    return figures;
  },
};

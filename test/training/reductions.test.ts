import { layers, losses, models, optimizers } from "graft-ml";
import { describe, expect, it } from "vitest";
import { resolveLoss } from "../../src/nn/losses/index.js";
import { platform } from "../../src/models/platform.js";
import { toTensor } from "../../src/runtime/runtime.js";
import { readGolden } from "../support/golden.js";
import { goldenTensor, type GoldenTensor, relativeError } from "../support/nn-graph.js";

interface Case {
  readonly reduction: losses.Reduction;
  readonly weights: GoldenTensor | null;
  readonly penalty: string | null;
  readonly loss: number;
  readonly kernel: GoldenTensor;
  readonly tested: number;
}

const golden = await readGolden<{
  readonly x: GoldenTensor;
  readonly y: GoldenTensor;
  readonly cases: readonly Case[];
}>("nn-loss-reductions.json");

describe("reductions of losses train and show what Keras does", () => {
  it.each(golden.cases.map((one) => [one.reduction, one.weights !== null, one.penalty, one] as const))(
    "%s, sample weights %s, penalty %s",
    async (reduction, _, penalty, { weights, loss, kernel, tested }) => {
      const model = new models.Sequential([
        layers.Input({ shape: [2] }),
        new layers.Dense(2, { kernelInitializer: "ones", ...(penalty === null ? {} : { kernelRegularizer: "l2" }) }),
      ]);
      model.compile({
        optimizer: new optimizers.SGD({ learningRate: 0.01 }),
        loss: new losses.MeanSquaredError({ reduction }),
      });
      const [x, y] = [golden.x, golden.y].map((tensor) => toTensor(goldenTensor(tensor)));
      if (x === undefined || y === undefined) throw new Error("no data");
      const options = weights === null ? {} : { sampleWeight: toTensor(goldenTensor(weights)) };
      const trained = await model.trainOnBatch(x, y, options);
      expect(trained["loss"]).toBeCloseTo(loss, 4);
      const [after] = model.getWeights();
      if (after === undefined) throw new Error("no weights");
      expect(relativeError(after, kernel)).toBeLessThan(1e-5);
      expect((await model.testOnBatch(x, y))["loss"]).toBeCloseTo(tested, 3);
      await platform().loops.release(model);
    },
  );

  it("reads Keras's None as none", () => {
    const model = new models.Sequential([layers.Input({ shape: [2] }), new layers.Dense(2)]);
    model.compile({
      optimizer: "sgd",
      loss: resolveLoss({ class_name: "MeanSquaredError", config: { reduction: null } }),
    });
    expect(model.compiled.losses[0]?.loss.reduction).toBe("none");
  });
});

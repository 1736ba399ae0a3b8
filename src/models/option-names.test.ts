import { describe, expect, it } from "vitest";
import { checkMethodOptions } from "./option-names.js";

describe("checkMethodOptions", () => {
  it("takes null for what Keras's scripts write as None: the option is left away", () => {
    const nothing = {
      ...{ y: null, batchSize: null, stepsPerEpoch: null, sampleWeight: null, validationData: null },
      ...{ validationSteps: null, validationBatchSize: null, callbacks: null, classWeight: null },
    };
    expect(checkMethodOptions("fit", { epochs: 2, ...nothing })).toEqual({ epochs: 2 });
    expect(checkMethodOptions("predict", { steps: null, callbacks: null, verbose: 0 })).toEqual({ verbose: 0 });
    expect(checkMethodOptions("compile", { loss: "mse", metrics: null, lossWeights: null })).toEqual({ loss: "mse" });
  });

  it("refuses null where Keras has a number or a switch", () => {
    expect(() => checkMethodOptions("fit", { epochs: null })).toThrow("a whole number from 0");
    expect(() => checkMethodOptions("fit", { shuffle: null })).toThrow("true or false");
    expect(() => checkMethodOptions("fit", { validationSplit: null })).toThrow("a share in [0, 1)");
  });
});

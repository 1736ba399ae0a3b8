import { layers, models, ops, Tensor, utils } from "graft-ml";
import { describe, expect, it } from "vitest";

describe("utils.classWeights", () => {
  // sklearn.utils.class_weight.compute_class_weight("balanced", classes=[0, 1, 2], y=[0, 0, 0, 0, 1, 2, 2])
  const expected = { 0: 7 / 12, 1: 7 / 3, 2: 7 / 6 };
  const labels = [0, 0, 0, 0, 1, 2, 2];
  const rows = labels.map((label) => [0, 1, 2].map((column) => (column === label ? 1 : 0)));

  it.each<[string, utils.Numbers]>([
    ["a list", labels],
    ["a typed array", Uint8Array.from(labels)],
    ["a column", labels.map((label) => [label])],
    ["an array", new Tensor("int32", Int32Array.from(labels), [7])],
    ["an array of 64 bits", new Tensor("int64", BigInt64Array.from(labels.map(BigInt)), [7, 1])],
    ["one-hot rows", rows],
    ["what toCategorical gives", utils.toCategorical(labels)],
    ["another order", [2, 0, 0, 1, 0, 2, 0]],
  ])("are those of scikit-learn: %s", (_, given) => {
    const weights = utils.classWeights(given);
    expect(Object.keys(weights)).toEqual(["0", "1", "2"]);
    for (const [label, weight] of Object.entries(expected)) expect(weights[Number(label)]).toBeCloseTo(weight, 12);
  });

  it("counts only classes that have samples", () => {
    expect(utils.classWeights([0, 0, 5])).toEqual({ 0: 0.75, 5: 1.5 });
    expect(utils.classWeights([[0, 1, 0]])).toEqual({ 1: 1 });
  });

  it.each<[string, unknown, RegExp]>([
    ["no labels", [], /no labels/],
    ["an empty array", new Float32Array(0), /no labels/],
    ["a fraction", [0, 0.5], /0\.5 as number 1/],
    ["a negative number", [0, -1], /-1 as number 1/],
    ["NaN", [Number.NaN], /NaN as number 0/],
    ["names", ["cat", "dog"], /classWeights cannot take this labels/],
    ["a number alone", 3, /shape \[\]/],
    ["shares", [[0.9, 0.1]], /the row \[0\.9, 0\.1\] as number 0/],
    ["several classes a sample", [[1, 1]], /the row \[1, 1\]/],
    ["rows of several lengths", [[0], [0, 1]], /lists of one length/],
    ["pixels", [[[0], [1]]], /shape \[1, 2, 1\]/],
    ["something with labels", { classes: [0, 1] }, /classWeights cannot take this labels/],
    ["nothing", undefined, /classWeights cannot take this labels/],
  ])("refuses %s", (_, given, message) => {
    expect(() => utils.classWeights(given as utils.Numbers)).toThrow(message);
  });

  it("are what fit takes: each class counts alike", async () => {
    const y = [0, 0, 0, 1];
    // A bias alone cannot tell samples apart: it learns the shares of the classes as they count.
    const model = new models.Sequential([
      layers.Input({ shape: [1] }),
      new layers.Dense(2, { activation: "softmax", kernelInitializer: "zeros" }),
    ]);
    model.compile({ optimizer: "sgd", loss: "sparse_categorical_crossentropy" });
    const x = ops.zeros([4, 1]);
    const shares = async (): Promise<number> => Number((await model.predict(x)).data[0]);
    await model.fit(x, y, { epochs: 30, batchSize: 4, verbose: 0, classWeight: utils.classWeights(y) });
    expect(await shares()).toBeCloseTo(0.5, 2);
    await model.fit(x, y, { epochs: 30, batchSize: 4, verbose: 0 });
    expect(await shares()).toBeGreaterThan(0.51);
  });
});

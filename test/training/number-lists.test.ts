import { layers, models, Tensor } from "graft-ml";
import { describe, expect, it } from "vitest";

/* Keras refuses lists of numbers, since it has NumPy's arrays for them; JavaScript has lists and typed arrays. */

const silent = { verbose: 0 } as const;
const x = new Tensor("float32", [1, 2, 3, 4, 5, 6], [3, 2]);
const y = new Tensor("float32", [0, 1, 1], [3]);

function model(outputs = 1): models.Model {
  const inputs = layers.Input({ shape: [2] });
  const dense = (index: number) =>
    new layers.Dense(1, { kernelInitializer: "ones", name: `out${index}` }).apply(inputs);
  const made = new models.Model({ inputs, outputs: Array.from({ length: outputs }, (_, index) => dense(index)) });
  made.compile({ optimizer: "sgd", loss: "mse" });
  return made;
}

describe("numbers of JavaScript", () => {
  it.each([
    ["a list", [0, 1, 1]],
    ["rows", [[0], [1], [1]]],
    ["truth values", [false, true, true]],
    ["Float32Array", new Float32Array([0, 1, 1])],
    ["Float64Array", new Float64Array([0, 1, 1])],
    ["Uint8Array", new Uint8Array([0, 1, 1])],
    ["Int32Array", new Int32Array([0, 1, 1])],
    ["BigInt64Array", new BigInt64Array([0n, 1n, 1n])],
    ["a list of one array", [new Float32Array([0, 1, 1])]],
    ["by name", { out0: [0, 1, 1] }],
  ])("are labels: %s", async (_, labels) => {
    const rows = [
      [1, 2],
      [3, 4],
      [5, 6],
    ];
    const expected = await model().evaluate(x, y, silent);
    expect(await model().evaluate(x, labels, silent)).toEqual(expected);
    expect(await model().evaluate(rows, { y: labels, ...silent })).toEqual(expected);
    expect(await model().testOnBatch(rows, labels)).toEqual(expected);
    expect(await model().trainOnBatch(x, labels)).toEqual(expected);
    const { history } = await model().fit(rows, labels, { ...silent, validationData: [rows, labels], shuffle: false });
    expect(history["loss"]).toEqual([expected["loss"]]);
    expect(history["val_loss"]).toHaveLength(1);
  });

  it("are samples, and weights of samples", async () => {
    const given = model();
    expect((await given.predict([[1, 2]], silent)).dims).toEqual([1, 1]);
    expect((await given.predictOnBatch([[1, 2]])).dims).toEqual([1, 1]);
    const weights = new Tensor("float32", [1, 2, 3], [3]);
    const expected = await given.evaluate(x, y, { sampleWeight: weights, ...silent });
    expect(await given.evaluate(x, y, { sampleWeight: [1, 2, 3], ...silent })).toEqual(expected);
    expect(await given.testOnBatch(x, y, { sampleWeight: new Float32Array([1, 2, 3]) })).toEqual(expected);
  });

  it("are one thing for each of several outputs, as all lists are in Keras", async () => {
    const expected = await model(2).evaluate(x, [y, y], silent);
    const lists = [
      [0, 1, 1],
      [0, 1, 1],
    ];
    expect(await model(2).evaluate(x, lists, silent)).toEqual(expected);
    expect(await model(2).evaluate(x, { out1: [0, 1, 1], out0: y }, silent)).toEqual(expected);
    await expect(model(2).evaluate(x, [0, 1, 1], silent)).rejects.toThrow(/cannot take this/);
  });

  it("are refused where they have no shape", async () => {
    await expect(model().evaluate(x, [[0], [1, 2], [1]], silent)).rejects.toThrow(
      /lists of y are not all of one length/,
    );
    await expect(model().evaluate(x, [0, "a", 1] as never, silent)).rejects.toThrow(/evaluate cannot take this y/);
    await expect(model().evaluate(x, [0, 1], silent)).rejects.toThrow(/not as many samples/);
    await expect(model().predict([1, 2], silent)).rejects.toThrow(/do not fit the model/);
  });

  it("of another shape than those that are trained on validate", async () => {
    const rows = new Tensor("float32", [0, 1, 1], [3, 1]);
    for (const validation of [rows, y, [0, 1, 1]]) {
      const { history } = await model().fit(x, y, { ...silent, validationData: [x, validation] });
      const { history: other } = await model().fit(x, rows, { ...silent, validationData: [x, validation] });
      expect(other["val_loss"]).toEqual(history["val_loss"]);
    }
  });

  it("are options where they are named so", async () => {
    await expect(model().fit(x, { y, validationFreq: [1], validationData: [x, y], ...silent })).resolves.toBeDefined();
  });
});

import type { Tensor } from "graft-ml";
import { layers, models, UsageError } from "graft-ml";
import { describe, expect, it } from "vitest";
import { wave, waveWeights } from "../../test/support/wave.js";
import { input } from "../graph/value.js";
import { relu } from "../ops/activations.js";
import { add } from "../ops/elementwise.js";
import { matmul } from "../ops/matmul.js";
import { float32 } from "../onnx/tensor-data.js";
import { toTensor } from "../runtime/runtime.js";
import { GraphModel } from "./graph-model.js";

function functional(): models.Model {
  const inputs = layers.Input({ shape: [6, 6, 3] });
  let x = new layers.Conv2D(4, 3, { name: "one" }).apply(inputs);
  x = new layers.Conv2D(5, 3, { name: "two" }).apply(x);
  x = new layers.GlobalAveragePooling2D({ name: "pool" }).apply(x);
  const model = new models.Model({ inputs, outputs: new layers.Dense(2, { name: "head" }).apply(x) });
  waveWeights(model);
  return model;
}

const x = toTensor(wave([2, 6, 6, 3], 1));
const data = (tensor: Tensor | undefined): number[] => [...((tensor?.data ?? []) as Float32Array)];

describe("inner outputs", () => {
  it("make models that share layers and weights", async () => {
    const model = functional();
    const features = new models.Model({ inputs: model.input, outputs: model.getLayer("two").output });
    expect(features.outputShape).toEqual(["N", 2, 2, 5]);
    expect(features.getLayer("one")).toBe(model.getLayer("one"));
    const before = await features.predict(x, { verbose: 0 });
    model.getLayer("one").setWeights(
      model
        .getLayer("one")
        .getWeights()
        .map((w) => ({ ...w, data: w.data.map(() => 0) })),
    );
    expect(data(await features.predict(x, { verbose: 0 }))).not.toEqual(data(before));
  });

  it("come together with the model's own, as Grad-CAM wants them", async () => {
    const model = functional();
    const inner = model.getLayer("two").output;
    const both = new models.Model({ inputs: model.input, outputs: [inner, model.output] });
    const [maps, classes] = await both.predict<Tensor[]>(x, { verbose: 0 });
    expect(maps?.dims).toEqual([2, 2, 2, 5]);
    expect(data(classes)).toEqual(data(await model.predict(x, { verbose: 0 })));
    // And from the middle to the end.
    const rest = new models.Model({ inputs: inner, outputs: model.output });
    expect(data(await rest.predict(maps ?? x, { verbose: 0 }))).toEqual(data(classes));
  });

  it("of a Sequential, and of a model inside of one", () => {
    const base = functional();
    const last = new layers.Dense(3, { name: "last" });
    const model = new models.Sequential([base, last], { name: "outer" });
    expect(model.output).toBe(last.output);
    expect(last.input).toBe(model.getLayer("last").input);
    expect(model.layers.at(-1)?.output).toBe(model.output);
    expect([last.inputShape, last.outputShape]).toEqual([
      ["N", 2],
      ["N", 3],
    ]);
    const inner = model.getLayer({ index: 0 });
    expect(inner.output).toBe(base.output);
    expect(() => new models.Model({ inputs: model.input, outputs: base.getLayer("two").output })).toThrow(/not list/);
  });

  it("are those of the first call", () => {
    const dense = new layers.Dense(2, { name: "shared" });
    expect(() => dense.output).toThrow(/"shared" has never been called and thus has no defined output/);
    const first = layers.Input({ shape: [4] });
    const one = dense.apply(first);
    dense.apply(layers.Input({ shape: [4] }));
    expect([dense.input, dense.output]).toEqual([first, one]);
    expect(() => new layers.Concatenate({ name: "joined" }).input).toThrow(UsageError);
    const joined = new layers.Concatenate({ name: "joined" });
    joined.apply([one, first]);
    expect(() => joined.input).toThrow(/"joined" has 2 inputs/);
    expect(() => new models.Sequential([new layers.Dense(1)]).output).toThrow(/not known yet/);
  });

  it("of an imported graph, cut behind the node", async () => {
    const placeholder = input("x", "float32", ["N", 3]);
    const [w1, w2] = [input("w1", "float32", [3, 4]), input("w2", "float32", [4, 2])];
    const hidden = matmul(placeholder, w1);
    const out = add(matmul(relu(hidden), w2), matmul(relu(hidden), w2));
    const producerOf = (value: typeof hidden) => (value.source.kind === "node" ? value.source.node : undefined);
    const [first, second] = [producerOf(hidden), out.source.kind === "node" ? out.source.node : undefined];
    if (first === undefined || second === undefined) throw new Error("both are made by nodes");
    const weight = (name: string, placeholderOf: typeof w1, dims: number[]) => ({
      name,
      placeholder: placeholderOf,
      tensor: float32(wave(dims, 1).data, dims),
      learnable: true,
    });
    const graph = new GraphModel({
      name: "graph",
      inputs: [placeholder],
      outputs: [out],
      nodes: [
        { name: "first", node: first, weights: [weight("w", w1, [3, 4])] },
        { name: "second", node: second, weights: [weight("w", w2, [4, 2])] },
      ],
    });
    const samples = toTensor(wave([5, 3], 2));
    const whole = await graph.predict(samples, { verbose: 0 });
    const model = new models.Model({
      inputs: graph.input,
      outputs: [graph.getLayer("first").output, graph.output],
    });
    const [inner, end] = await model.predict<Tensor[]>(samples, { verbose: 0 });
    expect(inner?.dims).toEqual([5, 4]);
    expect(data(end)).toEqual(data(whole));
    expect(model.weights).toHaveLength(2);
    graph.getLayer("second").trainable = false;
    expect(model.trainableWeights.map(({ path }) => path)).toEqual(["first/w"]);
    expect(graph.getLayer("first").outputShape).toEqual(["N", 4]);
  });
});

describe("getLayer", () => {
  it("takes a name or a place, as Keras does", () => {
    const model = functional();
    expect(model.getLayer({ name: "two" })).toBe(model.getLayer("two"));
    expect(model.getLayer({ index: 2 }).name).toBe("two");
    expect(model.getLayer({ index: -1 }).name).toBe("head");
  });

  it("says what it takes", () => {
    const model = functional();
    expect(() => model.getLayer({ index: 9 })).toThrow(/no layer at 9.*-5 to 4/s);
    expect(() => model.getLayer({})).toThrow(/name or a place/);
    expect(() => model.getLayer({ name: "two", index: 2 })).toThrow(/name or a place/);
    expect(() => model.getLayer(3 as never)).toThrow(/getLayer\(\{ index: 3 \}\)/);
    expect(() => model.getLayer(undefined as never)).toThrow(UsageError);
    expect(() => model.getLayer("tow")).toThrow(/two/);
  });
});

it("a list of layers is a copy", () => {
  const model = functional();
  (model.layers as layers.Layer[]).push(new layers.Dense(1));
  expect(model.layers).toHaveLength(5);
});

describe("Sequential.pop", () => {
  it("removes the last layer; another one follows on what is left", async () => {
    const model = new models.Sequential([
      layers.Input({ shape: [4] }),
      new layers.Dense(3, { name: "kept" }),
      new layers.Activation("relu", { name: "end" }),
    ]);
    model.compile({ optimizer: "sgd", loss: "mse" });
    const samples = toTensor(wave([2, 4], 1));
    await model.predict(samples, { verbose: 0 });
    expect(model.pop().name).toBe("end");
    expect(model.layers.map(({ name }) => name)).toEqual(["kept"]);
    model.add(new layers.Activation("sigmoid"));
    for (const value of data(await model.predict(samples, { verbose: 0 }))) expect(value > 0 && value < 1).toBe(true);
    model.pop();
    model.add(new layers.Dense(7));
    expect(model.outputShape).toEqual(["N", 7]);
    await model.fit(samples, { y: toTensor(wave([2, 7], 1)), verbose: 0 });
  });

  it("of a model without an Input, and of one without layers", () => {
    const model = new models.Sequential([new layers.Dense(3), new layers.Dense(2)]);
    expect(model.pop()).toBeInstanceOf(layers.Dense);
    model.pop();
    expect(() => model.pop()).toThrow(/no layer to remove/);
    const begun = new models.Sequential([layers.Input({ shape: [4] }), new layers.Dense(2)]);
    begun.pop();
    begun.add(new layers.Dense(5));
    expect(begun.outputShape).toEqual(["N", 5]);
  });
});

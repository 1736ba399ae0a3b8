import { describe, expect, it } from "vitest";
import { input } from "../graph/value.js";
import { layers, type SymbolicTensor, Tensor } from "graft-ml";
import type { BaseModel } from "../models/base-model.js";
import { Model } from "../models/model.js";
import { RandomStreams } from "../random/seed.js";
import { modelOfGraph } from "../formats/onnx/model-of-graph.js";
import { inferenceGraph } from "../training/programs/inference-graph.js";
import { featureModel } from "./feature-model.js";

type Block = (x: SymbolicTensor) => SymbolicTensor;

function network(...blocks: readonly Block[]): Model {
  const inputs = layers.Input({ shape: [8, 8, 3] });
  return new Model({ inputs, outputs: blocks.reduce((x, block) => block(x), inputs) });
}

const relu: Block = (x) => new layers.ReLU().apply(x);
const conv =
  (filters: number, activation?: "relu"): Block =>
  (x) =>
    new layers.Conv2D(filters, 1, { activation: activation ?? "linear" }).apply(x);
const batchNorm: Block = (x) => new layers.BatchNormalization().apply(x);

const pool: Block = (x) => new layers.MaxPooling2D(2).apply(new layers.ZeroPadding2D(1).apply(x));
const gate: Block = (x) => new layers.Multiply().apply([x, new layers.Activation("sigmoid").apply(x)]);
const residual =
  (filters: number): Block =>
  (x) =>
    new layers.Add().apply([x, conv(Number(x.shape.at(-1)))(conv(filters, "relu")(x))]);

/** What the model's layer with that number gives. */
function layerOutput(model: Model, number: number): SymbolicTensor {
  const layer = model.layers.filter(({ className }) => className !== "InputLayer")[number];
  if (layer === undefined) throw new RangeError(`There is no layer ${number}.`);
  return layer.output;
}

/** Means of the channels of a map `[N, h, w, c]` over the picture of one row, at length 1. */
function meansAtLength1({ data, dims }: Tensor, row: number): number[] {
  const [, height = 0, width = 0, channels = 0] = dims;
  const places = height * width;
  const means = Array.from({ length: channels }, (_, channel) => {
    let sum = 0;
    for (let place = 0; place < places; place++) sum += Number(data[(row * places + place) * channels + channel]);
    return sum / places;
  });
  const length = Math.hypot(...means);
  return means.map((mean) => mean / length);
}

/** The same network as a graph of operators. */
function asGraph(model: BaseModel): BaseModel {
  const random = new RandomStreams(0);
  const image = input("image", "float32", ["N", 3, 8, 8]);
  for (const weight of model.weights) weight.initialize(random);
  const { outputs } = inferenceGraph(model, [image]);
  return modelOfGraph({ name: "graph", inputs: [image], outputs, names: new Map() });
}

describe("features of a network", () => {
  it.each([
    ["each convolution has its activation", [conv(10), relu, conv(12), relu], [12, 10]],
    ["activations are options of convolutions", [conv(10, "relu"), conv(12, "relu")], [12, 10]],
    [
      "the last convolution but one is linear, with normalizations between",
      [conv(10), batchNorm, relu, conv(4), batchNorm, conv(12), batchNorm, relu],
      [12, 10],
    ],
    ["a block ends in a sum with what came in", [conv(12), relu, residual(3), relu], [12, 12]],
    [
      "what is before the last convolution is not half as wide",
      [conv(10), relu, conv(4), relu, conv(16), relu],
      [16, 10],
    ],
    ["a map is weighed by a gate", [conv(10), gate, conv(12), relu], [12, 10]],
    ["a picture is padded and made smaller", [conv(10), relu, pool, conv(12), relu], [12, 10]],
    ["there is one convolution", [conv(12), relu], [12]],
    ["nothing is activated", [conv(10), conv(12)], [12]],
  ] satisfies [string, Block[], number[]][])("are its last map and the one before where %s", (_, blocks, widths) => {
    const model = network(...blocks);
    expect(featureModel(model).widths).toEqual(widths);
    expect(featureModel(asGraph(model)).widths).toEqual(widths);
  });

  it("are the means of each map, at length 1, of a network in layers and in a graph alike", async () => {
    const model = network(conv(10), relu, conv(12), relu);
    const graph = asGraph(model);
    const pixels = Float32Array.from({ length: 2 * 8 * 8 * 3 }, (_, index) => Math.sin(index));
    const images = new Tensor("float32", pixels, [2, 8, 8, 3]);
    const [of, ofGraph] = [featureModel(model).model, featureModel(graph).model];
    const { data, dims } = await of.predict(images, { verbose: 0 });
    expect(dims).toEqual([2, 22]);
    const last = await model.predict(images, { verbose: 0 });
    const before = await new Model({ inputs: model.inputs, outputs: layerOutput(model, 1) }).predict(images, {
      verbose: 0,
    });
    const expected = [0, 1].flatMap((row) => [last, before].flatMap((map) => meansAtLength1(map, row)));
    expected.forEach((value, place) => {
      expect(Number(data[place])).toBeCloseTo(value, 5);
    });
    const other = await ofGraph.predict(images, { verbose: 0 });
    for (const [place, value] of other.data.entries()) expect(Number(value)).toBeCloseTo(Number(data[place]), 5);
  });

  it("share the layers of the network, so that what these learn is theirs", () => {
    const graph = asGraph(network(conv(10), relu, conv(12), relu));
    expect(new Set(featureModel(graph).model.weights)).toEqual(new Set(graph.weights));
  });

  it("are those that a network gives itself where it gives no map", () => {
    const pooled = network(conv(12, "relu"), (x) => new layers.GlobalAveragePooling2D().apply(x));
    expect(featureModel(pooled).widths).toEqual([12]);
  });
});

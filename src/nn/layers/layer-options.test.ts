import { describe, expect, it } from "vitest";
import { readGolden } from "../../../test/support/golden.js";
import { goldenTensor, type GoldenTensor, relativeError } from "../../../test/support/nn-graph.js";
import { ShapeError, UsageError } from "../../errors/errors.js";
import { BatchNormalization } from "./normalization/batch-normalization.js";
import { Conv2D } from "./convolutional/conv-2d.js";
import { Dense } from "./core/dense.js";
import { deserializeLayer } from "./deserialize-layer.js";
import { Flatten } from "./reshaping/flatten.js";
import { Input } from "./core/input.js";
import { InputLayer } from "./core/input-layer.js";
import { MaxPooling2D } from "./pooling/max-pooling-2d.js";
import { add, concatenate } from "./merging/merging.js";
import { Normalization } from "./preprocessing/normalization.js";

describe("the functional API", () => {
  it("gives shapes in Keras's order and keeps the calls", () => {
    const input = Input({ shape: [8, 6, 3], name: "photo" });
    const convolved = new Conv2D(4, 3, { strides: 2, padding: "same" }).apply(input);
    const flat = new Flatten().apply(convolved);
    expect(input.shape).toEqual(["N", 8, 6, 3]);
    expect(convolved.shape).toEqual(["N", 4, 3, 4]);
    expect(flat.shape).toEqual(["N", 48]);
    expect(flat.call?.().inputs).toEqual([convolved]);
    expect(input.call?.().layer).toBeInstanceOf(InputLayer);
    expect(input.call?.().layer.name).toBe("photo");
  });

  it("has merging functions", () => {
    const [a, b] = [Input({ shape: [4, 4, 2] }), Input({ shape: [4, 4, 2] })];
    expect(add([a, b]).shape).toEqual(["N", 4, 4, 2]);
    expect(concatenate([a, b]).shape).toEqual(["N", 4, 4, 4]);
    expect(concatenate([a, b], { axis: 1 }).call?.().layer.getConfig()).toMatchObject({ axis: 1 });
  });

  it("keeps extents that vary where a layer can", () => {
    const input = Input({ shape: [null, null, 3] });
    expect(new Conv2D(4, 3, { padding: "same" }).apply(input).shape).toEqual(["N", "H", "W", 4]);
    expect(new Conv2D(4, 3, { strides: 2, padding: "same" }).apply(input).shape).toEqual(["N", "S/2", "S/2", 4]);
  });
});

describe("options", () => {
  it("of pooling may begin with the size, as in Keras", () => {
    expect(new MaxPooling2D(3, { strides: 2 }).getConfig()).toMatchObject({ pool_size: [3, 3], strides: [2, 2] });
    expect(new MaxPooling2D({ poolSize: [2, 3] }).getConfig()).toMatchObject({ pool_size: [2, 3], strides: [2, 3] });
    expect(new MaxPooling2D([2, 3]).getConfig()).toMatchObject({ pool_size: [2, 3] });
  });

  it.each<[string, () => unknown, RegExp]>([
    ["no units", () => new Dense(0), /units.*at least 1.*Received: 0/],
    ["half a unit", () => new Dense(1.5), /units/],
    ["an unknown padding", () => new Conv2D(1, 3, { padding: "sane" as "same" }), /"same"/],
    ["a kernel of three extents", () => new Conv2D(1, [1, 2, 3]), /kernelSize/],
    ["strides and dilation", () => new Conv2D(1, 3, { strides: 2, dilationRate: 2 }), /cannot both/],
    [
      "another order of axes",
      () => new Conv2D(1, 3, { dataFormat: "channels_first" as "channels_last" }),
      /channels_last/,
    ],
    ["an unknown activation", () => new Dense(1, { activation: "rellu" as "relu" }), /"relu"/],
    ["a momentum over 1", () => new BatchNormalization({ momentum: 1.1 }), /momentum/],
    ["an input without a shape", () => Input({}), /shape/],
  ])("refuse %s", (_, make, message) => {
    expect(make).toThrow(UsageError);
    expect(make).toThrow(message);
  });

  it("that do not exist are named when the layer is made", () => {
    expect(() => new Conv2D(1, 3, { stride: 2 } as object)).toThrow(/no option "stride".*"strides"/);
  });

  it("that do not exist are named when a file is read, and so are layers", () => {
    expect(() => deserializeLayer({ class_name: "Dense", config: { units: 3, lora_rank: 2 } })).toThrow(/lora_rank/);
    expect(() => deserializeLayer({ class_name: "Conv3D", config: {} })).toThrow(/"Conv2D"/);
    expect(() => deserializeLayer({ class_name: "Dense", config: { units: 3, dtype: "float16" } })).toThrow(/float16/);
  });
});

describe("inputs that do not fit", () => {
  it("are refused with the layer's name and Keras's shape", () => {
    const layer = new Conv2D(1, 3, { name: "first" });
    expect(() => layer.apply(Input({ shape: [5] }))).toThrow(ShapeError);
    expect(() => layer.apply(Input({ shape: [5] }))).toThrow(/\[N, 5\]/);
    expect(() => new Conv2D(3, 3, { groups: 2 }).apply(Input({ shape: [5, 5, 4] }))).toThrow(/divisor/);
  });
});

describe("frozen layers", () => {
  it("have no trainable weights", () => {
    const layer = new BatchNormalization();
    layer.ensureBuilt([["N", 4]]);
    expect(layer.trainableWeights.map(({ name }) => name)).toEqual(["gamma", "beta"]);
    layer.trainable = false;
    expect(layer.trainableWeights).toEqual([]);
    expect(layer.nonTrainableWeights.length).toBe(4);
  });
});

describe("normalization adapts to data as in Keras", async () => {
  const golden = await readGolden<{
    readonly data: readonly GoldenTensor[];
    readonly layers: readonly {
      readonly axis: number | number[] | null;
      readonly mean: GoldenTensor;
      readonly variance: GoldenTensor;
    }[];
  }>("nn-normalization-adapt.json");
  it.each(golden.layers.map((layer) => [JSON.stringify(layer.axis), layer] as const))("axis %s", (_, expected) => {
    const layer = new Normalization({ axis: expected.axis });
    layer.adapt(golden.data.map(goldenTensor));
    const [mean, variance] = layer.weights;
    if (mean === undefined || variance === undefined) throw new Error("no weights");
    expect(relativeError(mean.value, expected.mean)).toBeLessThan(1e-5);
    expect(relativeError(variance.value, expected.variance)).toBeLessThan(1e-5);
  });
});

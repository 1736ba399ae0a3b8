import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { type Group, File as LibraryFile, ready } from "h5wasm";
import { describe, expect, test } from "vitest";
import { elementCount } from "../../onnx/tensor-data.js";
import { withHdf5 } from "./hdf5.js";
import { weightsIn } from "./h5-weights.js";

async function makeHdf5(fill: (file: LibraryFile) => void): Promise<Uint8Array> {
  const { FS } = await ready;
  const file = new LibraryFile("/made-keras.h5", "w");
  fill(file);
  file.close();
  const bytes = FS.readFile("/made-keras.h5").slice();
  FS.unlink("/made-keras.h5");
  return bytes;
}

const layersOf = (bytes: Uint8Array, name: string): Promise<ReturnType<typeof weightsIn>> =>
  withHdf5(bytes, name, weightsIn);

/** A layer's group as Keras writes it: weights `kernel` and `bias` under a sub-group of the layer's name. */
function addDense(parent: Group, name: string, kernel: Float32Array | Float64Array, dims: number[]): void {
  const layer = parent.create_group(name);
  layer.create_attribute("weight_names", [`${name}/kernel:0`, `${name}/bias:0`]);
  const variables = layer.create_group(name);
  variables.create_dataset({ name: "kernel:0", data: kernel, shape: dims });
  variables.create_dataset({ name: "bias:0", data: new Float32Array(dims.at(-1) ?? 0).fill(0.5) });
}

function addWithoutWeights(parent: Group, name: string): void {
  parent.create_group(name).create_attribute("weight_names", new Float64Array(0), [0]);
}

test("a file of weights gives its layers and weights in the order of its attributes, not of its groups", async () => {
  const bytes = await makeHdf5((file) => {
    file.create_attribute("layer_names", ["input_1", "zebra", "ant"]);
    addDense(file, "ant", Float32Array.of(9, 8), [2, 1]);
    addDense(file, "zebra", Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
    addWithoutWeights(file, "input_1");
  });
  const layers = await layersOf(bytes, "w.h5");
  expect(layers.map(({ name, weights }) => [name, weights.map((weight) => weight.name)])).toEqual([
    ["input_1", []],
    ["zebra", ["zebra/kernel:0", "zebra/bias:0"]],
    ["ant", ["ant/kernel:0", "ant/bias:0"]],
  ]);
  expect(layers[1]?.weights[0]?.tensor).toEqual({
    type: "float32",
    dims: [2, 3],
    data: Float32Array.of(1, 2, 3, 4, 5, 6),
  });
});

test("a whole model gives the weights under model_weights, and those of the model itself", async () => {
  const bytes = await makeHdf5((file) => {
    file.create_attribute("model_config", "{}");
    const weights = file.create_group("model_weights");
    weights.create_attribute("layer_names", ["dense"]);
    addDense(weights, "dense", Float64Array.of(0.1, 0.2), [1, 2]);
    const own = weights.create_group("top_level_model_weights");
    own.create_attribute("weight_names", ["scale:0"]);
    own.create_dataset({ name: "scale:0", data: 4, shape: [], dtype: "<f" });
  });
  const layers = await layersOf(bytes, "m.h5");
  expect(layers.map(({ name }) => name)).toEqual(["dense", "top_level_model_weights"]);
  expect(layers[0]?.weights[0]?.tensor.data).toEqual(Float32Array.of(0.1, 0.2));
  expect(layers[1]?.weights[0]?.tensor).toEqual({ type: "float32", dims: [], data: Float32Array.of(4) });
});

test("lists that Keras had to split over several attributes are put together", async () => {
  const names = Array.from({ length: 25 }, (_, i) => `layer_${String(i)}`);
  const bytes = await makeHdf5((file) => {
    for (let chunk = 0; chunk < 3; chunk++) {
      file.create_attribute(`layer_names${String(chunk)}`, names.slice(chunk * 10, (chunk + 1) * 10));
    }
    for (const name of names) addWithoutWeights(file, name);
  });
  const layers = await layersOf(bytes, "w.h5");
  expect(layers.map(({ name }) => name)).toEqual(names);
});

test("Keras 3's .weights.h5 is recognised and refused", async () => {
  const bytes = await makeHdf5((file) => {
    file.create_group("layers").create_group("dense").create_group("vars");
    file.create_group("vars");
  });
  await expect(layersOf(bytes, "head.weights.h5")).rejects.toThrow(
    /head\.weights\.h5 .*Keras 3's \.weights\.h5.*save the whole model/s,
  );
});

test("an HDF5 file of something else is refused with what it holds", async () => {
  const bytes = await makeHdf5((file) => {
    file.create_group("entry");
  });
  await expect(layersOf(bytes, "scan.h5")).rejects.toThrow(/scan\.h5 holds no Keras weights.*with "entry"/s);
});

test("a layer that is listed but missing, and a weight that is listed but missing, are named", async () => {
  const withoutLayer = await makeHdf5((file) => {
    file.create_attribute("layer_names", ["dense"]);
  });
  await expect(layersOf(withoutLayer, "w.h5")).rejects.toThrow(/w\.h5.*group "\/dense".*no such group/s);
  const withoutWeight = await makeHdf5((file) => {
    file.create_attribute("layer_names", ["dense"]);
    file.create_group("dense").create_attribute("weight_names", ["dense/kernel:0"]);
  });
  await expect(layersOf(withoutWeight, "w.h5")).rejects.toThrow(/dataset at "\/dense\/dense\/kernel:0"/);
});

const real = {
  vgg16: "../shared/weights/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
  mobileNet: "../shared/weights/keras-mobilenet_v1_0.25_224.h5",
};

describe.skipIf(!existsSync(real.vgg16))("Keras's own VGG16 file (skipped without ../shared/weights)", () => {
  test("has 13 convolutions of 14,714,688 parameters, block1_conv1 as published", async () => {
    const layers = await layersOf(await readFile(real.vgg16), real.vgg16);
    const convolutions = layers.filter(({ weights }) => weights.length > 0);
    expect(convolutions.map(({ name }) => name)).toEqual([
      ...["block1_conv1", "block1_conv2", "block2_conv1", "block2_conv2"],
      ...[3, 4, 5].flatMap((block) => [1, 2, 3].map((conv) => `block${String(block)}_conv${String(conv)}`)),
    ]);
    const tensors = convolutions.flatMap(({ weights }) => weights.map(({ tensor }) => tensor));
    expect(tensors.reduce((sum, { dims }) => sum + elementCount(dims), 0)).toBe(14_714_688);
    expect(tensors.every(({ data }) => data.every(Number.isFinite))).toBe(true);
    expect(convolutions[0]?.weights.map(({ name, tensor }) => [name, tensor.dims])).toEqual([
      ["block1_conv1_W_1:0", [3, 3, 3, 64]],
      ["block1_conv1_b_1:0", [64]],
    ]);
    expect(convolutions[0]?.weights[0]?.tensor.data[0]).toBeCloseTo(0.42947057, 7);
  });
});

describe.skipIf(!existsSync(real.mobileNet))("Keras's own MobileNet model (skipped without ../shared/weights)", () => {
  test("has 475,544 parameters, with batch normalization in Keras's order", async () => {
    const layers = await layersOf(await readFile(real.mobileNet), real.mobileNet);
    const tensors = layers.flatMap(({ weights }) => weights.map(({ tensor }) => tensor));
    expect(tensors.reduce((sum, { dims }) => sum + elementCount(dims), 0)).toBe(475_544);
    expect(layers.find(({ name }) => name === "conv1_bn")?.weights.map(({ name }) => name)).toEqual([
      "conv1_bn/gamma:0",
      "conv1_bn/beta:0",
      "conv1_bn/moving_mean:0",
      "conv1_bn/moving_variance:0",
    ]);
  });
});

/*
 * Layers of TensorFlow.js, one by one: what its version computes, for test/golden/tfjs-layers.json.
 *
 *   npm install --prefix /tmp/tfjs @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-layers@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0
 *   node scripts/golden/tfjs_layers.mjs /tmp/tfjs
 */
import { createRequire } from "node:module";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const require = createRequire(join(resolve(process.argv[2] ?? "."), "here.js"));
const tf = require("@tensorflow/tfjs-core");
require("@tensorflow/tfjs-backend-cpu");
const { layers, model, input, version_layers: version } = require("@tensorflow/tfjs-layers");

/** As `wave` in _golden.py and in test/support/wave.ts. */
const wave = (dims, key, scale = 1, offset = 0) =>
  Float32Array.from(
    { length: dims.reduce((n, d) => n * d, 1) },
    (_, i) => offset + scale * Math.sin(12.9898 * i + 78.233 * key),
  );

const one = (name, shape, layer) => ({ name, shapes: [shape], call: (xs) => layer.apply(xs[0]) });
const two = (name, shape, other, layer) => ({ name, shapes: [shape, other], call: (xs) => layer.apply(xs) });
const image = [6, 5, 3];

const cases = [
  ...[
    [4, 3],
    [9, 11],
    [6, 5],
    [1, 1],
    [1, 4],
    [12, 10],
  ].flatMap(([height, width]) =>
    ["bilinear", "nearest"].flatMap((interpolation) =>
      [false, true].map((cropToAspectRatio) =>
        one(
          `Resizing ${height}x${width} ${interpolation} ${cropToAspectRatio}`,
          image,
          layers.resizing({ height, width, interpolation, cropToAspectRatio }),
        ),
      ),
    ),
  ),
  one("Resizing default", image, layers.resizing({ height: 4, width: 8 })),
  ...[
    [4, 3],
    [6, 5],
    [5, 4],
    [2, 2],
    [6, 3],
    [1, 1],
    [9, 8],
    [4, 8],
    [6, 4],
  ].map(([height, width]) => one(`CenterCrop ${height}x${width}`, image, layers.centerCrop({ height, width }))),
  one("Rescaling", image, layers.rescaling({ scale: 0.5, offset: -1 })),
  one("UpSampling2D nearest", image, layers.upSampling2d({ size: [2, 3] })),
  one("UpSampling2D bilinear", image, layers.upSampling2d({ size: [2, 3], interpolation: "bilinear" })),
  one("ReLU", image, layers.reLU({})),
  one("ReLU maximum", image, layers.reLU({ maxValue: 0.5 })),
  one("LeakyReLU", image, layers.leakyReLU({})),
  one("LeakyReLU alpha", image, layers.leakyReLU({ alpha: 0.1 })),
  one("PReLU", image, layers.prelu({})),
  one("PReLU shared", image, layers.prelu({ sharedAxes: [1, 2] })),
  one("ELU", image, layers.elu({})),
  one("ThresholdedReLU", image, layers.thresholdedReLU({})),
  one("ThresholdedReLU theta", image, layers.thresholdedReLU({ theta: 0.3 })),
  one("Softmax axis", image, layers.softmax({ axis: -1 })),
  ...[
    "elu",
    "selu",
    "relu",
    "relu6",
    "linear",
    "sigmoid",
    "hardSigmoid",
    "softplus",
    "softsign",
    "tanh",
    "softmax",
    "logSoftmax",
    "gelu",
    "gelu_new",
    "mish",
    "swish",
  ].map((activation) => one(`Activation ${activation}`, [4, 3, 2], layers.activation({ activation }))),
  one("Dense", [7], layers.dense({ units: 4, activation: "hardSigmoid" })),
  one("Dense on images", image, layers.dense({ units: 2, useBias: false })),
  one("Conv2D", image, layers.conv2d({ filters: 4, kernelSize: 3, padding: "same", strides: 2, activation: "relu" })),
  one("Conv2D valid", image, layers.conv2d({ filters: 4, kernelSize: [3, 2], activation: "elu" })),
  one("Conv2D dilated", image, layers.conv2d({ filters: 2, kernelSize: 2, dilationRate: 2 })),
  one("Conv2DTranspose", image, layers.conv2dTranspose({ filters: 2, kernelSize: 3, strides: 2, padding: "same" })),
  one(
    "Conv2DTranspose even",
    image,
    layers.conv2dTranspose({ filters: 2, kernelSize: 4, strides: 2, padding: "same" }),
  ),
  one("Conv2DTranspose valid", image, layers.conv2dTranspose({ filters: 2, kernelSize: 2, strides: 3 })),
  one("Conv2DTranspose narrow", image, layers.conv2dTranspose({ filters: 2, kernelSize: 1, strides: 2 })),
  one("SeparableConv2D", image, layers.separableConv2d({ filters: 4, kernelSize: 3, strides: 2, padding: "same" })),
  one("SeparableConv2D dilated", image, layers.separableConv2d({ filters: 4, kernelSize: 2, dilationRate: 2 })),
  one("DepthwiseConv2D", image, layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: "same" })),
  one("DepthwiseConv2D strides", image, layers.depthwiseConv2d({ kernelSize: 3, strides: 2, activation: "relu6" })),
  one("DepthwiseConv2D dilated", image, layers.depthwiseConv2d({ kernelSize: 2, dilationRate: 2, padding: "same" })),
  one("MaxPooling2D", image, layers.maxPooling2d({ poolSize: 2 })),
  one("MaxPooling2D same", image, layers.maxPooling2d({ poolSize: 3, strides: 2, padding: "same" })),
  one("AveragePooling2D same", image, layers.averagePooling2d({ poolSize: 3, strides: 2, padding: "same" })),
  one("AveragePooling2D", image, layers.averagePooling2d({ poolSize: [2, 3] })),
  one("GlobalAveragePooling2D", image, layers.globalAveragePooling2d({})),
  one("GlobalMaxPooling2D", image, layers.globalMaxPooling2d({})),
  one("BatchNormalization", image, layers.batchNormalization({})),
  one("BatchNormalization plain", image, layers.batchNormalization({ scale: false, center: false, epsilon: 0.1 })),
  one("LayerNormalization", image, layers.layerNormalization({})),
  one("LayerNormalization axes", image, layers.layerNormalization({ axis: [1, 2, 3] })),
  one("Flatten", image, layers.flatten({})),
  one("Reshape", image, layers.reshape({ targetShape: [10, 9] })),
  one("Permute", image, layers.permute({ dims: [3, 1, 2] })),
  one("RepeatVector", [5], layers.repeatVector({ n: 3 })),
  one(
    "ZeroPadding2D",
    image,
    layers.zeroPadding2d({
      padding: [
        [1, 2],
        [0, 3],
      ],
    }),
  ),
  one("ZeroPadding2D default", image, layers.zeroPadding2d({})),
  one(
    "Cropping2D",
    image,
    layers.cropping2D({
      cropping: [
        [1, 2],
        [0, 3],
      ],
    }),
  ),
  one("Dropout", image, layers.dropout({ rate: 0.5 })),
  one("AlphaDropout", image, layers.alphaDropout({ rate: 0.5 })),
  one("GaussianNoise", image, layers.gaussianNoise({ stddev: 0.5 })),
  one("GaussianDropout", image, layers.gaussianDropout({ rate: 0.5 })),
  ...["add", "multiply", "average", "maximum", "minimum"].map((kind) => two(kind, image, image, layers[kind]({}))),
  two("add broadcast", image, [3], layers.add({})),
  two("concatenate", image, image, layers.concatenate({})),
  two("concatenate rows", image, [2, 5, 3], layers.concatenate({ axis: 1 })),
  two("Dot vectors", [4], [4], layers.dot({ axes: 1 })),
  two("Dot normalized", [4], [4], layers.dot({ axes: -1, normalize: true })),
  two("Dot matrices", [3, 4], [5, 4], layers.dot({ axes: 2 })),
  two("Dot matrices crosswise", [3, 4], [4, 5], layers.dot({ axes: [2, 1] })),
  two("Dot matrices first", [3, 4], [3, 5], layers.dot({ axes: [1, 1], normalize: true })),
  two("Dot matrix and vector", [3, 4], [4], layers.dot({ axes: [2, 1] })),
  two("Dot vector and matrix", [4], [3, 4], layers.dot({ axes: [1, 2] })),
  one("Embedding", [5], layers.embedding({ inputDim: 4, outputDim: 3 })),
];

const made = [];
for (const { name, shapes, call } of cases) {
  try {
    const inputs = shapes.map((shape, index) => input({ shape, name: `input_${index}` }));
    const network = model({ inputs, outputs: call(inputs) });
    const topology = network.toJSON(null, false);
    // CenterCrop writes its own size into the shape that its input has.
    shapes.forEach((shape, key) => {
      topology.config.layers[key].config.batch_input_shape = [null, ...shape];
    });
    const weights = network.weights.map((weight, key) => {
      const isVariance = weight.originalName.endsWith("variance");
      weight.write(tf.tensor(wave(weight.shape, key, isVariance ? 0.4 : 1, isVariance ? 1 : 0), weight.shape));
      return { name: weight.originalName, dims: weight.shape };
    });
    const tensors = shapes.map((shape, key) => {
      const dims = [2, ...shape];
      return tf.tensor(name === "Embedding" ? wave(dims, 0).map((_, i) => i % 4) : wave(dims, 100 + key), dims);
    });
    // Version 4.22 cannot compute these inside of a model; alone they do.
    const alone = /^(Resizing|CenterCrop)/.test(name) ? network.layers.at(-1) : undefined;
    const outputs = alone === undefined ? network.predict(tensors) : alone.call(tensors[0], {});
    const values = Array.from(outputs.dataSync(), (x) => Number(x.toPrecision(7)));
    made.push({ name, topology, weights, output: { shape: outputs.shape, data: values } });
  } catch (error) {
    console.log(name, "cannot be made:", error.message);
  }
}
const golden = {
  written: { by: "node scripts/golden/tfjs_layers.mjs", "@tensorflow/tfjs-layers": version },
  cases: made,
};
writeFileSync("test/golden/tfjs-layers.json", `${JSON.stringify(golden)}\n`);
console.log(`${made.length} cases`);

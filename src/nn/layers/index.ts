export * from "./catalogue.js";
export { Input } from "./core/input.js";
export { Lambda, type LambdaFunction, type LambdaOptions } from "./core/lambda.js";
export {
  type InputShape,
  Layer,
  type LayerOptions,
  type OwnCallOptions,
  type OwnWeightOptions,
  UnaryLayer,
} from "../layer.js";
export type { CallContext } from "../context.js";
export type { CallArguments, CallOptions } from "../symbolic-tensor.js";
export { deserializeLayer } from "./deserialize-layer.js";
export { deserialize, serialize } from "./identifiers.js";
export { add, average, concatenate, dot, maximum, minimum, multiply, subtract } from "./merging/merging.js";
// Keras's other names.
export { AveragePooling2D as AvgPool2D } from "./pooling/average-pooling-2d.js";
export { Conv2D as Convolution2D } from "./convolutional/conv-2d.js";
export { Conv2DTranspose as Convolution2DTranspose } from "./convolutional/conv-2d-transpose.js";
export { DepthwiseConv2D as DepthwiseConvolution2D } from "./convolutional/depthwise-conv-2d.js";
export { GlobalAveragePooling2D as GlobalAvgPool2D } from "./pooling/global-average-pooling-2d.js";
export { GlobalMaxPooling2D as GlobalMaxPool2D } from "./pooling/global-max-pooling-2d.js";
export { MaxPooling2D as MaxPool2D } from "./pooling/max-pooling-2d.js";
export { SeparableConv2D as SeparableConvolution2D } from "./convolutional/separable-conv-2d.js";

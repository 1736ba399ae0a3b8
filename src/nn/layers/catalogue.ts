export type { BaseConv2DOptions } from "./convolutional/base-conv-2d.js";
export type { GlobalPooling2DOptions } from "./pooling/base-global-pooling-2d.js";
export type { Margins } from "./reshaping/margins.js";
export type { Pooling2DOptions } from "./pooling/base-pooling-2d.js";
export type { RandomLayerOptions } from "./regularization/base-random.js";
export { Activation } from "./activations/activation.js";
export {
  ActivityRegularization,
  type ActivityRegularizationOptions,
} from "./regularization/activity-regularization.js";
export { AdaptiveAveragePooling2D } from "./pooling/adaptive-average-pooling-2d.js";
export { AdaptiveMaxPooling2D } from "./pooling/adaptive-max-pooling-2d.js";
export type { AdaptivePooling2DOptions } from "./pooling/base-adaptive-pooling-2d.js";
export { Add } from "./merging/add.js";
export { AlphaDropout } from "./regularization/alpha-dropout.js";
export { Average } from "./merging/average.js";
export { AveragePooling2D } from "./pooling/average-pooling-2d.js";
export {
  BatchNormalization,
  type BatchNormalizationOptions,
  type RenormClipping,
} from "./normalization/batch-normalization.js";
export { CenterCrop, type CenterCropOptions } from "./preprocessing/center-crop.js";
export { Concatenate, type ConcatenateOptions } from "./merging/concatenate.js";
export { Conv2D, type Conv2DOptions } from "./convolutional/conv-2d.js";
export { Conv2DTranspose, type Conv2DTransposeOptions } from "./convolutional/conv-2d-transpose.js";
export { CustomScaleLayer } from "./merging/custom-scale-layer.js";
export { Cropping2D, type Cropping2DOptions } from "./reshaping/cropping-2d.js";
export { Dense, type DenseOptions } from "./core/dense.js";
export { DepthwiseConv2D, type DepthwiseConv2DOptions } from "./convolutional/depthwise-conv-2d.js";
export { Dot, type DotOptions } from "./merging/dot.js";
export { Dropout, type DropoutOptions } from "./regularization/dropout.js";
export { ELU, type ELUOptions } from "./activations/elu.js";
export { Embedding, type EmbeddingOptions } from "./core/embedding.js";
export { Flatten, type FlattenOptions } from "./reshaping/flatten.js";
export { GaussianDropout } from "./regularization/gaussian-dropout.js";
export { GaussianNoise } from "./regularization/gaussian-noise.js";
export { GlobalAveragePooling2D } from "./pooling/global-average-pooling-2d.js";
export { GlobalMaxPooling2D } from "./pooling/global-max-pooling-2d.js";
export { GroupNormalization, type GroupNormalizationOptions } from "./normalization/group-normalization.js";
export { InputLayer, type InputOptions } from "./core/input-layer.js";
export { LayerNormalization, type LayerNormalizationOptions } from "./normalization/layer-normalization.js";
export { LayerScale } from "./regularization/layer-scale.js";
export { LeakyReLU, type LeakyReLUOptions } from "./activations/leaky-re-lu.js";
export { MaxPooling2D, type MaxPooling2DOptions } from "./pooling/max-pooling-2d.js";
export { Maximum } from "./merging/maximum.js";
export { Minimum } from "./merging/minimum.js";
export { MultiHeadAttention, type MultiHeadAttentionOptions } from "./attention/multi-head-attention.js";
export { Multiply } from "./merging/multiply.js";
export { Normalization, type NormalizationOptions } from "./preprocessing/normalization.js";
export { PReLU, type PReLUOptions } from "./activations/p-re-lu.js";
export { Permute } from "./reshaping/permute.js";
export { ReLU, type ReLUOptions } from "./activations/re-lu.js";
export { RMSNormalization, type RMSNormalizationOptions } from "./normalization/rms-normalization.js";
export { RepeatVector } from "./reshaping/repeat-vector.js";
export { Rescaling, type RescalingOptions } from "./preprocessing/rescaling.js";
export { Reshape } from "./reshaping/reshape.js";
export { Resizing, type ResizingOptions } from "./preprocessing/resizing.js";
export { SeparableConv2D, type SeparableConv2DOptions } from "./convolutional/separable-conv-2d.js";
export { Softmax, type SoftmaxLayerOptions } from "./activations/softmax.js";
export { SpatialDropout2D, type SpatialDropout2DOptions } from "./regularization/spatial-dropout-2d.js";
export { StochasticDepth } from "./regularization/stochastic-depth.js";
export { Subtract } from "./merging/subtract.js";
export { UnitNormalization, type UnitNormalizationOptions } from "./normalization/unit-normalization.js";
export { UpSampling2D, type UpSampling2DOptions } from "./reshaping/up-sampling-2d.js";
export { ZeroPadding2D, type ZeroPadding2DOptions } from "./reshaping/zero-padding-2d.js";
export { Identity } from "./core/identity.js";
export * from "./preprocessing/index.js";

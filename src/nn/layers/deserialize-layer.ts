import { UsageError } from "../../errors/errors.js";
import { isSerializedObject, type SerializedObject } from "../config.js";
import type { Layer } from "../layer.js";
import { factory, Registry } from "../registry.js";
import { Activation } from "./activations/activation.js";
import { ActivityRegularization } from "./regularization/activity-regularization.js";
import { AdaptiveAveragePooling2D } from "./pooling/adaptive-average-pooling-2d.js";
import { AdaptiveMaxPooling2D } from "./pooling/adaptive-max-pooling-2d.js";
import { AlphaDropout } from "./regularization/alpha-dropout.js";
import { Dot } from "./merging/dot.js";
import { Add } from "./merging/add.js";
import { Average } from "./merging/average.js";
import { AveragePooling2D } from "./pooling/average-pooling-2d.js";
import { BatchNormalization } from "./normalization/batch-normalization.js";
import { CenterCrop } from "./preprocessing/center-crop.js";
import { Concatenate } from "./merging/concatenate.js";
import { Conv2D } from "./convolutional/conv-2d.js";
import { Conv2DTranspose } from "./convolutional/conv-2d-transpose.js";
import { Cropping2D } from "./reshaping/cropping-2d.js";
import { Dense } from "./core/dense.js";
import { DepthwiseConv2D } from "./convolutional/depthwise-conv-2d.js";
import { Dropout } from "./regularization/dropout.js";
import { ELU } from "./activations/elu.js";
import { Flatten } from "./reshaping/flatten.js";
import { GaussianDropout } from "./regularization/gaussian-dropout.js";
import { GaussianNoise } from "./regularization/gaussian-noise.js";
import { GlobalAveragePooling2D } from "./pooling/global-average-pooling-2d.js";
import { GlobalMaxPooling2D } from "./pooling/global-max-pooling-2d.js";
import { GroupNormalization } from "./normalization/group-normalization.js";
import { Identity } from "./core/identity.js";
import { InputLayer } from "./core/input-layer.js";
import { LayerNormalization } from "./normalization/layer-normalization.js";
import { LayerScale } from "./regularization/layer-scale.js";
import { LeakyReLU } from "./activations/leaky-re-lu.js";
import { MaxPooling2D } from "./pooling/max-pooling-2d.js";
import { Maximum } from "./merging/maximum.js";
import { Minimum } from "./merging/minimum.js";
import { MultiHeadAttention } from "./attention/multi-head-attention.js";
import { Multiply } from "./merging/multiply.js";
import { Normalization } from "./preprocessing/normalization.js";
import { PReLU } from "./activations/p-re-lu.js";
import { Permute } from "./reshaping/permute.js";
import { ReLU } from "./activations/re-lu.js";
import { RMSNormalization } from "./normalization/rms-normalization.js";
import { RepeatVector } from "./reshaping/repeat-vector.js";
import { Rescaling } from "./preprocessing/rescaling.js";
import { Reshape } from "./reshaping/reshape.js";
import { Resizing } from "./preprocessing/resizing.js";
import { SeparableConv2D } from "./convolutional/separable-conv-2d.js";
import { Softmax } from "./activations/softmax.js";
import { SpatialDropout2D } from "./regularization/spatial-dropout-2d.js";
import { StochasticDepth } from "./regularization/stochastic-depth.js";
import { Subtract } from "./merging/subtract.js";
import { UnitNormalization } from "./normalization/unit-normalization.js";
import { UpSampling2D } from "./reshaping/up-sampling-2d.js";
import { ZeroPadding2D } from "./reshaping/zero-padding-2d.js";
import * as preprocessing from "./preprocessing/index.js";

const registry = new Registry<Layer>("layer", {
  Activation: factory(Activation, ["activation"]),
  ActivityRegularization: factory(ActivityRegularization),
  AdaptiveAveragePooling2D: factory(AdaptiveAveragePooling2D, ["output_size"]),
  AdaptiveMaxPooling2D: factory(AdaptiveMaxPooling2D, ["output_size"]),
  AlphaDropout: factory(AlphaDropout, ["rate"]),
  Dot: factory(Dot, ["axes"]),
  Add: factory(Add),
  Average: factory(Average),
  AveragePooling2D: factory(AveragePooling2D, ["pool_size"]),
  BatchNormalization: factory(BatchNormalization),
  CenterCrop: factory(CenterCrop, ["height", "width"]),
  Concatenate: factory(Concatenate),
  Conv2D: factory(Conv2D, ["filters", "kernel_size"]),
  Conv2DTranspose: factory(Conv2DTranspose, ["filters", "kernel_size"]),
  Cropping2D: factory(Cropping2D),
  Dense: factory(Dense, ["units"]),
  DepthwiseConv2D: factory(DepthwiseConv2D, ["kernel_size"]),
  Dropout: factory(Dropout, ["rate"]),
  ELU: factory(ELU),
  Flatten: factory(Flatten),
  GaussianDropout: factory(GaussianDropout, ["rate"]),
  GaussianNoise: factory(GaussianNoise, ["stddev"]),
  GlobalAveragePooling2D: factory(GlobalAveragePooling2D),
  GlobalMaxPooling2D: factory(GlobalMaxPooling2D),
  GroupNormalization: factory(GroupNormalization),
  Identity: factory(Identity),
  InputLayer: factory(InputLayer),
  LayerNormalization: factory(LayerNormalization),
  LayerScale: factory(LayerScale, ["init_values", "projection_dim"]),
  LeakyReLU: factory(LeakyReLU),
  MaxPooling2D: factory(MaxPooling2D),
  Maximum: factory(Maximum),
  Minimum: factory(Minimum),
  MultiHeadAttention: factory(MultiHeadAttention, ["num_heads", "key_dim"]),
  Multiply: factory(Multiply),
  Normalization: factory(Normalization),
  PReLU: factory(PReLU),
  Permute: factory(Permute, ["dims"]),
  RMSNormalization: factory(RMSNormalization),
  ReLU: factory(ReLU),
  RepeatVector: factory(RepeatVector, ["n"]),
  Rescaling: factory(Rescaling, ["scale"]),
  Reshape: factory(Reshape, ["target_shape"]),
  Resizing: factory(Resizing, ["height", "width"]),
  SeparableConv2D: factory(SeparableConv2D, ["filters", "kernel_size"]),
  Softmax: factory(Softmax),
  SpatialDropout2D: factory(SpatialDropout2D, ["rate"]),
  StochasticDepth: factory(StochasticDepth, ["drop_path_rate"]),
  Subtract: factory(Subtract),
  UnitNormalization: factory(UnitNormalization),
  UpSampling2D: factory(UpSampling2D),
  ZeroPadding2D: factory(ZeroPadding2D),
  AugMix: factory(preprocessing.AugMix),
  AutoContrast: factory(preprocessing.AutoContrast),
  ContrastLimitedAdaptiveHistogramEqualization: factory(preprocessing.ContrastLimitedAdaptiveHistogramEqualization),
  CutMix: factory(preprocessing.CutMix),
  Equalization: factory(preprocessing.Equalization),
  MixUp: factory(preprocessing.MixUp),
  Pipeline: ({ layers, name }) => {
    const parts = (Array.isArray(layers) ? layers : []).map((layer: unknown) => {
      if (isSerializedObject(layer)) return deserializeLayer(layer);
      throw new UsageError("A layer of a Pipeline is none.", {
        subject: "layers",
        expected: "a class and its configuration",
        received: JSON.stringify(layer),
      });
    });
    return new preprocessing.Pipeline(parts, typeof name === "string" ? { name } : {});
  },
  RandAugment: factory(preprocessing.RandAugment),
  RandomBrightness: factory(preprocessing.RandomBrightness, ["factor"]),
  RandomColorDegeneration: factory(preprocessing.RandomColorDegeneration, ["factor"]),
  RandomColorJitter: factory(preprocessing.RandomColorJitter),
  RandomContrast: factory(preprocessing.RandomContrast, ["factor"]),
  RandomCrop: factory(preprocessing.RandomCrop, ["height", "width"]),
  RandomElasticTransform: factory(preprocessing.RandomElasticTransform),
  RandomErasing: factory(preprocessing.RandomErasing),
  RandomFlip: factory(preprocessing.RandomFlip),
  RandomGaussianBlur: factory(preprocessing.RandomGaussianBlur),
  RandomGrayscale: factory(preprocessing.RandomGrayscale),
  RandomHue: factory(preprocessing.RandomHue, ["factor"]),
  RandomInvert: factory(preprocessing.RandomInvert),
  RandomPerspective: factory(preprocessing.RandomPerspective),
  RandomPosterization: factory(preprocessing.RandomPosterization, ["factor"]),
  RandomRotation: factory(preprocessing.RandomRotation, ["factor"]),
  RandomSaturation: factory(preprocessing.RandomSaturation, ["factor"]),
  RandomSharpness: factory(preprocessing.RandomSharpness, ["factor"]),
  RandomShear: factory(preprocessing.RandomShear),
  RandomTranslation: factory(preprocessing.RandomTranslation, ["height_factor", "width_factor"]),
  RandomZoom: factory(preprocessing.RandomZoom, ["height_factor"]),
  Solarization: factory(preprocessing.Solarization),
});

const policies: readonly unknown[] = ["float32", "mixed_float16", "mixed_bfloat16"];

/** Graft computes in float32; a mixed policy stores float32 too, so its weights fit unchanged. */
function checkPolicy({ class_name: className, config: { dtype } }: SerializedObject): void {
  if (className === "InputLayer") return;
  const policy = isSerializedObject(dtype) ? dtype.config["name"] : dtype;
  if (policy === undefined || policy === null || policies.includes(policy)) return;
  throw new UsageError(`The layer ${className} is not computed in float32.`, {
    subject: "dtype",
    expected: "float32, mixed_float16 or mixed_bfloat16",
    received: JSON.stringify(policy),
  });
}

/**
 * Makes a layer from Keras's configuration; it has no weights yet.
 *
 * @param serialized the class's name and the configuration, as Keras writes them
 * @throws UsageError for a layer or an option that Graft does not have
 */
export function deserializeLayer(serialized: SerializedObject): Layer {
  checkPolicy(serialized);
  // The model reads Keras 2's input shape; the element type of all layers but inputs is float32.
  const left = serialized.class_name === "InputLayer" ? [] : ["batch_input_shape", "dtype"];
  const entries = Object.entries(serialized.config).filter(([key]) => !left.includes(key));
  return registry.create({ ...serialized, config: Object.fromEntries(entries) });
}

/** Names of all classes of layers that {@link deserializeLayer} can make. */
export function layerNames(): string[] {
  return registry.classNames;
}

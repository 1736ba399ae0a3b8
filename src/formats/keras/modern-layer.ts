import { type Config, isSerializedObject } from "../../nn/config.js";
import { without } from "./deserialize-check.js";
import type { Generation } from "./generation.js";
import { isKeras1, keras2OfKeras1, type LayerConfig } from "./keras1-layer.js";
import { readActivations } from "./old-activations.js";

/** Other names of layers: those of TensorFlow 1.13 to 2.x, and synonyms that files have. */
const classNames: Readonly<Record<string, string>> = {
  SyncBatchNormalization: "BatchNormalization",
  ThresholdedReLU: "ReLU",
  Convolution2D: "Conv2D",
  Convolution2DTranspose: "Conv2DTranspose",
  SeparableConvolution2D: "SeparableConv2D",
  DepthwiseConvolution2D: "DepthwiseConv2D",
  AvgPool2D: "AveragePooling2D",
  MaxPool2D: "MaxPooling2D",
  GlobalAvgPool2D: "GlobalAveragePooling2D",
  GlobalMaxPool2D: "GlobalMaxPooling2D",
};

/** Names of layers' options that Keras 3 has renamed. */
const renamed: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  LeakyReLU: { alpha: "negative_slope" },
  ThresholdedReLU: { theta: "threshold" },
};

/** Options that Keras 1 and 2 wrote and that change no number: those of a layer's ancestors that it has no use for. */
const withoutEffect: Readonly<Record<string, readonly string[]>> = {
  BatchNormalization: ["fused", "virtual_batch_size", "adjustment"],
  Conv2D: ["implementation"],
  Conv2DTranspose: ["groups"],
  DepthwiseConv2D: [
    ...["groups", "filters", "rank", "implementation"],
    ...["kernel_initializer", "kernel_regularizer", "kernel_constraint"],
  ],
  Embedding: ["input_length", "sparse", "lora_rank"],
  MultiHeadAttention: ["query_shape", "key_shape", "value_shape", "softmax_robust_masking"],
  RandomBrightness: ["rng_type"],
  RandomContrast: ["rng_type"],
  RandomFlip: ["rng_type"],
  RandomRotation: ["rng_type"],
  RandomTranslation: ["rng_type"],
  RandomZoom: ["rng_type"],
  SeparableConv2D: [
    "groups",
    "rank",
    "implementation",
    "kernel_initializer",
    "kernel_regularizer",
    "kernel_constraint",
  ],
  SpatialDropout2D: ["trainable", "noise_shape"],
};

/** Options that had an effect in Keras 2 unless they have this value. */
const harmless: Readonly<Record<string, unknown>> = {
  groups: 1,
  virtual_batch_size: null,
  adjustment: null,
  sparse: false,
  lora_rank: null,
};

/** `BatchNormalizationV1` → `BatchNormalization`: what TensorFlow 1.13 to 2.0 put behind names of classes. */
function withoutVersion(name: string): string {
  return name.replace(/(?<=[a-z0-9D])V[12]$/, "");
}

/** Objects inside a configuration, too, without versions behind their classes: `{ class_name: "ZerosV2", config }`. */
function withoutVersions(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutVersions);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      key === "class_name" && typeof item === "string" ? withoutVersion(item) : withoutVersions(item),
    ]),
  );
}

/** Options that Keras 3 says otherwise, or has another default for. */
function special(className: string, config: Config): Config {
  if (className === "SyncBatchNormalization") return { ...config, synchronized: true };
  // TensorFlow.js may leave its default out, which is not that of ReLU.
  if (className === "ThresholdedReLU") return { theta: 1, ...config };
  return config;
}

function inputConfig(config: Config): Config {
  const others = without(config, "batch_input_shape", "input_dtype", "type_spec");
  const { batch_input_shape: old, input_dtype: type } = config;
  return {
    ...others,
    batch_shape: others["batch_shape"] ?? old,
    dtype: others["dtype"] ?? type,
  };
}

/** Where an activation function is a layer, that one, too. */
function withActivationLayer(config: Config, generation: Generation, isModern: boolean): Config {
  const { activation } = config;
  if (!isSerializedObject(activation) || typeof activation.config !== "object") return config;
  const layer = { className: activation.class_name, config: activation.config };
  const { className, config: modern } = modernLayer(layer, generation, isModern);
  return { ...config, activation: { ...activation, class_name: className, config: modern } };
}

/**
 * The class and the configuration of a layer of any generation, as Keras 3 writes them: one place for all kinds of files.
 *
 * @param isModern whether the object says its `module`, as those of Keras 3 and of the last Keras 2 do
 * @throws UsageError for what later generations have dropped
 */
export function modernLayer(layer: LayerConfig, generation: Generation, isModern: boolean): LayerConfig {
  const old: LayerConfig =
    generation === 3
      ? layer
      : { className: withoutVersion(layer.className), config: withoutVersions(layer.config) as Config };
  if (old.className === "InputLayer") return { className: old.className, config: inputConfig(old.config) };
  const read = generation < 3 && isKeras1(old) ? keras2OfKeras1(old) : old;
  const className = classNames[read.className] ?? read.className;
  const names = renamed[read.className] ?? {};
  const left = withoutEffect[className] ?? [];
  const entries = Object.entries(special(read.className, read.config)).flatMap(([key, value]): [string, unknown][] => {
    if (left.includes(key) && (!(key in harmless) || value === harmless[key])) return [];
    // Keras 2 wrote a list of axes for batch normalization; its last versions wrote modules too.
    const isOldAxis =
      (!isModern || className === "BatchNormalization") && key === "axis" && Array.isArray(value) && value.length === 1;
    return [[names[key] ?? key, isOldAxis ? value[0] : value]];
  });
  const config = readActivations(Object.fromEntries(entries), generation);
  return { className, config: withActivationLayer(config, generation, isModern) };
}

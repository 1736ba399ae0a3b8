import type { ClassifierNetwork } from "../exportable.js";

/**
 * Which class of Transformers.js runs a network. All of them do the same with it: pixels in, logits out.
 *
 * @see https://huggingface.co/docs/transformers.js/api/models
 */
const architectures: readonly (readonly [beginning: RegExp, type: string, architecture: string])[] = [
  [/^(detector-)?mobilenet_?v?1|^mobilenet$/, "mobilenet_v1", "MobileNetV1ForImageClassification"],
  [/mobilenet_?v2/, "mobilenet_v2", "MobileNetV2ForImageClassification"],
  [/mobilenet_?v3/, "mobilenet_v3", "MobileNetV3ForImageClassification"],
  [/mobilenet_?v4/, "mobilenet_v4", "MobileNetV4ForImageClassification"],
  [/efficientnet/, "efficientnet", "EfficientNetForImageClassification"],
  [/convnext/, "convnext", "ConvNextForImageClassification"],
  [/swin/, "swin", "SwinForImageClassification"],
  [/dinov2/, "dinov2", "Dinov2ForImageClassification"],
  [/deit/, "deit", "DeiTForImageClassification"],
  [/vit/, "vit", "ViTForImageClassification"],
];

/** What stands for networks that it has no name for. */
const anyNetwork = { type: "resnet", architecture: "ResNetForImageClassification" };

/** What `config.json` is made of. */
export interface ModelConfigFacts {
  readonly labels: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  /** The precision that it is loaded with unless a program asks for another. */
  readonly dtype: string;
  /** Side of the pictures. */
  readonly size: number;
}

/** What `config.json` says. */
export function modelConfig({ labels, metadata, dtype, size }: ModelConfigFacts): object {
  const name = metadata["network"] ?? "";
  const known = architectures.find(([pattern]) => pattern.test(name.toLowerCase()));
  const { type, architecture } = known === undefined ? anyNetwork : { type: known[1], architecture: known[2] };
  return {
    architectures: [architecture],
    model_type: type,
    image_size: size,
    num_labels: labels.length,
    id2label: Object.fromEntries(labels.map((label, index) => [index, label])),
    label2id: Object.fromEntries(labels.map((label, index) => [label, index])),
    "transformers.js_config": { dtype },
    graft: { version: metadata["version"], network: name, licence: metadata["licence"] },
  };
}

/** Numbers of filters, as Pillow has them. */
const resample = { bilinear: 2, bicubic: 3 } as const;

/**
 * What `preprocessor_config.json` says.
 *
 * @param resizes whether Transformers.js frames and normalizes photos; else the graph does, and what it does is said all the same
 */
export function preprocessorConfig({ framing, standardization }: ClassifierNetwork, resizes: boolean): object {
  const { size, crop = 1, keepProportions = false, interpolation = "bilinear" } = framing;
  const { bgr, scale, offset } = standardization;
  // Channels are turned round last there, and first here.
  const inOrder = (values: readonly number[]): readonly number[] => (bgr ? [...values].reverse() : values);
  const whole = Math.round(size / crop);
  return {
    image_processor_type: "ViTImageProcessor",
    do_convert_rgb: true,
    do_resize: resizes,
    size: keepProportions ? { shortest_edge: whole } : { height: whole, width: whole },
    resample: resample[interpolation],
    do_center_crop: resizes && (keepProportions || crop !== 1),
    crop_size: { height: size, width: size },
    do_rescale: resizes,
    rescale_factor: 1 / 255,
    do_normalize: resizes,
    image_mean: inOrder(offset.map((summand, channel) => -summand / (scale[channel] ?? 1) / 255)),
    image_std: inOrder(scale.map((factor) => 1 / (255 * factor))),
    do_flip_channel_order: resizes && bgr,
  };
}

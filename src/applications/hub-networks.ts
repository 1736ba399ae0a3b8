import type { NetworkRecord, PublishedAccuracy } from "./backbone.js";
import type { Preprocess } from "./preprocess.js";

/** What differs between the networks of the hub that Graft recommends. */
interface Choice {
  readonly repository: string;
  /** Where it is not the one that is taken anyway. */
  readonly file?: string;
  readonly words: string;
  readonly megabytes: number;
  readonly imageSize?: number;
  readonly preprocess?: Preprocess;
  readonly accuracy?: PublishedAccuracy;
}

const timm = "the timm model card";
const byClassifier = (percent: number, source: string): PublishedAccuracy => ({ percent, by: "classifier", source });

/** From small and fast to large and strong. All are under Apache-2.0, as the cards of the networks say that they are copies of. */
const choices: readonly Choice[] = [
  {
    repository: "onnx-community/mobilenetv3_small_100.lamb_in1k",
    ...{ words: "MobileNetV3 small, the fastest", megabytes: 10, accuracy: byClassifier(67.7, timm) },
  },
  {
    repository: "onnx-community/mobilenetv4_conv_small.e2400_r224_in1k",
    ...{ words: "MobileNetV4 small, fast", megabytes: 15, accuracy: byClassifier(73.8, timm) },
  },
  {
    repository: "Xenova/deit-tiny-distilled-patch16-224",
    ...{ words: "DeiT tiny, a small transformer", megabytes: 24, accuracy: byClassifier(74.5, "arXiv:2012.12877") },
  },
  {
    repository: "onnx-community/mobilenetv4_conv_medium.e500_r256_in1k",
    ...{ words: "MobileNetV4 medium", megabytes: 39, imageSize: 256, accuracy: byClassifier(79.9, timm) },
  },
  {
    repository: "onnx-community/dinov2-small",
    words: "DINOv2 small, learned without labels: strong on photos that are unlike ImageNet's",
    megabytes: 89,
    accuracy: { percent: 81.1, by: "linear", source: "arXiv:2304.07193" },
  },
  {
    repository: "Xenova/deit-small-distilled-patch16-224",
    ...{ words: "DeiT small", megabytes: 90, accuracy: byClassifier(81.2, "arXiv:2012.12877") },
  },
  // The authors of this copy's weights publish no accuracy.
  { repository: "Xenova/resnet-50", words: "ResNet-50 v1.5", megabytes: 102 },
  {
    repository: "Xenova/convnext-tiny-224",
    ...{ words: "ConvNeXt tiny", megabytes: 114, accuracy: byClassifier(82.1, "arXiv:2201.03545") },
  },
  {
    repository: "Xenova/swin-tiny-patch4-window7-224",
    ...{ words: "Swin tiny", megabytes: 116, accuracy: byClassifier(81.3, "arXiv:2103.14030") },
  },
  {
    repository: "onnx-community/dinov2-base",
    words: "DINOv2 base, slow and strong",
    megabytes: 347,
    accuracy: { percent: 84.5, by: "linear", source: "arXiv:2304.07193" },
  },
  {
    repository: "Xenova/vit-base-patch16-224",
    ...{ words: "ViT base, learned from ImageNet-21k", megabytes: 347, preprocess: "tf" },
  },
  {
    repository: "Xenova/siglip-base-patch16-224",
    file: "onnx/vision_model.onnx",
    words: "SigLIP base, learned from photos and their texts on the web: slow and strong",
    ...{ megabytes: 372, preprocess: "tf" },
    accuracy: { percent: 76, by: "zero-shot", source: "the results of OpenCLIP" },
  },
];

/** Networks of the hub that are a good choice, as `graft networks` lists them. All others of the hub can be taken as well. */
export const hubRecords: readonly NetworkRecord[] = choices.map(
  ({ repository, file, words, megabytes, imageSize = 224, preprocess = "torch", accuracy }) => ({
    name: `hf:${repository}${file === undefined ? "" : `:${file}`}`,
    description: `${words}; ${megabytes} MB from the hub`,
    licence: "Apache-2.0",
    imageSize,
    preprocess,
    megabytes,
    accuracy,
  }),
);

export { DenseNet121, DenseNet169, DenseNet201, densenet } from "./densenet.js";
export { imagenetUtils, type ImagenetPreprocessOptions } from "./imagenet-utils.js";
export type { PreprocessInputOptions } from "./preprocess.js";
export { InceptionResNetV2, inceptionResnetV2 } from "./inception-resnet-v2.js";
export { InceptionV3, inceptionV3 } from "./inception-v3.js";
export { NASNetLarge, NASNetMobile, nasnet } from "./nasnet.js";
export {
  ResNet50,
  ResNet50V2,
  ResNet101,
  ResNet101V2,
  ResNet152,
  ResNet152V2,
  resnet,
  resnet50,
  resnetV2,
} from "./resnet.js";
export { VGG16, VGG19, vgg16, vgg19 } from "./vgg.js";
export { Xception, xception } from "./xception.js";
export { fromHub, type FromHubOptions } from "./from-hub.js";
export type { Application } from "./application.js";
export type { ApplicationOptions } from "./application-options.js";
export type { ClassPrediction } from "./decode-predictions.js";
export { MobileNet, mobilenet, type MobileNetOptions } from "./mobilenet.js";
export { MobileNetV2, mobilenetV2, type MobileNetV2Options } from "./mobilenet-v2.js";
export { MobileNetV3Large, MobileNetV3Small, mobilenetV3, type MobileNetV3Options } from "./mobilenet-v3.js";
export {
  EfficientNetB0,
  EfficientNetB1,
  EfficientNetB2,
  EfficientNetB3,
  EfficientNetB4,
  EfficientNetB5,
  EfficientNetB6,
  EfficientNetB7,
  efficientnet,
} from "./efficientnet.js";
export {
  EfficientNetV2B0,
  EfficientNetV2B1,
  EfficientNetV2B2,
  EfficientNetV2B3,
  EfficientNetV2L,
  EfficientNetV2M,
  EfficientNetV2S,
  efficientnetV2,
  type EfficientNetV2Options,
} from "./efficientnet-v2.js";
export {
  ConvNeXtBase,
  ConvNeXtLarge,
  ConvNeXtSmall,
  ConvNeXtTiny,
  ConvNeXtXLarge,
  convnext,
  type ConvNeXtOptions,
} from "./convnext.js";

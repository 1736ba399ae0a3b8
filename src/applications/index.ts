export { DenseNet121, DenseNet169, DenseNet201, densenet } from "./densenet.js";
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
export type { Application } from "./application.js";
export type { ApplicationOptions } from "./application-options.js";
export type { ClassPrediction } from "./decode-predictions.js";

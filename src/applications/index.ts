export { VGG16, vgg16 } from "./vgg16.js";
export type { ApplicationOptions } from "./application-options.js";
export type { ClassPrediction } from "./decode-predictions.js";

export { VGG16, VGG19, vgg16, vgg19 } from "./vgg.js";
export type { Application } from "./application.js";
export type { ApplicationOptions } from "./application-options.js";
export type { ClassPrediction } from "./decode-predictions.js";

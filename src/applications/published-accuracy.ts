import type { PublishedAccuracy } from "./backbone.js";

const table = "https://keras.io/api/applications/";

/** Of Keras's applications, by name: what the page of Keras says of their weights, in %. */
const percents: Readonly<Record<string, number>> = {
  ...{ xception: 79, vgg16: 71.3, vgg19: 71.3 },
  ...{ resnet50: 74.9, resnet50v2: 76, resnet101: 76.4, resnet101v2: 77.2, resnet152: 76.6, resnet152v2: 78 },
  ...{ inceptionv3: 77.9, inceptionresnetv2: 80.3, mobilenet: 70.4 },
  ...{ densenet121: 75, densenet169: 76.2, densenet201: 77.3, nasnetmobile: 74.4, nasnetlarge: 82.5 },
  ...{ efficientnetb0: 77.1, efficientnetb1: 79.1, efficientnetb2: 80.1, efficientnetb3: 81.6 },
  ...{ efficientnetb4: 82.9, efficientnetb5: 83.6, efficientnetb6: 84, efficientnetb7: 84.3 },
  ...{ efficientnetv2b0: 78.7, efficientnetv2b1: 79.8, efficientnetv2b2: 80.5, efficientnetv2b3: 82 },
  ...{ efficientnetv2s: 83.9, efficientnetv2m: 85.3, efficientnetv2l: 85.7 },
  ...{ convnexttiny: 81.3, convnextsmall: 82.3, convnextbase: 85.3, convnextlarge: 86.3, convnextxlarge: 86.7 },
};

/**
 * The accuracy on ImageNet that Keras publishes.
 *
 * @param name of a network, in lower case
 */
export function publishedAccuracy(name: string): PublishedAccuracy | undefined {
  const percent = percents[name];
  return percent === undefined ? undefined : { percent, by: "classifier", source: table };
}

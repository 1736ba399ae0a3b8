import { Tensor } from "graft-ml";
import { milliseconds } from "../clock.js";
import { beside, type Figure, type Measured } from "../figures.js";
import { runKeras } from "../keras.js";
import { pooledClassifier, vgg16Classifier } from "../networks/classifier.js";
import { mobilenetv2 } from "../networks/mobilenetv2.js";
import { resnet50 } from "../networks/resnet50.js";
import type { Row } from "../row.js";

const batchSize = 20;

/** A batch of random pixels in [0, 1) and of labels 0 and 1; the same each time. By default 20 photos. */
export function randomBatch(size: number, photos = batchSize): { readonly x: Tensor; readonly y: Tensor } {
  let state = 1;
  const next = (): number => (state = (state * 48271) % 0x7fffffff) / 0x7fffffff;
  const pixels = Float32Array.from({ length: photos * size * size * 3 }, next);
  const labels = Float32Array.from({ length: photos }, (_, index) => index % 2);
  return {
    x: new Tensor("float32", pixels, [photos, size, size, 3]),
    y: new Tensor("float32", labels, [photos]),
  };
}

/** The steps, under the names that bench/keras/steps.py uses. */
const steps = {
  vgg16_block5: { what: "step: VGG16 150, block 5 and head", size: 150, make: () => vgg16Classifier(null, "block5") },
  vgg16_all: { what: "step: VGG16 150, all layers", size: 150, make: () => vgg16Classifier(null, "") },
  mobilenetv2_all: {
    what: "step: MobileNetV2 160, all layers",
    size: 160,
    make: () => pooledClassifier(mobilenetv2(160), ""),
  },
  resnet50_conv5: {
    what: "step: ResNet50 224, last stage",
    size: 224,
    make: () => pooledClassifier(resnet50(224), "conv5"),
  },
} as const;

export const stepsRow: Row = {
  name: "steps",
  about: "one training step, batch 20, RMSprop: VGG16, MobileNetV2 and ResNet50 with random weights",
  async run({ keras }) {
    const ours: Figure[] = [];
    for (const { what, size, make } of Object.values(steps)) {
      const model = await make();
      const { x, y } = randomBatch(size);
      ours.push({ what, unit: "ms", values: { Graft: await milliseconds(() => model.trainOnBatch(x, y)) } });
    }
    if (!keras) return ours;
    const theirs = runKeras("steps.py", []).map(({ step, time }): Figure => ({
      what: steps[step as keyof typeof steps].what,
      unit: "ms",
      values: { Keras: time as Measured },
    }));
    return beside(ours, theirs);
  },
};

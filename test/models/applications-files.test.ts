import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { applications, type models, utils } from "graft-ml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fromTensor, toTensor } from "../../src/runtime/runtime.js";
import { hashWeights } from "../support/hashed-weights.js";
import { kerasPython, runPython } from "../support/keras-python.js";
import { wave } from "../support/wave.js";

/** One of each family, and the side of its photos. */
const families = [
  ["VGG16", 32],
  ["ResNet50", 64],
  ["ResNet50V2", 64],
  ["DenseNet121", 64],
  ["Xception", 71],
  ["InceptionV3", 75],
  ["InceptionResNetV2", 75],
  ["NASNetMobile", 32],
  ["MobileNet", 32],
  ["MobileNetV2", 32],
  ["MobileNetV3Small", 32],
  ["EfficientNetB0", 32],
  ["EfficientNetV2B0", 32],
  ["ConvNeXtTiny", 32],
] as const;

/** Loads a model, and a file of weights into Keras's own network; what both predict for the same photos. */
const script = `
import json, os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np

folder, name, side = sys.argv[1], sys.argv[2], int(sys.argv[3])
x = np.fromfile(f"{folder}/photos", "float32").reshape(2, side, side, 3)
model = keras.models.load_model(f"{folder}/model.keras")
own = getattr(keras.applications, name)(weights=None, include_top=False, pooling="avg", input_shape=(side, side, 3))
own.load_weights(f"{folder}/weights.weights.h5")
outputs = [np.array(one(x, training=False)).ravel().tolist() for one in (model, own)]
layers = [[type(a).__name__ == type(b).__name__ and a.name == b.name for a, b in zip(model.layers[1:], own.layers[1:])]]
print("RESULT" + json.dumps({"outputs": outputs, "same": len(model.layers) == len(own.layers) and all(layers[0])}))
`;

const python = await kerasPython();
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-applications-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function made(name: string, side: number): Promise<models.Model> {
  utils.clearSession();
  const functions: Readonly<Record<string, unknown>> = applications;
  const make = functions[name] as typeof applications.VGG16;
  return make({ weights: null, includeTop: false, pooling: "avg", inputShape: [side, side, 3] });
}

describe.skipIf(python === undefined)("Keras loads what is saved of", () => {
  it.each(families)("%s, as a model and as weights of its own", { timeout: 240_000 }, async (name, side) => {
    const model = await made(name, side);
    hashWeights(model);
    const photos = wave([2, side, side, 3], 400, 127.5, 127.5);
    await model.save(join(folder, "model.keras"));
    await model.saveWeights(join(folder, "weights.weights.h5"));
    await writeFile(join(folder, "photos"), photos.data);
    const ours = Array.from(fromTensor(await model.predictOnBatch(toTensor(photos))).data as Float32Array);
    const { outputs, same } = (await runPython(python, script, [folder, name, String(side)])) as {
      readonly outputs: readonly (readonly number[])[];
      readonly same: boolean;
    };
    expect(same).toBe(true);
    const greatest = ours.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    for (const theirs of outputs) {
      expect(theirs).toHaveLength(ours.length);
      const error = theirs.reduce((most, value, index) => Math.max(most, Math.abs(value - (ours[index] ?? NaN))), 0);
      expect(error / greatest).toBeLessThan(1e-5);
    }
  });
});

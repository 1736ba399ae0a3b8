import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { UsageError } from "../errors/errors.js";
import { writeKerasWeights } from "../formats/keras/model-file.js";
import type { BaseModel } from "../models/base-model.js";
import { platform } from "../models/platform.js";
import { loadBackbone } from "./load-backbone.js";
import { MobileNet } from "./mobilenet.js";
import { MobileNetV3Small } from "./mobilenet-v3.js";
import { networkRecords } from "./networks.js";
import { VGG16 } from "./vgg.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-backbone-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("loadBackbone", () => {
  test("loads VGG16 with a file of weights where no platform is installed", async () => {
    // Nothing here imports the public entry, which would install one.
    expect(() => platform()).toThrow("There is no engine yet.");
    const original = await VGG16({ weights: null, includeTop: false, inputShape: [32, 32, 3] });
    const weights = join(folder, "vgg16.weights.h5");
    await writeFile(weights, await writeKerasWeights(original));

    const { record, imageSize, model, stages } = await loadBackbone({ network: "VGG16", weights, imageSize: 32 });
    expect(() => platform()).toThrow("There is no engine yet.");
    expect(record).toMatchObject({ name: "vgg16", preprocess: "caffe", licence: "CC-BY-4.0", imageSize: 224 });
    expect([imageSize, stages.at(-1), model.outputShape.slice(1)]).toEqual([32, "block5_conv1", [1, 1, 512]]);
    expect(differing(model, original)).toEqual([]);
  });

  test("says which file of weights cannot be read, and which would do", async () => {
    const weights = join(folder, "nowhere.h5");
    await expect(loadBackbone({ network: "vgg16", weights, imageSize: 32 })).rejects.toThrow(
      /nowhere\.h5 cannot be read.*no such file.*\.weights\.h5/s,
    );
  });

  test.each([
    [
      { network: "vgg17" },
      /There is no network "vgg17".*`graft networks` lists, hf:owner\/name, or the path.*"vgg16"/s,
    ],
    [{ network: "mobilenetv2", weights: "my.h5" }, /"mobilenetv2" brings its own weights.*my\.h5.*name the file/s],
    [{ network: "my.onnx", weights: "my.h5" }, /A network in a file brings its own weights.*my\.h5/s],
    [{ network: "vgg16", imageSize: 31 }, /a whole number of pixels, 32 or more.*31/s],
  ])("refuses %o", async (options, message) => {
    await expect(loadBackbone(options)).rejects.toThrow(UsageError);
    await expect(loadBackbone(options)).rejects.toThrow(message);
  });
});

/** The weights that are not those of another model. */
function differing(model: BaseModel, other: BaseModel): string[] {
  return model.weights.flatMap(({ path, value }, index) =>
    Buffer.compare(bytesOf(value.data), bytesOf(other.weights[index]?.value.data)) === 0 ? [] : [path],
  );
}

function bytesOf(data: ArrayBufferView | undefined): Uint8Array {
  return data === undefined ? new Uint8Array() : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

test("networks are listed with the size of what they are downloaded from", () => {
  expect(networkRecords().slice(0, 2)).toEqual([
    {
      name: "mobilenetv2",
      description: "MobileNetV2 1.0 from an object detector (COCO), small and fast; 17 MB through the npm registry",
      licence: "Apache-2.0",
      imageSize: 224,
      preprocess: "tf",
      megabytes: 17,
      accuracy: undefined,
    },
    {
      name: "vgg16",
      description: "VGG16 trained on ImageNet, large and slow; 59 MB from Keras's server, or a file of your own",
      licence: "CC-BY-4.0",
      imageSize: 224,
      preprocess: "caffe",
      megabytes: 59,
      accuracy: { percent: 71.3, by: "classifier", source: "https://keras.io/api/applications/" },
    },
  ]);
});

// One whose pixels go in as they are, and one whose do not.
test.each([
  ["mobilenetv3small", MobileNetV3Small, "0-255", "expanded_conv_8_expand", [1, 1, 576]],
  ["mobilenet", MobileNet, "tf", "conv_pad_12", [1, 1, 1024]],
] as const)("%s takes a file of weights of one's own", async (network, make, preprocess, stage, shape) => {
  const original = await make({ weights: null, includeTop: false, inputShape: [32, 32, 3] });
  const weights = join(folder, `${network}.weights.h5`);
  await writeFile(weights, await writeKerasWeights(original));
  const { record, model, stages } = await loadBackbone({ network, weights, imageSize: 32 });
  expect(record.preprocess).toBe(preprocess);
  expect(stages.at(-1)).toBe(stage);
  expect(model.outputShape.slice(1)).toEqual(shape);
  expect(differing(model, original)).toEqual([]);
});

import { describe, expect, it } from "vitest";
import { clearSession } from "../nn/names.js";
import * as applications from "./index.js";
import { networks } from "./networks.js";
import { stagesAfter, stagesNamed } from "./stages.js";

async function made(name: string) {
  clearSession();
  const functions: Readonly<Record<string, unknown>> = applications;
  const model = await (functions[name] as typeof applications.VGG16)({
    ...{ weights: null, includeTop: false, inputShape: [96, 96, 3] },
  });
  // `mobilenetv2` is the name of an object detector's.
  const row = name === "MobileNetV2" ? "mobilenetv2-imagenet" : name.toLowerCase();
  const stages = networks.find(({ record }) => record.name === row)?.stages(model) ?? [];
  return { layers: model.layers.filter(({ weights }) => weights.length > 0), all: model.layers, stages, model };
}

/** Of each network: the layers with weights that its last stage is made of, by the architecture. */
const lastStages = [
  ["VGG16", /^block5_/],
  ["VGG19", /^block5_/],
  ["ResNet50", /^conv5_/],
  ["ResNet50V2", /^(conv5|post)_/],
  ["DenseNet121", /^(conv5_.*|bn)$/],
  // The exit flow; its shortcut has automatic names.
  ["Xception", /^(block1[34]_.*|conv2d_3|batch_normalization_3)$/],
  ["NASNetMobile", /_(reduce_8|9|10|11|12)$/],
  ["NASNetLarge", /_(reduce_12|13|14|15|16|17|18)$/],
  ["MobileNet", /^conv_(dw|pw)_1[23](_bn)?$/],
  ["MobileNetV2", /^(block_1[3-6]_|Conv_1)/],
  ["MobileNetV3Small", /^(expanded_conv_(8|9|10)_|conv_1)/],
  ["MobileNetV3Large", /^(expanded_conv_1[234]_|conv_1)/],
  ["EfficientNetB0", /^(block[67]|top_)/],
  ["EfficientNetB7", /^(block[67]|top_)/],
  ["EfficientNetV2B0", /^(block6|top_)/],
  ["EfficientNetV2L", /^(block[67]|top_)/],
  // The last normalization has an automatic name.
  ["ConvNeXtTiny", /^(convnext_tiny_(downsampling_block_2|stage_3_.*)|layer_normalization)$/],
  ["ConvNeXtXLarge", /^(convnext_xlarge_(downsampling_block_2|stage_3_.*)|layer_normalization)$/],
] as const;

describe("the last stage", () => {
  it.each(lastStages)("of %s is what its architecture says", { timeout: 60_000 }, async (name, pattern) => {
    const { layers, all, stages } = await made(name);
    const start = all.findIndex((layer) => layer.name === stages.at(-1));
    const last = new Set(all.slice(start));
    expect(layers.filter((layer) => pattern.test(layer.name) !== last.has(layer)).map((layer) => layer.name)).toEqual(
      [],
    );
    expect(start).toBeGreaterThan(0);
  });

  // Their layers have automatic names: the convolutions of the reduction and the blocks behind it are counted.
  it.each([
    ["InceptionV3", 6 + 2 * 9],
    ["InceptionResNetV2", 7 + 10 * 5 + 1],
  ] as const)("of %s is a reduction and the blocks behind it", { timeout: 60_000 }, async (name, convolutions) => {
    const { all, stages } = await made(name);
    const last = all.slice(all.findIndex((layer) => layer.name === stages.at(-1)));
    expect(last.filter(({ className }) => className === "Conv2D")).toHaveLength(convolutions);
  });
});

it("rules find the layers with which stages begin", async () => {
  const { model } = await made("VGG16");
  expect(stagesNamed(/^(block[34])_/)(model)).toEqual(["block3_conv1", "block4_conv1"]);
  expect(stagesAfter("block3_pool", "block4_pool", "nowhere")(model)).toEqual(["block4_conv1", "block5_conv1"]);
});

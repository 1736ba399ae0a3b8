import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { difference, measure, outputOf, pictures, readExpected, readZoo } from "../support/onnx-zoo.js";
import { withoutClassifier } from "../../src/applications/without-classifier.js";
import { importOnnx } from "../../src/formats/onnx/import-model.js";

/*
 * Networks as PyTorch's two exporters write them, with what PyTorch gives for them: scripts/golden/onnx_zoo.py. Small ones are here; those
 * as they are published are looked for in the folder that GRAFT_ONNX_ZOO names, and skipped without it.
 */

const folder = join(import.meta.dirname, "onnx-zoo");

/** Of a network: where its last stage begins, what it is cut to, and how many of PyTorch's parameters are trained, its classifier among them. */
interface Row {
  readonly stage: string;
  readonly features: number;
  /** Weights that PyTorch does not have, which the exporter computed. */
  readonly computed?: number;
  /** Features of timm are those before the last normalization, or behind a hidden layer. */
  readonly otherFeatures?: true;
}

const zoo: Readonly<Record<string, Row>> = {
  "vit-fixed": { stage: "/blocks/blocks.2/norm1/Mul", features: 16 },
  "vit-new": { stage: "blocks.2.norm1", features: 16 },
  "dinov2-old": { stage: "/blocks/blocks.2/norm1/LayerNormalization", features: 16 },
  "siglip-new": { stage: "blocks.2.norm1", features: 16 },
  // Two tables of positions, out of which the exporter took rows.
  "swin-new": { stage: "layers.1.downsample.norm", features: 16, computed: 2 },
  "cait-new": { stage: "blocks_token_only.1.norm1", features: 8 },
  "xcit-old": { stage: "/cls_attn_blocks.1/norm1/LayerNormalization", features: 8 },
  "mixer-fixed": { stage: "/blocks/blocks.2/norm1/Mul", features: 16 },
  // The last stage has one place.
  "levit-new": {
    stage: "stages.1.downsample.attn_downsample.q.ln.linear",
    features: 16,
    computed: 2,
    otherFeatures: true,
  },
  "convnext-fixed": { stage: "/stages/stages.3/downsample/downsample.0/Mul", features: 16 },
  "convnext-new": { stage: "stages.3.downsample.0", features: 16 },
  "densenet-old": { stage: "/features/denseblock4/denselayer1/norm1/BatchNormalization", features: 16 },
  "densenet-new": { stage: "features.denseblock4.denselayer1.norm1", features: 16 },
  "resnet-fixed": { stage: "/layer4/layer4.0/conv1/Conv", features: 8 },
  // Two tables of positions, out of which the exporter took rows.
  "mvitv2-old": { stage: "/stages.1/blocks.0/norm1/LayerNormalization", features: 16, computed: 2 },
  "sequencer-fixed": { stage: "/stages/stages.1/downsample/down/Conv", features: 16 },
  "same-pad-old": { stage: "/blocks/blocks.2/blocks.2.0/conv_pw/Conv", features: 16, otherFeatures: true },
  "same-pad-new": { stage: "blocks.2.0.conv_pw", features: 16, otherFeatures: true },
};

describe("a small network of PyTorch", () => {
  it.each(Object.entries(zoo))("%s is read, equal, cut, staged and trained as in PyTorch", async (name, row) => {
    const found = await measure(join(folder, `${name}.onnx`));
    expect(found.error).toBeLessThan(1e-5);
    expect(found.features.at(-1)).toBe(row.features);
    if (row.otherFeatures !== true) expect(Math.min(...Object.values(found.cut))).toBeLessThan(1e-5);
    expect(found.stages.at(-1)).toBe(row.stage);
    expect(found.unknown).toHaveLength(row.computed ?? 0);
    expect(found.missed.filter((one) => !/relative_position_bias_table|rel_pos_[hw]/.test(one))).toEqual([]);
    expect(found.gradient).toBeLessThan(1e-3);
    expect(found.losses.at(-1)).toBeLessThan(found.losses[0] ?? NaN);
  });
});

/** Networks of others: where their last stages begin, and how many layers these have of how many. */
const shared: Readonly<Record<string, readonly [stage: string, layers: number, all: number]>> = {
  "efficientnet-lite0-imagenet-notop.onnx": ["/_blocks.11/_expand_conv/Conv", 32, 98],
  "mobilenetv2-batchnorm-imagenet-notop.onnx": ["mobilenetv20_features_linearbottleneck13_conv0", 26, 106],
  "mobilenetv2-imagenet-notop.onnx": ["features.14.expand", 13, 52],
  // The last four fire modules, behind the last pooling but the global one.
  "squeezenet1.0-fp16.onnx": ["fire6/squeeze1x1_1", 12, 25],
  // Nodes are counted: the fourth dense block, Inception's 5a and 5b, conv5_x, the last three convolutions and the one before.
  "light-onnx/light_densenet121.onnx": ["n654", 135, 483],
  "light-onnx/light_inception_v1.onnx": ["n110", 12, 57],
  "light-onnx/light_resnet50.onnx": ["n140", 20, 106],
  "light-onnx/light_squeezenet.onnx": ["n33", 12, 25],
  "light-onnx/light_vgg19.onnx": ["n28", 4, 16],
};
const weights = join(import.meta.dirname, "..", "..", "..", "shared", "weights");

describe.skipIf(!existsSync(weights))("a network of others (skipped where there is no ../shared/weights)", () => {
  it.each(Object.entries(shared))("%s is cut, and its last stage is whole", (name, [stage, count, all]) => {
    const path = join(weights, name);
    const { layers, stages } = withoutClassifier(readZoo(path), { name: "base", file: path });
    const start = layers.findIndex((layer) => layer.name === stage);
    expect([stages.at(-1), layers.length - start, layers.length]).toEqual([stage, count, all]);
  });
});

const whole = process.env["GRAFT_ONNX_ZOO"] ?? "";
const files =
  whole !== "" && existsSync(whole)
    ? readdirSync(whole).flatMap((name) => (name.endsWith(".onnx") ? [join(whole, name)] : []))
    : [];

describe.skipIf(files.length === 0)(
  "a network as it is published (skipped where GRAFT_ONNX_ZOO names no folder)",
  () => {
    it.each(files.length > 0 ? files : ["no folder of a zoo"])("%s gives PyTorch's numbers", async (path) => {
      const { side, values } = readExpected(path);
      const output = await outputOf(importOnnx(readZoo(path), { file: path }), pictures(side));
      expect(difference(output.data as Float32Array, values)).toBeLessThan(1e-5);
    });
  },
);

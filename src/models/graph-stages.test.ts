import { describe, expect, test } from "vitest";
import { constant, input, Node, type Value } from "../graph/value.js";
import { float32 } from "../onnx/tensor-data.js";
import { type StagedLayer, stagesOf } from "./graph-stages.js";

/** A layer that computes at `side²` places: a convolution of maps, or a product over tokens. */
interface Drawn {
  readonly name: string;
  readonly side: number;
  readonly kernel?: number;
  readonly tokens?: boolean;
}

/** Layers in a row; what their blocks do beside that is of no interest where names say what they are. */
function stages(drawn: readonly Drawn[]): readonly string[] {
  let value: Value = input("image", "float32", ["N", 3, 224, 224]);
  const layers = drawn.map(({ name, side, kernel = 1, tokens = false }): StagedLayer => {
    const dims = tokens ? [8, 8] : [8, 8, kernel, kernel];
    const weight = constant(float32(new Float32Array(64 * (tokens ? 1 : kernel * kernel)), dims));
    const shape = tokens ? ["N", side * side, 8] : ["N", 8, side, side];
    const node = new Node(tokens ? "MatMul" : "Conv", [value, weight], {}, [{ type: "float32", shape }]);
    value = node.outputs[0] ?? value;
    return { name, node, weightDims: [dims] };
  });
  return stagesOf([value], layers);
}

const conv = (name: string, side: number, kernel = 1): Drawn => ({ name, side, kernel });
const token = (name: string, side: number): Drawn => ({ name, side, tokens: true });

/** Blocks that are called `prefix` and a number, of layers that are called alike. */
function blocks(
  prefix: string,
  numbers: readonly number[],
  parts: readonly string[],
  side: number,
  tokens = true,
): Drawn[] {
  return numbers.flatMap((number) =>
    parts.map((part) => ({ name: `${prefix}${number}.${part}`, side, tokens, kernel: tokens ? 1 : 3 })),
  );
}

const attention = ["norm1", "attn.qkv", "attn.proj", "norm2", "mlp.fc1", "mlp.fc2"];

/** As exporters name them: by paths of modules with the operator behind them, or by the modules of weights. */
function asNodes(layers: readonly Drawn[]): Drawn[] {
  return layers.map((layer) => {
    const tokens = layer.name.split(".");
    const parts = tokens.flatMap((part, at) =>
      /^\d+$/.test(part) ? [] : /^\d+$/.test(tokens[at + 1] ?? "") ? [part, `${part}.${tokens[at + 1] ?? ""}`] : [part],
    );
    return { ...layer, name: `/${parts.join("/")}/${layer.tokens === true ? "MatMul" : "Conv"}` };
  });
}

/** What the last stage of each family is: its first layer. */
const families: readonly (readonly [family: string, layers: readonly Drawn[], first: string])[] = [
  [
    "ResNet",
    [
      conv("conv1", 112, 7),
      ...[56, 28, 14, 7].flatMap((side, stage) => [
        // The first convolution of a stage still sees the larger picture.
        conv(`layer${stage + 1}.0.conv1`, stage === 0 ? side : 2 * side),
        conv(`layer${stage + 1}.0.conv2`, side, 3),
        conv(`layer${stage + 1}.0.conv3`, side),
        conv(`layer${stage + 1}.0.downsample.0`, side),
        conv(`layer${stage + 1}.1.conv1`, side),
        conv(`layer${stage + 1}.1.conv2`, side, 3),
        conv(`layer${stage + 1}.1.conv3`, side),
      ]),
    ],
    "layer4.0.conv1",
  ],
  [
    "Swin of transformers, whose patches are merged at the end of a stage",
    [
      conv("embeddings.projection", 56, 4),
      ...[56, 28, 14, 7].flatMap((side, stage) => [
        ...blocks(`encoder.layers.${stage}.blocks.`, [0, 1], attention, side),
        ...(stage < 3 ? [token(`encoder.layers.${stage}.downsample.norm`, side / 2)] : []),
        ...(stage < 3 ? [token(`encoder.layers.${stage}.downsample.reduction`, side / 2)] : []),
      ]),
    ],
    "encoder.layers.2.downsample.norm",
  ],
  [
    "MViTv2, whose attention has products over pairs of places",
    [
      conv("patch_embed.proj", 56, 7),
      ...[56, 28, 14, 7].flatMap((side, stage) =>
        [0, 1].flatMap((block) => [
          token(`stages.${stage}.blocks.${block}.norm1`, block === 0 && stage > 0 ? 2 * side : side),
          // As many as the tokens of two stages before.
          token(`stages.${stage}.blocks.${block}.attn.rel_pos`, 4 * side),
          token(`stages.${stage}.blocks.${block}.attn.proj`, side),
          token(`stages.${stage}.blocks.${block}.mlp.fc1`, side),
        ]),
      ),
      token("norm", 7),
    ],
    "stages.3.blocks.0.norm1",
  ],
  [
    "DenseNet",
    [
      conv("features.conv0", 112, 7),
      ...[56, 28, 14, 7].flatMap((side, stage) => [
        conv(`features.denseblock${stage + 1}.denselayer1.conv1`, side),
        conv(`features.denseblock${stage + 1}.denselayer1.conv2`, side, 3),
        conv(`features.denseblock${stage + 1}.denselayer2.conv1`, side),
        conv(`features.denseblock${stage + 1}.denselayer2.conv2`, side, 3),
        ...(stage < 3 ? [conv(`features.transition${stage + 1}.conv`, side)] : []),
      ]),
      conv("features.norm5", 7),
    ],
    "features.denseblock4.denselayer1.conv1",
  ],
  [
    "Inception",
    [
      conv("Conv2d_1a_3x3.conv", 111, 3),
      ...["Mixed_6d", "Mixed_6e"].flatMap((block) =>
        ["branch1x1.conv", "branch7x7_1.conv", "branch7x7_2.conv"].map((part) => conv(`${block}.${part}`, 17, 3)),
      ),
      conv("Mixed_7a.branch3x3_1.conv", 17),
      conv("Mixed_7a.branch3x3_2.conv", 8, 3),
      conv("Mixed_7a.branch7x7x3_1.conv", 17),
      conv("Mixed_7a.branch7x7x3_2.conv", 8, 3),
      ...["branch1x1.conv", "branch3x3_1.conv", "branch3x3_2.conv"].map((part) => conv(`Mixed_7b.${part}`, 8, 3)),
    ],
    "Mixed_7a.branch3x3_1.conv",
  ],
  [
    "MobileNetV2, EfficientNet",
    [
      conv("conv_stem", 112, 3),
      ...[112, 56, 28, 14, 14, 7].flatMap((side, stage) => [
        conv(`blocks.${stage}.0.conv_pw`, stage === 5 ? 14 : side),
        conv(`blocks.${stage}.0.conv_dw`, side, 3),
        conv(`blocks.${stage}.0.se.conv_reduce`, 1),
        conv(`blocks.${stage}.0.se.conv_expand`, 1),
        conv(`blocks.${stage}.0.conv_pwl`, side),
      ]),
      conv("blocks.6.0.conv", 7),
      conv("conv_head", 1),
    ],
    "blocks.5.0.conv_pw",
  ],
  [
    "ConvNeXt, InceptionNeXt, HGNet",
    [
      conv("stem.0", 56, 4),
      ...[56, 28, 14, 7].flatMap((side, stage) => [
        ...(stage === 0
          ? []
          : [conv(`stages.${stage}.downsample.0`, 2 * side), conv(`stages.${stage}.downsample.1`, side, 2)]),
        ...blocks(`stages.${stage}.blocks.`, [0, 1], ["conv_dw", "norm", "mlp.fc1", "mlp.fc2"], side, false),
      ]),
      conv("head.norm", 1),
    ],
    "stages.3.downsample.0",
  ],
  [
    "Swin",
    [
      conv("patch_embed.proj", 56, 4),
      ...[56, 28, 14, 7].flatMap((side, stage) => [
        ...(stage === 0
          ? []
          : [token(`layers.${stage}.downsample.norm`, side), token(`layers.${stage}.downsample.reduction`, side)]),
        ...blocks(`layers.${stage}.blocks.`, [0, 1], attention, side),
      ]),
      token("norm", 7),
    ],
    "layers.3.downsample.norm",
  ],
  [
    "ViT, DeiT, DINOv2",
    [conv("patch_embed.proj", 14, 16), ...blocks("blocks.", [0, 1, 2, 11], attention, 14), token("norm", 14)],
    "blocks.11.norm1",
  ],
  [
    "SigLIP, with a pooling by attention",
    [
      conv("patch_embed.proj", 14, 16),
      ...blocks("blocks.", [0, 1, 2], attention, 14),
      token("norm", 14),
      ...["attn_pool.kv", "attn_pool.proj", "attn_pool.mlp.fc1", "attn_pool.mlp.fc2"].map((name) => token(name, 1)),
    ],
    "blocks.2.norm1",
  ],
  [
    "CaiT",
    [
      conv("patch_embed.proj", 14, 16),
      ...blocks("blocks.", [0, 1, 2], attention, 14),
      ...[0, 1].flatMap((number) => [
        token(`blocks_token_only.${number}.norm1`, 14),
        token(`blocks_token_only.${number}.attn.q`, 1),
        token(`blocks_token_only.${number}.attn.k`, 14),
        token(`blocks_token_only.${number}.mlp.fc1`, 1),
      ]),
      token("norm", 14),
    ],
    "blocks_token_only.1.norm1",
  ],
  [
    "XCiT, whose patches convolutions make",
    [
      ...[48, 24, 14].map((side, at) => conv(`patch_embed.proj.${2 * at}.0`, side, 3)),
      ...blocks("blocks.", [0, 1, 2], attention, 14),
      ...blocks("cls_attn_blocks.", [0, 1], attention, 14),
      token("norm", 14),
    ],
    "cls_attn_blocks.1.norm1",
  ],
  [
    "HRNet, whose branches of several sizes a head puts together",
    [
      conv("conv1", 112, 3),
      ...[2, 3, 4].flatMap((stage) =>
        ["branches.0.0.conv1", "branches.0.0.conv2", "branches.0.1.conv1", "branches.0.1.conv2"].map((part) =>
          conv(`stage${stage}.0.${part}`, 56, 3),
        ),
      ),
      conv("downsamp_modules.0.0", 28, 3),
      conv("downsamp_modules.1.0", 14, 3),
      conv("final_layer.0", 14),
    ],
    "stage4.0.branches.0.0.conv1",
  ],
  [
    "HGNet, whose blocks end with a look at the whole picture",
    [
      conv("stem.0", 56, 3),
      ...[28, 14, 7].flatMap((side, stage) => [
        conv(`stages.${stage}.downsample.conv`, side, 3),
        conv(`stages.${stage}.blocks.0.layers.0.conv`, side, 3),
        conv(`stages.${stage}.blocks.0.aggregation.0.conv`, side),
        conv(`stages.${stage}.blocks.0.att.conv`, 1),
      ]),
    ],
    "stages.2.downsample.conv",
  ],
  [
    "a transformer of Hugging Face",
    [
      conv("vit.embeddings.patch_embeddings.projection", 14, 16),
      ...blocks("vit.encoder.layer.", [0, 1, 2], ["attention.query", "attention.output", "intermediate", "output"], 14),
      token("vit.layernorm", 14),
    ],
    "vit.encoder.layer.2.attention.query",
  ],
];

describe("the last stage", () => {
  test.each(families)("of %s begins with a whole block", (_, layers, first) => {
    expect(stages(layers).at(-1)).toBe(first);
    const nodes = asNodes(layers);
    const place = layers.findIndex(({ name }) => name === first);
    expect(stages(nodes).at(-1)).toBe(nodes[place]?.name);
  });

  test("of layers without names of modules is what repeats, or begins where the picture becomes smaller", () => {
    const counted = (layers: readonly Drawn[]): Drawn[] =>
      layers.map((layer, index) => ({ ...layer, name: `n${index}` }));
    const vit = counted([conv("patch", 14, 16), ...blocks("b", [0, 1, 2], attention, 14), conv("norm", 14)]);
    // Alike are the six layers of a block; all of them are products here, so that two layers are a sequence.
    expect(Number(stages(vit).at(-1)?.slice(1))).toBeGreaterThan(14);
    const vgg = counted([conv("a", 28, 3), conv("b", 28, 3), conv("c", 14, 3), conv("d", 14, 3)]);
    expect(stages(vgg)).toEqual(["n2"]);
  });

  test("is found where the last map has one pixel, and is not a convolution of a pooled one", () => {
    const small = [conv("a", 4, 3), conv("b", 2, 3), conv("c", 1, 3), conv("head", 1)];
    expect(stages(small)).toEqual(["b", "c"]);
    expect(stages([conv("a", 4, 3), conv("b", 2, 3), conv("head", 1)])).toEqual(["b"]);
  });
});

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { standardizationOf } from "./preprocess.js";
import { factsBeside } from "./side-files.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-side-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function factsOf(name: string, json: unknown, place = ""): Promise<object | undefined> {
  await writeFile(join(folder, name), typeof json === "string" ? json : JSON.stringify(json));
  await mkdir(join(folder, place), { recursive: true });
  const [facts] = await factsBeside(join(folder, place, "model.onnx"));
  return facts;
}

const imagenet = { image_mean: [0.485, 0.456, 0.406], image_std: [0.229, 0.224, 0.225] };

/* As the networks of these names have them on the hub, shortened to what counts. */
describe("preprocessor_config.json says what a network wants done to photos", () => {
  test.each([
    [
      "DINOv2",
      {
        ...{ crop_size: { height: 224, width: 224 }, do_center_crop: true, do_convert_rgb: true, do_normalize: true },
        ...{ do_rescale: true, do_resize: true, image_processor_type: "BitImageProcessor", ...imagenet },
        ...{ resample: 3, rescale_factor: 0.00392156862745098, size: { shortest_edge: 256 } },
      },
      { preprocess: "torch", imageSize: 224, crop: 0.875, keepProportions: true, interpolation: "bicubic" },
    ],
    [
      "SigLIP",
      {
        ...{
          do_normalize: true,
          do_rescale: true,
          do_resize: true,
          image_mean: [0.5, 0.5, 0.5],
          image_std: [0.5, 0.5, 0.5],
        },
        ...{ image_processor_type: "SiglipImageProcessor", resample: 3, rescale_factor: 1 / 255 },
        size: { height: 224, width: 224 },
      },
      { preprocess: "tf", imageSize: 224, crop: 1, keepProportions: false, interpolation: "bicubic" },
    ],
    [
      "ViT of an older version",
      {
        ...{ do_normalize: true, do_resize: true, image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] },
        resample: 2,
        size: 224,
      },
      { preprocess: "tf", imageSize: 224, crop: 1, keepProportions: false, interpolation: "bilinear" },
    ],
    [
      "ConvNeXt below 384",
      {
        ...{ crop_pct: 0.875, do_normalize: true, do_rescale: true, do_resize: true, ...imagenet },
        ...{ image_processor_type: "ConvNextImageProcessor", resample: 3, size: { shortest_edge: 224 } },
      },
      { preprocess: "torch", imageSize: 224, crop: 0.875, keepProportions: true, interpolation: "bicubic" },
    ],
    [
      "ConvNeXt at 384",
      {
        ...{ crop_pct: 0.875, do_normalize: true, ...imagenet, image_processor_type: "ConvNextImageProcessor" },
        ...{ resample: 3, size: { shortest_edge: 384 } },
      },
      { preprocess: "torch", imageSize: 384, crop: 1, keepProportions: false, interpolation: "bicubic" },
    ],
    [
      "PoolFormer",
      {
        ...{
          crop_pct: 0.9,
          crop_size: { height: 224, width: 224 },
          do_center_crop: true,
          do_normalize: true,
          ...imagenet,
        },
        ...{ image_processor_type: "PoolFormerImageProcessor", resample: 3, size: { shortest_edge: 224 } },
      },
      { preprocess: "torch", imageSize: 224, crop: 0.9, keepProportions: true, interpolation: "bicubic" },
    ],
    [
      "LeViT",
      {
        ...{ crop_size: { height: 224, width: 224 }, do_center_crop: true, do_normalize: true, ...imagenet },
        ...{ image_processor_type: "LevitImageProcessor", resample: 3, size: { shortest_edge: 224 } },
      },
      { preprocess: "torch", imageSize: 224, crop: 0.875, keepProportions: true, interpolation: "bicubic" },
    ],
    [
      "DeiT, which stretches photos before it cuts",
      {
        ...{ crop_size: { height: 224, width: 224 }, do_center_crop: true, do_normalize: true, ...imagenet },
        ...{ image_processor_type: "DeiTImageProcessor", resample: 3, size: { height: 256, width: 256 } },
      },
      { preprocess: "torch", imageSize: 224, crop: 0.875, keepProportions: false, interpolation: "bicubic" },
    ],
    [
      "MobileViT, blue first and not normalized",
      {
        ...{
          crop_size: { height: 256, width: 256 },
          do_center_crop: true,
          do_flip_channel_order: true,
          do_rescale: true,
        },
        ...{ do_resize: true, resample: 2, rescale_factor: 1 / 255, size: { shortest_edge: 288 } },
      },
      {
        preprocess: "bgr:0,0,0/1,1,1",
        imageSize: 256,
        crop: 256 / 288,
        keepProportions: true,
        interpolation: "bilinear",
      },
    ],
    [
      "MobileNetV1 of Google",
      {
        ...{ crop_size: { height: 224, width: 224 }, do_center_crop: true, do_normalize: true, do_rescale: true },
        ...{ image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5], resample: 2, size: { shortest_edge: 256 } },
      },
      { preprocess: "tf", imageSize: 224, crop: 0.875, keepProportions: true, interpolation: "bilinear" },
    ],
    [
      "a network that takes levels",
      { do_normalize: false, do_rescale: false, do_resize: true, size: { height: 320, width: 320 } },
      { preprocess: "0-255", imageSize: 320, crop: 1, keepProportions: false },
    ],
    [
      "one whose factor gives -1 to 1",
      {
        do_normalize: false,
        do_rescale: true,
        rescale_factor: 1 / 127.5,
        rescale_offset: true,
        size: { height: 224, width: 224 },
      },
      { preprocess: "tf", imageSize: 224, crop: 1, keepProportions: false },
    ],
    [
      "timm by way of transformers",
      { image_processor_type: "TimmWrapperImageProcessor", pretrained_cfg: timm({ crop_pct: 0.95 }) },
      { preprocess: "torch", imageSize: 224, crop: 0.95, keepProportions: true, interpolation: "bicubic" },
    ],
  ])("%s", async (_, json, expected) => {
    expect(await factsOf("preprocessor_config.json", json)).toEqual({
      ...expected,
      source: "preprocessor_config.json",
    });
  });

  test("EfficientNet's divides twice by the deviation where there is a classifier", async () => {
    const facts = await factsOf("preprocessor_config.json", {
      ...{ do_normalize: true, do_rescale: true, image_mean: [0.485, 0.456, 0.406], image_std: [0.5, 0.25, 0.2] },
      ...{
        image_processor_type: "EfficientNetImageProcessor",
        include_top: true,
        resample: 0,
        size: { height: 224, width: 224 },
      },
    });
    const { scale } = standardizationOf((facts as { preprocess: "tf" }).preprocess);
    expect(scale.map((one) => one * 255)).toEqual([4, 16, expect.closeTo(25)]);
  });
});

function timm(more: object): object {
  const { image_mean: mean, image_std: std } = imagenet;
  return { input_size: [3, 224, 224], interpolation: "bicubic", crop_mode: "center", mean, std, ...more };
}

describe("timm's config.json", () => {
  test.each([
    [
      "says all",
      { architecture: "x", pretrained_cfg: timm({ crop_pct: 0.9, license: "apache-2.0" }) },
      { crop: 0.9, licence: "apache-2.0" },
    ],
    ["has a share that goes without saying", { pretrained_cfg: timm({}) }, { crop: 0.875 }],
    ["of an older version has no inner part", timm({ crop_pct: 1 }), { crop: 1 }],
    [
      "stretches where it says so",
      { pretrained_cfg: timm({ crop_pct: 1, crop_mode: "squash" }) },
      { crop: 1, keepProportions: false },
    ],
  ])("%s", async (_, json, expected) => {
    const usual = { preprocess: "torch", imageSize: 224, keepProportions: true, interpolation: "bicubic" };
    expect(await factsOf("config.json", json)).toEqual({ ...usual, ...expected, source: "config.json" });
  });

  test("says a mean and a deviation that are nobody's else", async () => {
    const clip = { mean: [0.48145466, 0.4578275, 0.40821073], std: [0.26862954, 0.26130258, 0.27577711] };
    const facts = await factsOf("config.json", { pretrained_cfg: timm(clip) });
    expect(facts).toMatchObject({ preprocess: `${clip.mean.join(",")}/${clip.std.join(",")}` });
  });
});

test("Teachable Machine's metadata.json says that a square is cut out, and x / 127 - 1", async () => {
  const facts = await factsOf("metadata.json", {
    packageName: "@teachablemachine/image",
    imageSize: 224,
    labels: ["a", "b"],
  });
  expect(facts).toMatchObject({ imageSize: 224, crop: 1, keepProportions: true });
  const { scale, offset } = standardizationOf((facts as { preprocess: "tf" }).preprocess);
  expect([scale[0], offset[0]]).toEqual([expect.closeTo(1 / 127, 9), expect.closeTo(-1, 9)]);
});

describe("files beside a network", () => {
  test("lie above a folder called onnx", async () => {
    expect(await factsOf("config.json", { pretrained_cfg: timm({}) }, "onnx")).toMatchObject({ source: "config.json" });
    await rm(join(folder, "config.json"));
    expect(await factsOf("config.json", { pretrained_cfg: timm({}) }, "other")).toBeUndefined();
  });

  test("say nothing where they are another's", async () => {
    expect(await factsOf("config.json", { model_type: "bert", hidden_size: 12 })).toBeUndefined();
    expect(await factsOf("metadata.json", { packageName: "mine" })).toBeUndefined();
    expect(await factsOf("preprocessor_config.json", [1, 2])).toBeUndefined();
  });

  test("are named where they are damaged", async () => {
    await expect(factsOf("preprocessor_config.json", '{"image_mean": [0.5')).rejects.toThrow(
      /preprocessor_config\.json is damaged.*--preprocess/s,
    );
  });
});

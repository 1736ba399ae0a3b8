import { z } from "zod";
import type { FramingInterpolation } from "../photos/framing.js";
import type { PhotoFacts } from "./photo-facts.js";
import { preprocessFrom } from "./preprocess.js";

/** A size as these files say it: of the shorter side, or of both. */
const sizeField = z.union([
  z.number().positive(),
  z.object({ shortest_edge: z.number().positive() }),
  z.object({ height: z.number().positive(), width: z.number().positive() }),
]);

const channels = z.union([z.array(z.number()), z.number()]);

/** What is read of a `preprocessor_config.json`. */
const preprocessorConfig = z.object({
  image_processor_type: z.string().optional(),
  feature_extractor_type: z.string().optional(),
  do_resize: z.boolean().nullish(),
  size: sizeField.nullish().catch(undefined),
  resample: z.union([z.number(), z.string()]).nullish(),
  do_center_crop: z.boolean().nullish(),
  crop_size: sizeField.nullish().catch(undefined),
  crop_pct: z.number().positive().max(1).nullish(),
  do_rescale: z.boolean().nullish(),
  rescale_factor: z.number().positive().nullish(),
  rescale_offset: z.boolean().nullish(),
  include_top: z.boolean().nullish(),
  do_normalize: z.boolean().nullish(),
  image_mean: channels.nullish(),
  image_std: channels.nullish(),
  do_flip_channel_order: z.boolean().nullish(),
});

type PreprocessorConfig = z.infer<typeof preprocessorConfig>;

/**
 * What a `preprocessor_config.json` of transformers says of photos.
 *
 * @param json its content, parsed
 * @returns `undefined` where it says nothing of pixels
 * @see https://huggingface.co/docs/transformers/main_classes/image_processor
 */
export function preprocessorFacts(json: unknown): PhotoFacts | undefined {
  const read = preprocessorConfig.safeParse(json);
  if (!read.success) return undefined;
  const config = read.data;
  const saysPixels = [config.image_mean, config.do_normalize, config.do_rescale, config.rescale_factor];
  if (saysPixels.every((one) => one === undefined || one === null)) return undefined;
  return { preprocess: pixelsOf(config), ...framingFacts(config) };
}

/** "(x · factor − offset − mean) / deviation" of pixels in [0, 255], said of pixels in [0, 1]. */
function pixelsOf(config: PreprocessorConfig): PhotoFacts["preprocess"] {
  const factor = config.do_rescale === false ? 1 : (config.rescale_factor ?? 1 / 255);
  const offset = config.rescale_offset === true ? 1 : 0;
  const normalizes = config.do_normalize ?? config.image_mean !== undefined;
  const mean = normalizes ? perChannel(config.image_mean ?? 0) : [0, 0, 0];
  const std = normalizes ? perChannel(config.image_std ?? 1) : [1, 1, 1];
  // It divides once more for a network with a classifier.
  const divisor = processorOf(config).startsWith("EfficientNet") && config.include_top === true ? std : [1, 1, 1];
  const unit = 255 * factor;
  return preprocessFrom({
    bgr: config.do_flip_channel_order === true,
    mean: mean.map((one) => (one + offset) / unit),
    deviation: std.map((one, channel) => (one * (divisor[channel] ?? 1)) / unit),
  });
}

function processorOf(config: PreprocessorConfig): string {
  return config.image_processor_type ?? config.feature_extractor_type ?? "";
}

function perChannel(given: number | readonly number[]): readonly number[] {
  return typeof given === "number" ? [given, given, given] : given;
}

/** How photos are framed: resized, and a square cut out of the middle. */
function framingFacts(config: PreprocessorConfig): PhotoFacts {
  const interpolation = interpolationOf(config.resample ?? undefined);
  const cuts = config.do_center_crop ?? config.crop_size !== undefined;
  const cropped = cuts ? sideOf(config.crop_size ?? undefined) : undefined;
  const resized = config.do_resize === false ? undefined : sideOf(config.size ?? undefined);
  const keepProportions = keepsProportions(config, cuts);
  const imageSize = cropped ?? resized;
  if (imageSize === undefined) return { interpolation };
  if (config.crop_pct !== undefined && config.crop_pct !== null) {
    // ConvNeXt's processor stretches photos to 384 pixels and more.
    const stretches = /^ConvN[eE]xt/.test(processorOf(config)) && imageSize >= 384;
    return stretches
      ? { imageSize, crop: 1, keepProportions: false, interpolation }
      : {
          imageSize,
          crop: (config.crop_pct * imageSize) / (resized ?? imageSize),
          keepProportions: true,
          interpolation,
        };
  }
  // LeViT's processor resizes to 256 for a size of 224.
  const larger = processorOf(config).startsWith("Levit") && resized !== undefined ? (resized * 256) / 224 : resized;
  const crop = cropped === undefined || larger === undefined ? 1 : Math.min(1, cropped / larger);
  return { imageSize, crop, keepProportions, interpolation };
}

/** A number alone is the shorter side for processors that cut, and both sides for those that do not. */
function keepsProportions({ size }: PreprocessorConfig, cuts: boolean): boolean {
  if (typeof size === "number") return cuts;
  return size !== undefined && size !== null && "shortest_edge" in size;
}

/** The side in pixels; `undefined` where height and width differ. */
function sideOf(size: z.infer<typeof sizeField> | undefined): number | undefined {
  if (size === undefined || typeof size === "number") return size;
  if ("shortest_edge" in size) return size.shortest_edge;
  return size.height === size.width ? size.height : undefined;
}

/** Pillow's numbers of filters. */
const filters: Readonly<Record<string, string>> = {
  0: "nearest",
  1: "lanczos",
  2: "bilinear",
  3: "bicubic",
  4: "box",
  5: "hamming",
};

/**
 * The interpolation that is nearest to one of Pillow's: those with more than two neighbours on each side become `bicubic`, others
 * `bilinear`; antialiased while shrinking, they differ little.
 *
 * @param name Pillow's name or number
 */
export function interpolationOf(name: string | number | undefined): FramingInterpolation | undefined {
  if (name === undefined) return undefined;
  const filter = filters[name] ?? String(name).toLowerCase();
  return filter === "bicubic" || filter === "lanczos" ? "bicubic" : "bilinear";
}

import { z } from "zod";
import type { PhotoFacts } from "./photo-facts.js";
import { interpolationOf } from "./preprocessor-config.js";
import { preprocessFrom } from "./preprocess.js";

const numbers = z.union([z.array(z.number()), z.number()]);

/** How timm says what a network was trained with; older files have it at the top of their `config.json`. */
const timmFields = z.object({
  input_size: z.array(z.number()).length(3).optional(),
  mean: numbers.optional(),
  std: numbers.optional(),
  interpolation: z.string().optional(),
  crop_pct: z.number().positive().max(1).nullish(),
  crop_mode: z.string().nullish(),
  license: z.string().nullish(),
});

const timmConfig = z.union([
  z.object({ pretrained_cfg: timmFields }).transform((config) => config.pretrained_cfg),
  z.object({ data_config: timmFields }).transform((config) => config.data_config),
  timmFields,
]);

/** timm's share where a file says none. */
const usualShare = 0.875;

/**
 * What a `config.json` of timm says of photos.
 *
 * @param json its content, parsed
 * @returns `undefined` where it says nothing of them
 * @see https://github.com/huggingface/pytorch-image-models/blob/main/timm/data/config.py
 */
export function timmFacts(json: unknown): PhotoFacts | undefined {
  const read = timmConfig.safeParse(json);
  if (!read.success) return undefined;
  const { input_size: size, mean, std, interpolation, crop_pct: share, crop_mode: mode, license } = read.data;
  if (mean === undefined || std === undefined) return undefined;
  const [, height, width] = size ?? [];
  return {
    preprocess: preprocessFrom({ bgr: false, mean: perChannel(mean), deviation: perChannel(std) }),
    imageSize: height === width ? height : undefined,
    crop: share ?? usualShare,
    // "border" puts a margin around the photo where others cut; its middle is the same.
    keepProportions: mode !== "squash",
    interpolation: interpolationOf(interpolation),
    licence: license ?? undefined,
  };
}

function perChannel(given: number | readonly number[]): readonly number[] {
  return typeof given === "number" ? [given, given, given] : given;
}

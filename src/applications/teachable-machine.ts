import { z } from "zod";
import type { PhotoFacts } from "./photo-facts.js";
import { preprocessFrom } from "./preprocess.js";

const metadata = z.object({
  packageName: z.literal("@teachablemachine/image"),
  imageSize: z.number().positive().optional(),
});

/** What Teachable Machine feeds: x / 127 − 1. */
const half = 127 / 255;

/**
 * What a `metadata.json` of Teachable Machine says of photos: it cuts a square out of the middle.
 *
 * @param json its content, parsed
 * @returns `undefined` where it is another's
 * @see https://github.com/googlecreativelab/teachablemachine-community/tree/master/libraries/image
 */
export function teachableMachineFacts(json: unknown): PhotoFacts | undefined {
  const read = metadata.safeParse(json);
  if (!read.success) return undefined;
  const channels = [half, half, half];
  return {
    preprocess: preprocessFrom({ bgr: false, mean: channels, deviation: channels }),
    imageSize: read.data.imageSize ?? 224,
    crop: 1,
    keepProportions: true,
  };
}

import { input } from "../../graph/value.js";
import { platform } from "../../models/platform.js";
import { toChannelsFirst, toChannelsLast } from "../../nn/channels.js";
import { Tensor } from "../../runtime/runtime.js";
import { createSession } from "../../runtime/session.js";
import type { AffineTransform } from "./affine-parameters.js";
import { augment, type Augmentation, augmentationFeeds, augments, fedNames } from "./augmentation.js";

/** Photos that are augmented in one call of the engine. */
const atOnce = 32;

/**
 * Transforms images on the engine, a few at a time.
 *
 * @param images `[count, height, width, channels]`
 * @param transforms one an image
 * @returns a new array of the same shape
 * @throws UsageError when the brightness of images with so many channels cannot be changed
 */
export async function transformImages(
  images: Float32Array,
  [height, width, channels]: readonly [height: number, width: number, channels: number],
  kind: Augmentation,
  transforms: readonly Partial<AffineTransform>[],
): Promise<Float32Array> {
  if (!augments(kind)) return images.slice();
  const size = height * width * channels;
  const pixels = toChannelsFirst(input(fedNames.photos, "float32", ["N", height, width, channels]));
  const session = await createSession(platform().runtime, { y: toChannelsLast(augment(pixels, kind)) });
  try {
    const result = new Float32Array(images.length);
    for (let start = 0; start < transforms.length; start += atOnce) {
      const part = transforms.slice(start, start + atOnce);
      const from = images.subarray(start * size, (start + part.length) * size);
      const results = await session.run({
        [fedNames.photos]: new Tensor("float32", from, [part.length, height, width, channels]),
        ...augmentationFeeds(kind, part, height, width),
      });
      result.set(results["y"]?.data as Float32Array, start * size);
    }
    return result;
  } finally {
    await session.release();
  }
}

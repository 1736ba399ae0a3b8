import type { Samples } from "./batch-iterator.js";
import type { PhotoOptions } from "./flow-options.js";
import { photoIdentity } from "./photo-identity.js";
import { channelsOf, readPhoto } from "./read-photo.js";

/** Photos in files as samples. */
export function photoSamples(
  paths: readonly string[],
  options: PhotoOptions,
  truth: Samples["truth"],
  weights?: Samples["weights"],
): Samples {
  const { targetSize = [256, 256], colorMode = "rgb", interpolation = "nearest", keepAspectRatio = false } = options;
  const [height, width] = targetSize;
  const channels = channelsOf(colorMode);
  const size = height * width * channels;
  return {
    count: paths.length,
    shape: [height, width, channels],
    type: "uint8",
    truth,
    weights,
    nameOf: (key) => paths[key] ?? "",
    identify: (key) => photoIdentity(paths[key] ?? "", { targetSize, colorMode, interpolation, keepAspectRatio }),
    async read(keys) {
      const pixels = new Uint8Array(keys.length * size);
      await Promise.all(
        keys.map(async (key, row) => {
          const photo = await readPhoto(paths[key] ?? "", { targetSize, colorMode, interpolation, keepAspectRatio });
          pixels.set(photo, row * size);
        }),
      );
      return pixels;
    },
  };
}

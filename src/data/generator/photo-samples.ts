import type { Samples } from "./batch-iterator.js";
import { decodePool } from "../../photos/decode-pool.js";
import type { PhotoOptions } from "./flow-options.js";
import { photoIdentity } from "../../photos/photo-identity.js";
import { pixelCache } from "../../photos/pixel-cache.js";
import { channelsOf } from "../../photos/read-photo.js";

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
  const how = { targetSize, colorMode, interpolation, keepAspectRatio };
  const reading = JSON.stringify(how);
  return {
    count: paths.length,
    shape: [height, width, channels],
    type: "uint8",
    truth,
    weights,
    nameOf: (key) => paths[key] ?? "",
    identify: (key) => photoIdentity(paths[key] ?? "", how),
    async read(keys) {
      const pixels = new Uint8Array(keys.length * size);
      await Promise.all(
        keys.map(async (key, row) => {
          const path = paths[key] ?? "";
          const own = pixels.subarray(row * size, (row + 1) * size);
          await pixelCache.fill(own, path, reading, (room) =>
            decodePool.pixels({ kind: "read", path, options: how }, room),
          );
        }),
      );
      return pixels;
    },
  };
}

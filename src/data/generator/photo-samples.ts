import type { PhotoOptions } from "./flow-options.js";
import { photoIdentity } from "../../photos/photo-identity.js";
import { PinnedPhotos } from "../../photos/pinned-photos.js";
import { channelsOf } from "../../photos/read-photo.js";
import type { Samples } from "./samples.js";

/** Photos in files as samples, read as Keras's `load_img` does. */
export function photoSamples(
  paths: readonly string[],
  options: PhotoOptions,
  labels: Samples["labels"],
  weights?: Samples["weights"],
): Samples {
  const { targetSize = [256, 256], colorMode = "rgb", interpolation = "nearest", keepAspectRatio = false } = options;
  const [height, width] = targetSize;
  const channels = channelsOf(colorMode);
  const how = { targetSize, colorMode, interpolation, keepAspectRatio };
  const pinned = new PinnedPhotos();
  const pathOf = (key: number): string => paths[key] ?? "";
  return {
    count: paths.length,
    shape: [height, width, channels],
    type: "uint8",
    labels,
    weights,
    nameOf: pathOf,
    identify: async (key) => photoIdentity(await pinned.hashOf({ path: pathOf(key) }), how),
    async read(keys) {
      const pixels = new Uint8Array(keys.length * height * width * channels);
      const photos = keys.map((key) => ({ path: pathOf(key) }));
      await pinned.fill(pixels, photos, { kind: "read", options: how });
      return pixels;
    },
  };
}

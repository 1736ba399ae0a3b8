import type { DecodeOptions } from "./decode.js";
import { channelsOf, type ColorMode, decodeAs, middle } from "./read-photo.js";
import type { PhotoBytes } from "./photo-file.js";
import { resizeLikeTensorFlow, type ResizeMethod } from "./resize-like-tensorflow.js";

/** How {@link datasetPixels} makes pixels of a file. */
export interface DatasetPixelOptions {
  readonly colorMode: ColorMode;
  /** Height and width in pixels. */
  readonly imageSize: readonly [height: number, width: number];
  readonly interpolation: ResizeMethod;
  readonly cropToAspectRatio: boolean;
  readonly padToAspectRatio: boolean;
}

/**
 * Decodes a photo and brings it to a size, as Keras's `image_dataset_from_directory` does.
 *
 * @returns `[height, width, channels]` float32, levels in [0, 255]
 * @param file read before
 * @param onMemory told how to give its memory back; default: it is given back once it is decoded
 * @throws PhotoError when the file cannot be used
 */
export async function datasetPixels(
  file: PhotoBytes,
  options: DatasetPixelOptions,
  onMemory?: DecodeOptions["onMemory"],
): Promise<Float32Array> {
  const { colorMode, imageSize, interpolation } = options;
  const photo = await decodeAs(file, colorMode, onMemory);
  const channels = channelsOf(colorMode);
  const [height, width] = imageSize;
  const whole = { left: 0, top: 0, width: photo.width, height: photo.height };
  if (options.padToAspectRatio) {
    // As tf.image.resize_with_pad: the photo fits inside, and black is put around it evenly.
    const ratio = Math.max(photo.width / width, photo.height / height);
    const inner: [number, number] = [
      Math.max(1, Math.floor(photo.height / ratio)),
      Math.max(1, Math.floor(photo.width / ratio)),
    ];
    const resized = resizeLikeTensorFlow(photo, channels, whole, inner, interpolation);
    const [top, left] = [
      Math.floor((height - photo.height / ratio) / 2),
      Math.floor((width - photo.width / ratio) / 2),
    ];
    const result = new Float32Array(height * width * channels);
    for (let row = 0; row < inner[0]; row++) {
      const from = resized.subarray(row * inner[1] * channels, (row + 1) * inner[1] * channels);
      result.set(from, ((Math.max(0, top) + row) * width + Math.max(0, left)) * channels);
    }
    return result;
  }
  const part = options.cropToAspectRatio ? middle(photo.width, photo.height, width, height) : whole;
  return resizeLikeTensorFlow(photo, channels, part, imageSize, interpolation);
}

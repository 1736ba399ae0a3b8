import { UsageError } from "../../errors/errors.js";
import type { Dim } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import { input } from "../../graph/value.js";
import { float32 } from "../../onnx/tensor-data.js";
import { type NamedTensors, type Tensor, toTensor } from "../../runtime/runtime.js";
import { affineMatrix, type AffineTransform } from "./affine-parameters.js";
import { affineTransform, type InterpolationOrder, samplingMatrices } from "./affine-graph.js";
import { changeBrightness, shiftChannels } from "./colour-graph.js";
import type { FillMode } from "./fill-mode.js";

/** Names of what is fed to the graph of a generator. */
export const fedNames = {
  photos: "photos",
  matrices: "matrices",
  channelShifts: "channel_shifts",
  brightness: "brightness",
} as const;

/** Which augmentations a graph has, and how pixels are made. */
export interface Augmentation {
  /** Rotation, shift, shear, zoom and flips. */
  readonly affine: boolean;
  readonly channelShift: boolean;
  readonly brightness: boolean;
  readonly fillMode: FillMode;
  readonly cval: number;
  readonly order: InterpolationOrder;
}

/** Whether anything is changed. */
export function augments({ affine, channelShift, brightness }: Augmentation): boolean {
  return affine || channelShift || brightness;
}

function checkBrightness(channels: Dim | undefined): void {
  if (channels === 1 || channels === 3 || channels === 4) return;
  throw new UsageError("The brightness of these images cannot be changed.", {
    subject: "brightnessRange",
    expected: "1, 3 or 4 channels",
    received: String(channels),
  });
}

/**
 * Writes augmentation as a graph: position first, then channel shift, then brightness, as Keras has it.
 *
 * Flips, which in Keras come between channel shift and brightness, are part of the first: neither of the two looks at
 * where a pixel lies.
 *
 * @param pixels `[N, C, H, W]` float32
 * @returns the same shape; fed with what {@link augmentationFeeds} gives
 * @throws UsageError when the brightness of images with so many channels cannot be changed
 */
export function augment(pixels: Value, kind: Augmentation): Value {
  if (kind.brightness) checkBrightness(pixels.shape[1]);
  const moved = kind.affine
    ? affineTransform(pixels, input(fedNames.matrices, "float32", ["N", 3, 2]), kind.fillMode, kind.cval, kind.order)
    : pixels;
  const shifted = kind.channelShift ? shiftChannels(moved, input(fedNames.channelShifts, "float32", ["N"])) : moved;
  return kind.brightness ? changeBrightness(shifted, input(fedNames.brightness, "float32", ["N"])) : shifted;
}

/**
 * What {@link augment} is fed with.
 *
 * @param transforms one a photo
 * @param height of the photos, in pixels
 * @param width of the photos, in pixels
 */
export function augmentationFeeds(
  kind: Augmentation,
  transforms: readonly Partial<AffineTransform>[],
  height: number,
  width: number,
): NamedTensors {
  const numbers = (values: readonly number[]) => toTensor(float32(values, [values.length]));
  const feeds: Record<string, Tensor> = {};
  if (kind.affine) {
    const matrices = transforms.map((transform) => affineMatrix(transform, height, width));
    feeds[fedNames.matrices] = toTensor(samplingMatrices(matrices));
  }
  if (kind.channelShift) {
    feeds[fedNames.channelShifts] = numbers(transforms.map(({ channelShiftIntensity }) => channelShiftIntensity ?? 0));
  }
  if (kind.brightness) feeds[fedNames.brightness] = numbers(transforms.map(({ brightness }) => brightness ?? 1));
  return feeds;
}

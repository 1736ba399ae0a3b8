import type { Region } from "./resample.js";

/** How photos are resized, by the names of `tf.image.resize`. */
export type ResizeMethod =
  "bilinear" | "nearest" | "bicubic" | "area" | "lanczos3" | "lanczos5" | "gaussian" | "mitchellcubic";

/** Neighbours of a new sample along one axis, and their weights, which add up to 1. */
interface Taps {
  readonly first: number;
  readonly weights: readonly number[];
}

/** Weights of the neighbours that there are, made to add up to 1. */
function normalized(first: number, weights: readonly number[], length: number): Taps {
  const from = Math.max(0, -first);
  const kept = weights.slice(from, length - first);
  const sum = kept.reduce((total, weight) => total + weight, 0);
  return { first: first + from, weights: kept.map((weight) => weight / sum) };
}

function linear(position: number, length: number): Taps {
  const below = Math.floor(position);
  const share = position - below;
  if (below < 0) return { first: 0, weights: [1] };
  return below + 1 < length ? { first: below, weights: [1 - share, share] } : { first: length - 1, weights: [1] };
}

/** TensorFlow looks the cubic up in a table of this many steps from one pixel to the next. */
const cubicSteps = 1024;

/** Keys's cubic with a = −1/2. */
function cubic(distance: number): number {
  const x = Math.abs(distance);
  if (x <= 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

function keys(position: number, length: number): Taps {
  const below = Math.floor(position);
  const share = Math.round((position - below) * cubicSteps) / cubicSteps;
  return normalized(
    below - 1,
    [1 + share, share, 1 - share, 2 - share].map((distance) => cubic(distance)),
    length,
  );
}

/** A filter that is not widened when a photo gets smaller. */
interface Kernel {
  readonly radius: number;
  readonly weight: (distance: number) => number;
}

function lanczos(radius: number): Kernel {
  return {
    radius,
    weight(distance) {
      const x = Math.abs(distance);
      if (x > radius) return 0;
      if (x <= 1e-3) return 1;
      return (radius * Math.sin(Math.PI * x) * Math.sin((Math.PI * x) / radius)) / (Math.PI * Math.PI * x * x);
    },
  };
}

const kernels = {
  lanczos3: lanczos(3),
  lanczos5: lanczos(5),
  gaussian: { radius: 1.5, weight: (x) => (Math.abs(x) >= 1.5 ? 0 : Math.exp(-(x * x) / (2 * 0.5 * 0.5))) },
  mitchellcubic: {
    radius: 2,
    weight(distance) {
      const x = Math.abs(distance);
      if (x >= 2) return 0;
      if (x >= 1) return (((-7 / 18) * x + 2) * x - 10 / 3) * x + 16 / 9;
      return ((7 / 6) * x - 2) * x * x + 8 / 9;
    },
  },
} satisfies Record<string, Kernel>;

/** @param centre of the new sample, with the first pixel from 0 to 1 */
function spanOf({ radius, weight }: Kernel, centre: number, length: number): Taps {
  const first = Math.max(0, Math.ceil(centre - radius - 0.5));
  const end = Math.min(length - 1, Math.floor(centre + radius - 0.5));
  const weights = Array.from({ length: Math.max(0, end - first + 1) }, (_, k) => weight(first + k + 0.5 - centre));
  return normalized(first, weights, length);
}

/** The mean of what a new sample covers. */
function cover(from: number, to: number): Taps {
  const first = Math.floor(from);
  const weights = Array.from({ length: Math.ceil(to) - first }, (_, k) => {
    const pixel = first + k;
    return (Math.min(pixel + 1, to) - Math.max(pixel, from)) / (to - from);
  });
  return { first, weights };
}

function tapsOf(method: ResizeMethod, length: number, newLength: number): Taps[] {
  // TensorFlow's scale is one of single precision.
  const scale = Math.fround(length / newLength);
  return Array.from({ length: newLength }, (_, index): Taps => {
    const centre = Math.fround(Math.fround(index + 0.5) * scale);
    if (method === "nearest") return { first: Math.min(length - 1, Math.floor(centre)), weights: [1] };
    if (method === "bilinear") return linear(Math.fround(centre - 0.5), length);
    if (method === "bicubic") return keys(Math.fround(centre - 0.5), length);
    if (method === "area") return normalized(...inside(cover(index * scale, (index + 1) * scale), length), length);
    return spanOf(kernels[method], centre, length);
  });
}

function inside({ first, weights }: Taps, length: number): [first: number, weights: readonly number[]] {
  return first < length ? [first, weights] : [length - 1, [1]];
}

/** The methods there are. */
export const resizeMethods: readonly ResizeMethod[] = [
  "bilinear",
  "nearest",
  "bicubic",
  "area",
  "lanczos3",
  "lanczos5",
  "gaussian",
  "mitchellcubic",
];

/**
 * Resizes a photo as `tf.image.resize` does without antialiasing: filters are not widened when the photo gets smaller, and
 * levels are not rounded.
 *
 * @param photo `data` `[height, width, channels]` uint8
 * @param part what to take of it; neighbours outside are not looked at
 * @returns `[newHeight, newWidth, channels]` float32
 * @see https://www.tensorflow.org/api_docs/python/tf/image/resize
 */
export function resizeLikeTensorFlow(
  photo: { readonly width: number; readonly data: Uint8Array },
  channels: number,
  part: Region,
  [newHeight, newWidth]: readonly [height: number, width: number],
  method: ResizeMethod,
): Float32Array {
  const columns = tapsOf(method, part.width, newWidth);
  const rows = tapsOf(method, part.height, newHeight);
  const narrow = new Float64Array(part.height * newWidth * channels);
  for (let row = 0; row < part.height; row++) {
    const start = (part.top + row) * photo.width + part.left;
    columns.forEach(({ first, weights }, column) => {
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        for (let k = 0; k < weights.length; k++) {
          sum += (weights[k] ?? 0) * (photo.data[(start + first + k) * channels + channel] ?? 0);
        }
        narrow[(row * newWidth + column) * channels + channel] = sum;
      }
    });
  }
  const length = newWidth * channels;
  const result = new Float32Array(newHeight * length);
  rows.forEach(({ first, weights }, row) => {
    const sums = new Float64Array(length);
    weights.forEach((weight, k) => {
      const from = (first + k) * length;
      for (let i = 0; i < length; i++) sums[i] = (sums[i] ?? 0) + weight * (narrow[from + i] ?? 0);
    });
    result.set(sums, row * length);
  });
  return result;
}

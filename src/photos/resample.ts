import { UsageError } from "../errors/errors.js";
import { didYouMean } from "../errors/nearest.js";

/** How a photo is resized, by the names that Keras and Pillow use. */
export type Interpolation = "nearest" | "box" | "bilinear" | "hamming" | "bicubic" | "lanczos";

/** A filter that weighs the neighbours of a sample by their distance, in pixels of the smaller picture. */
interface Filter {
  /** Distance beyond which a neighbour has no weight. */
  readonly support: number;
  readonly weight: (distance: number) => number;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

const filters: Record<Exclude<Interpolation, "nearest">, Filter> = {
  box: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  hamming: { support: 1, weight: (x) => (Math.abs(x) < 1 ? sinc(x) * (0.54 + 0.46 * Math.cos(Math.PI * x)) : 0) },
  bicubic: { support: 2, weight: (x) => cubic(Math.abs(x)) },
  lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/** Keys's cubic with a = −1/2. */
function cubic(x: number): number {
  const a = -0.5;
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

/** Which neighbours make each new sample along one axis, and with what weights. */
interface Weights {
  /** First neighbour of each new sample. */
  readonly first: Int32Array;
  /** Number of neighbours of each new sample. */
  readonly count: Int32Array;
  /** `[newLength, width]`: weights in units of 2⁻²², as Pillow rounds them. */
  readonly weights: Float64Array;
  readonly width: number;
}

const fixedPoint = 2 ** 22;

/** When the picture gets smaller the filter is widened by the same factor: Pillow's antialiasing. */
function weigh(
  length: number,
  newLength: number,
  { support, weight }: Filter,
  start = 0,
  extent: number = length,
): Weights {
  const scale = extent / newLength;
  const stretch = Math.max(scale, 1);
  const reach = support * stretch;
  const width = Math.ceil(reach) * 2 + 1;
  const first = new Int32Array(newLength);
  const count = new Int32Array(newLength);
  const weights = new Float64Array(newLength * width);
  for (let index = 0; index < newLength; index++) {
    const centre = start + (index + 0.5) * scale;
    const from = Math.max(0, Math.trunc(centre - reach + 0.5));
    const to = Math.min(length, Math.trunc(centre + reach + 0.5));
    const row = weights.subarray(index * width, index * width + to - from);
    for (let k = 0; k < row.length; k++) row[k] = weight((k + from - centre + 0.5) / stretch);
    const sum = row.reduce((total, value) => total + value, 0);
    for (let k = 0; k < row.length; k++) {
      const share = (row[k] ?? 0) / (sum === 0 ? 1 : sum);
      row[k] = Math.trunc(share * fixedPoint + (share < 0 ? -0.5 : 0.5));
    }
    first[index] = from;
    count[index] = to - from;
  }
  return { first, count, weights, width };
}

/** A fixed-point sum as a level: rounded by the half that the sum began with, and cut off at black and white. */
function level(sum: number): number {
  return Math.min(255, Math.max(0, Math.floor(sum / fixedPoint)));
}

/**
 * Resizes rows, `[height, width, 3]` to `[height, newWidth, 3]`. A sum of products of 8-bit levels and 22-bit weights fits
 * a float64 exactly.
 */
function resizeRows(
  source: Uint8Array,
  width: number,
  height: number,
  newWidth: number,
  filter: Filter,
  region: Region,
): Uint8Array {
  if (region.width === width && width === newWidth) return source;
  const { first, count, weights, width: stride } = weigh(width, newWidth, filter, region.left, region.width);
  const target = new Uint8Array(height * newWidth * 3);
  let to = 0;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < newWidth; column++) {
      let red = fixedPoint / 2;
      let green = fixedPoint / 2;
      let blue = fixedPoint / 2;
      let from = (row * width + (first[column] ?? 0)) * 3;
      const begin = column * stride;
      const end = begin + (count[column] ?? 0);
      for (let k = begin; k < end; k++) {
        const weight = weights[k] ?? 0;
        red += weight * (source[from] ?? 0);
        green += weight * (source[from + 1] ?? 0);
        blue += weight * (source[from + 2] ?? 0);
        from += 3;
      }
      target[to] = level(red);
      target[to + 1] = level(green);
      target[to + 2] = level(blue);
      to += 3;
    }
  }
  return target;
}

/** Resizes columns, `[height, rowLength]` to `[newHeight, rowLength]`, a whole row at a time. */
function resizeColumns(
  source: Uint8Array,
  rowLength: number,
  height: number,
  newHeight: number,
  filter: Filter,
  region: Region,
): Uint8Array {
  if (region.height === height && height === newHeight) return source;
  const { first, count, weights, width: stride } = weigh(height, newHeight, filter, region.top, region.height);
  const target = new Uint8Array(newHeight * rowLength);
  const sums = new Float64Array(rowLength);
  for (let row = 0; row < newHeight; row++) {
    sums.fill(fixedPoint / 2);
    let from = (first[row] ?? 0) * rowLength;
    const begin = row * stride;
    const end = begin + (count[row] ?? 0);
    for (let k = begin; k < end; k++) {
      const weight = weights[k] ?? 0;
      for (let i = 0; i < rowLength; i++) sums[i] = (sums[i] ?? 0) + weight * (source[from + i] ?? 0);
      from += rowLength;
    }
    const to = row * rowLength;
    for (let i = 0; i < rowLength; i++) target[to + i] = level(sums[i] ?? 0);
  }
  return target;
}

/**
 * Which old sample is nearest to each new one, as Pillow steps through them: by adding the scale again and again, so that
 * its rounding errors are ours.
 *
 * @param length number of samples there are
 * @param newLength number of samples wanted
 * @param start first sample to take; default 0
 * @param extent number of samples to take from there; default all
 * @returns `newLength` indices in [0, length)
 */
export function nearestPositions(length: number, newLength: number, start = 0, extent: number = length): Int32Array {
  const scale = extent / newLength;
  const positions = new Int32Array(newLength);
  let position = start + scale * 0.5;
  for (let index = 0; index < newLength; index++) {
    positions[index] = Math.min(length - 1, Math.trunc(position));
    position += scale;
  }
  return positions;
}

function resizeNearest(
  source: Uint8Array,
  width: number,
  height: number,
  newWidth: number,
  newHeight: number,
  region: Region,
) {
  const columns = nearestPositions(width, newWidth, region.left, region.width);
  const rows = nearestPositions(height, newHeight, region.top, region.height);
  const target = new Uint8Array(newWidth * newHeight * 3);
  let to = 0;
  for (const row of rows) {
    for (const column of columns) {
      const from = (row * width + column) * 3;
      target[to] = source[from] ?? 0;
      target[to + 1] = source[from + 1] ?? 0;
      target[to + 2] = source[from + 2] ?? 0;
      to += 3;
    }
  }
  return target;
}

/** A part of a photo, in pixels. */
export interface Region {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The interpolations there are. */
export const interpolations: readonly Interpolation[] = ["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"];

/**
 * Resizes a photo as Pillow's `Image.resize` does, level by level: first along rows, then along columns, with 8 bits in
 * between. All filters but `nearest` are antialiased when the photo gets smaller. Pillow 13 begins with the columns when
 * the height shrinks much more than the width, and gets slightly other levels then; earlier ones never do.
 *
 * Keras's `flow_from_directory` uses `nearest` unless told otherwise, and does not keep the proportions.
 *
 * @param photo `data` `[height, width, 3]` uint8
 * @param newWidth pixels, 1 or more
 * @param newHeight pixels, 1 or more
 * @param interpolation default "nearest"
 * @param part what to take of the photo, default all of it; as in Pillow, filters still look at neighbours outside of it
 * @returns `[newHeight, newWidth, 3]` uint8; the photo's own array where the size stays the same
 * @throws UsageError when a size is not a whole positive number, the data does not fit the size, or the interpolation is unknown
 * @see https://pillow.readthedocs.io/en/stable/handbook/concepts.html#filters
 */
export function resample(
  photo: { readonly width: number; readonly height: number; readonly data: Uint8Array },
  newWidth: number,
  newHeight: number,
  interpolation: Interpolation = "nearest",
  part?: Region,
): Uint8Array {
  const { width, height, data } = photo;
  const region = part ?? { left: 0, top: 0, width, height };
  if (!interpolations.includes(interpolation)) {
    throw new UsageError(`There is no interpolation "${interpolation}".`, {
      subject: "interpolation",
      expected: interpolations.map((name) => `"${name}"`).join(", "),
      received: `"${interpolation}"`,
      advice: didYouMean(interpolation, interpolations) ?? "",
    });
  }
  if (![width, height, newWidth, newHeight].every((extent) => Number.isInteger(extent) && extent > 0)) {
    throw new UsageError("A photo cannot be resized to or from this size.", {
      subject: "size",
      expected: "whole numbers of pixels, 1 or more",
      received: `from ${width} × ${height} to ${newWidth} × ${newHeight}`,
    });
  }
  if (data.length !== width * height * 3) {
    throw new UsageError("The photo's data does not fit its size.", {
      subject: "photo",
      expected: `${width * height * 3} bytes for ${width} × ${height} pixels of 3 channels`,
      received: `${data.length} bytes`,
    });
  }
  if (newWidth === width && newHeight === height && region.width === width && region.height === height) return data;
  if (interpolation === "nearest") return resizeNearest(data, width, height, newWidth, newHeight, region);
  const filter = filters[interpolation];
  const narrowed = resizeRows(data, width, height, newWidth, filter, region);
  return resizeColumns(narrowed, newWidth * 3, height, newHeight, filter, region);
}

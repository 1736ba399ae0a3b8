import type { Value } from "../../graph/value.js";
import { greater, less, or, where } from "../../ops/comparison.js";
import { scalarLike } from "../../ops/constants.js";
import { add, clip, div, floor, max, min, mul, sub } from "../../ops/elementwise.js";
import { concat } from "../../ops/joining.js";
import { slice } from "../../ops/slicing.js";
import { reduceMax, reduceMin } from "../../ops/reduction.js";
import { reshapeTo } from "../../ops/reshape.js";

/** Axes of one photo in `[N, C, H, W]`. */
const ofOnePhoto = [1, 2, 3];

/** `[N]` → `[N, 1, 1, 1]`. */
function perPhoto(values: Value): Value {
  return reshapeTo(values, [values.shape[0] ?? "N", 1, 1, 1]);
}

/**
 * Adds a number of levels to all channels, and keeps the photo between the darkest and the brightest level that it had.
 *
 * @param photos `[N, C, H, W]` float32
 * @param intensities `[N]` float32, in levels; 0 leaves a photo as it is
 * @returns `[N, C, H, W]`
 * @see https://keras.io/api/data_loading/image/ `channel_shift_range`, which adds the same number to all channels too
 */
export function shiftChannels(photos: Value, intensities: Value): Value {
  const darkest = reduceMin(photos, ofOnePhoto, { keepdims: 1 });
  const brightest = reduceMax(photos, ofOnePhoto, { keepdims: 1 });
  return min([max([add(photos, perPhoto(intensities)), darkest]), brightest]);
}

/**
 * Noise of interpolation in single precision, in levels: without it a level of 100 that came out as 99.9999 would be cut
 * off to 99.
 */
const noise = 2e-4;

/** The integer part, as the conversion to 8 bits gives it. */
function wholeLevels(x: Value): Value {
  return floor(add(x, scalarLike(x, noise)));
}

/**
 * Multiplies photos by a brightness each, in 8 bits as Pillow does: levels are cut off to whole numbers before and after,
 * and end at 255. A photo with levels outside [0, 255] is stretched to [0, 255] for it, and back.
 *
 * @param photos `[N, C, H, W]` float32; a fourth channel is opacity, which stays
 * @param factors `[N]` float32, 0 or more
 * @returns `[N, C, H, W]`; whole numbers in [0, 255] unless a photo was stretched
 * @see https://pillow.readthedocs.io/en/stable/reference/ImageEnhance.html `Brightness`
 */
export function changeBrightness(photos: Value, factors: Value): Value {
  const number = (value: number): Value => scalarLike(photos, value);
  const darkest = reduceMin(photos, ofOnePhoto, { keepdims: 1 });
  const brightest = reduceMax(photos, ofOnePhoto, { keepdims: 1 });
  const outside = or(less(darkest, number(0)), greater(brightest, number(255)));
  const range = sub(brightest, darkest);
  // A photo of one level outside [0, 255] has no range; Keras leaves the division by it out.
  const divisor = where(greater(range, number(0)), range, number(1));
  const stretched = mul(div(sub(photos, darkest), divisor), number(255));
  const levels = wholeLevels(where(outside, stretched, photos));
  // Pillow's product is one of single precision too, so nothing is added before it is cut off.
  const brightened = floor(clip(mul(levels, perPhoto(factors)), 0, 255));
  const channels = photos.shape[1];
  const changed = channels === 4 ? withOpacityOf(levels, brightened) : brightened;
  return where(outside, add(mul(div(changed, number(255)), range), darkest), changed);
}

function withOpacityOf(before: Value, after: Value): Value {
  const colours = slice(after, { starts: [0], ends: [3], axes: [1] });
  return concat([colours, slice(before, { starts: [3], ends: [4], axes: [1] })], { axis: 1 });
}

import { ShapeError } from "../../../errors/errors.js";
import { formatShape } from "../../../graph/shape.js";
import { constant, type Value } from "../../../graph/value.js";
import { float32 } from "../../../onnx/tensor-data.js";
import { equal, greater, less, where } from "../../../ops/comparison.js";
import { scalarLike } from "../../../ops/constants.js";
import { abs, add, clip, div, mul, sub } from "../../../ops/elementwise.js";
import { concat, split } from "../../../ops/joining.js";
import { reduceMax, reduceMin, reduceSum } from "../../../ops/reduction.js";
import { channelsLast } from "../../channels.js";
import type { Bounds } from "./factors.js";

function requireChannels(images: Value, owner: string, numbers: readonly number[]): void {
  if (numbers.some((number) => images.shape[1] === number)) return;
  throw new ShapeError(`${owner} cannot take pictures with these channels.`, {
    subject: owner,
    expected: `${numbers.join(" or ")} channels`,
    received: formatShape(channelsLast(images.shape)),
  });
}

/** Brightness of colours: `[N, 3, H, W]` → `[N, 1, H, W]`; pictures with one channel stay as they are. */
export function toGrayscale(images: Value, owner: string): Value {
  requireChannels(images, owner, [1, 3]);
  if (images.shape[1] === 1) return images;
  const weights = constant(float32([0.2989, 0.587, 0.114], [3, 1, 1]));
  return reduceSum(mul(images, weights), [1], { keepdims: 1 });
}

/** Pictures from one range of values to another. */
export function changeRange(images: Value, from: Bounds, to: Bounds): Value {
  if (from[0] === to[0] && from[1] === to[1]) return images;
  const number = (value: number): Value => scalarLike(images, value);
  const unit = div(sub(images, number(from[0])), number(from[1] - from[0]));
  return add(mul(unit, number(to[1] - to[0])), number(to[0]));
}

/** Hue, saturation and value of colours, each `[N, 1, H, W]`; hue and saturation from 0 to 1. */
export interface Hsv {
  readonly hue: Value;
  readonly saturation: Value;
  readonly value: Value;
}

/**
 * Red, green, blue `[N, 3, H, W]` as hue, saturation and value.
 *
 * @see https://www.tensorflow.org/api_docs/python/tf/image/rgb_to_hsv
 */
export function toHsv(images: Value, owner: string): Hsv {
  requireChannels(images, owner, [3]);
  const number = (value: number): Value => scalarLike(images, value);
  const [red = images, green = images, blue = images] = split(images, [1, 1, 1], { axis: 1 });
  const value = reduceMax(images, [1], { keepdims: 1 });
  const range = sub(value, reduceMin(images, [1], { keepdims: 1 }));
  const lit = greater(value, number(0));
  const saturation = where(lit, div(range, where(lit, value, number(1))), number(0));
  const coloured = greater(range, number(0));
  const sixth = div(number(1 / 6), where(coloured, range, number(1)));
  const angle = where(
    equal(red, value),
    mul(sixth, sub(green, blue)),
    where(
      equal(green, value),
      add(mul(sixth, sub(blue, red)), number(2 / 6)),
      add(mul(sixth, sub(red, green)), number(4 / 6)),
    ),
  );
  const hue = where(coloured, angle, number(0));
  return { hue: where(less(hue, number(0)), add(hue, number(1)), hue), saturation, value };
}

/**
 * The reverse of {@link toHsv}.
 *
 * @see https://www.tensorflow.org/api_docs/python/tf/image/hsv_to_rgb
 */
export function fromHsv({ hue, saturation, value }: Hsv): Value {
  const number = (constantValue: number): Value => scalarLike(hue, constantValue);
  const angle = mul(hue, number(6));
  const distance = (place: number): Value => abs(sub(angle, number(place)));
  const parts = [sub(distance(3), number(1)), sub(number(2), distance(2)), sub(number(2), distance(4))];
  const channels = parts.map((part) => mul(add(sub(number(1), saturation), mul(saturation, clip(part, 0, 1))), value));
  return concat(channels, { axis: 1 });
}

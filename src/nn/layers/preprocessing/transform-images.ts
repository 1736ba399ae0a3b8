import { type Dim, dimAt, staticDim } from "../../../graph/shape.js";
import { constant, type Value } from "../../../graph/value.js";
import { float32 } from "../../../onnx/tensor-data.js";
import { and, equal, greaterOrEqual, less, lessOrEqual, where } from "../../../ops/comparison.js";
import { scalarLike } from "../../../ops/constants.js";
import { abs, add, clip, cos, div, floor, max, mul, neg, round, sign, sin, sub } from "../../../ops/elementwise.js";
import { concat } from "../../../ops/joining.js";
import { slice } from "../../../ops/slicing.js";
import { matmul } from "../../../ops/matmul.js";
import { gridSample } from "../../../ops/resampling.js";
import { expandTo } from "../../../ops/shape-of.js";
import { reshapeTo } from "../../../ops/reshape.js";

/**
 * What is put where a transformed picture asks for pixels beyond the edge: `reflect` dcba|abcd|dcba,
 * `constant` kkkk|abcd|kkkk, `wrap` abcd|abcd|abcd, `nearest` aaaa|abcd|dddd.
 */
export type ImageFillMode = "reflect" | "wrap" | "constant" | "nearest";

/** Keras's names of {@link ImageFillMode}. */
export const imageFillModes: readonly ImageFillMode[] = ["reflect", "wrap", "constant", "nearest"];

/** How pixels are made: the nearest one, or the nearest four weighed. */
export type ImageInterpolation = "nearest" | "bilinear";

/** Keras's names of {@link ImageInterpolation}. */
export const imageInterpolations: readonly ImageInterpolation[] = ["nearest", "bilinear"];

/** How {@link projectiveTransform} makes pixels. */
export interface TransformOptions {
  readonly interpolation: ImageInterpolation;
  readonly fillMode: ImageFillMode;
  readonly fillValue: number;
}

/** Where the pixels of a batch are taken from: columns and rows in pixels, each `[N, H·W, 1]`. */
export interface Places {
  readonly columns: Value;
  readonly rows: Value;
}

/**
 * Takes pixels at places; beyond the edges lies the fill value.
 *
 * @param images `[N, C, H, W]`
 * @param places those that are further than one pixel beyond an edge may be anywhere
 * @returns `[N, C, height, width]`
 */
function sampleAt(
  images: Value,
  { columns, rows }: Places,
  [height, width]: readonly [Dim, Dim],
  fillValue: number,
): Value {
  // GridSample counts from -1 to 1 between the outer edges, x before y.
  const normalized = (position: Value, axis: number): Value => {
    const size = staticDim(images.shape, axis, "sampleAt");
    const near = clip(position, -2, size + 1);
    return sub(mul(near, scalarLike(near, 2 / size)), scalarLike(near, 1 - 1 / size));
  };
  const grid = concat([normalized(columns, 3), normalized(rows, 2)], { axis: 2 });
  const shifted = fillValue === 0 ? images : sub(images, scalarLike(images, fillValue));
  const sampled = gridSample(shifted, reshapeTo(grid, [dimAt(images.shape, 0), height, width, 2]), {
    mode: "bilinear",
    padding_mode: "zeros",
    align_corners: 0,
  });
  return fillValue === 0 ? sampled : add(sampled, scalarLike(sampled, fillValue));
}

/** Brings positions beyond the edges back, as TensorFlow does, for pixels 0 to `size - 1`. */
function bringBack(position: Value, size: number, mode: ImageFillMode): Value {
  if (mode === "constant") return position;
  const number = (value: number): Value => scalarLike(position, value);
  const inside = (value: Value): Value => clip(value, 0, size - 1);
  if (mode === "nearest" || size === 1) return inside(position);
  if (mode === "reflect") {
    const period = number(2 * size);
    const within = sub(position, mul(floor(div(position, period)), period));
    return inside(where(less(within, number(size)), within, sub(number(2 * size - 1), within)));
  }
  // Wrapped by the number of pixels, but counted by the number of steps between them.
  const steps = (value: Value): Value => mul(floor(div(value, number(size - 1))), number(size));
  const before = add(position, add(steps(neg(position)), number(size)));
  const behind = sub(position, steps(position));
  const wrapped = where(
    less(position, number(0)),
    before,
    where(lessOrEqual(position, number(size - 1)), position, behind),
  );
  return inside(wrapped);
}

/** The nearest whole number, halves away from zero. */
function roundAway(position: Value): Value {
  return mul(sign(position), floor(add(abs(position), scalarLike(position, 0.5))));
}

/** `[H·W, 3]`: column, row and 1 of each pixel. */
function pixelCoordinates(height: number, width: number): Value {
  const data = new Float32Array(height * width * 3);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) data.set([column, row, 1], 3 * (row * width + column));
  }
  return constant(float32(data, [height * width, 3]));
}

/** The eight numbers of a projective transformation, each `[N, 1]`, or a number for all pictures. */
export type Projection = readonly [
  a0: Value | number,
  a1: Value | number,
  a2: Value | number,
  b0: Value | number,
  b1: Value | number,
  b2: Value | number,
  c0?: Value | number,
  c1?: Value | number,
];

/**
 * Transforms pictures: the pixel at `(x, y)` of the result is taken from `((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k)`
 * with `k = c0 x + c1 y + 1`.
 *
 * @param images `[N, C, H, W]`
 * @param like a value `[N, 1]`
 * @returns `[N, C, H, W]`
 * @see https://www.tensorflow.org/api_docs/python/tf/raw_ops/ImageProjectiveTransformV3
 */
export function projectiveTransform(
  images: Value,
  like: Value,
  [a0, a1, a2, b0, b1, b2, c0 = 0, c1 = 0]: Projection,
  { interpolation, fillMode, fillValue }: TransformOptions,
): Value {
  const height = staticDim(images.shape, 2, "projectiveTransform");
  const width = staticDim(images.shape, 3, "projectiveTransform");
  const spread = (value: Value | number): Value =>
    typeof value === "number" ? expandTo(scalarLike(like, value), like) : value;
  const columns = concat([a0, b0, c0, a1, b1, c1, a2, b2, 1].map(spread), { axis: 1 });
  const matrices = reshapeTo(columns, [dimAt(images.shape, 0), 3, 3]);
  const positions = matmul(pixelCoordinates(height, width), matrices);
  const part = (index: number): Value => slice(positions, { starts: [index], ends: [index + 1], axes: [2] });
  const scale = part(2);
  const affine = c0 === 0 && c1 === 0;
  const nowhere = equal(scale, scalarLike(scale, 0));
  const position = (index: number, size: number): Value => {
    const found = affine
      ? part(index)
      : where(nowhere, scalarLike(scale, -2), div(part(index), where(nowhere, scalarLike(scale, 1), scale)));
    const back = bringBack(found, size, fillMode);
    return interpolation === "nearest" ? roundAway(back) : back;
  };
  return sampleAt(images, { columns: position(0, width), rows: position(1, height) }, [height, width], fillValue);
}

/**
 * The rotation about a place of pictures, as Keras writes it.
 *
 * @param angle `[N, 1]` in degrees
 * @param height of the pictures
 * @param width of the pictures
 */
export function rotationAbout(angle: Value, height: number, width: number): Projection {
  const radians = mul(angle, scalarLike(angle, Math.PI / 180));
  const [cosine, sine] = [cos(radians), sin(radians)];
  const [middleX, middleY] = [scalarLike(angle, 0.5 * (width - 1)), scalarLike(angle, 0.5 * (height - 1))];
  const a2 = sub(sub(middleX, mul(middleX, cosine)), mul(middleY, neg(sine)));
  const b2 = sub(sub(middleY, mul(middleX, sine)), mul(middleY, cosine));
  return [cosine, neg(sine), a2, sine, cosine, b2];
}

/** What `map_coordinates` puts beyond the edges. */
export type MapFillMode = ImageFillMode | "mirror";

/**
 * Moves pixels by displacements.
 *
 * Keras's `reflect` and `mirror` treat the two ends of a picture differently; so does this, but for `mirror` at the far
 * ends, where Keras's own index lies outside.
 *
 * @param images `[N, C, H, W]`
 * @param shift `[N, H, W]`: how many pixels further right and down a pixel is taken from
 * @see https://keras.io/api/ops/image/ `map_coordinates`
 */
export function displace(
  images: Value,
  shift: Value,
  { interpolation, fillMode, fillValue }: Omit<TransformOptions, "fillMode"> & { readonly fillMode: MapFillMode },
): Value {
  const height = staticDim(images.shape, 2, "displace");
  const width = staticDim(images.shape, 3, "displace");
  const batch = dimAt(images.shape, 0);
  const flat = reshapeTo(shift, [batch, height * width, 1]);
  const grid = pixelCoordinates(height, width);
  const place = (axis: number, size: number): Value => {
    const own = reshapeTo(slice(grid, { starts: [axis], ends: [axis + 1], axes: [1] }), [1, height * width, 1]);
    const moved = add(flat, own);
    return broughtBack(interpolation === "nearest" ? round(moved) : moved, size, fillMode);
  };
  const places = { columns: place(0, width), rows: place(1, height) };
  if (fillMode !== "wrap") return sampleAt(images, places, [height, width], fillValue);
  // Between the last pixel and the first one, which stands once more behind it.
  const wider = [2, 3].reduce(
    (x, axis) => concat([x, slice(x, { starts: [0], ends: [1], axes: [axis] })], { axis }),
    images,
  );
  return sampleAt(wider, places, [height, width], 0);
}

function broughtBack(position: Value, size: number, mode: MapFillMode): Value {
  const number = (value: number): Value => scalarLike(position, value);
  const modulo = (value: Value, period: number): Value =>
    sub(value, mul(floor(div(value, number(period))), number(period)));
  switch (mode) {
    case "constant":
      return position;
    case "nearest":
      return clip(position, 0, size - 1);
    case "wrap":
      return modulo(position, size);
    case "reflect": {
      const within = modulo(abs(position), 2 * size);
      return clip(where(less(within, number(size)), within, sub(number(2 * size - 1), within)), 0, size - 1);
    }
    case "mirror": {
      const within = modulo(abs(position), Math.max(2 * size - 2, 1));
      return max([where(less(within, number(size)), within, sub(number(2 * size - 2), within)), number(0)]);
    }
  }
}

/**
 * Which pixels lie in a box: `[N, 1, H, W]` of truth values.
 *
 * @param left `[N]`, as all others
 */
export function insideBox(
  images: Value,
  { left, right, top, bottom }: Readonly<Record<"left" | "right" | "top" | "bottom", Value>>,
): Value {
  const counting = (size: number, shape: readonly number[]): Value =>
    constant(
      float32(
        Float32Array.from({ length: size }, (_, index) => index),
        shape,
      ),
    );
  const width = staticDim(images.shape, 3, "insideBox");
  const height = staticDim(images.shape, 2, "insideBox");
  const bound = (value: Value): Value => reshapeTo(value, [dimAt(images.shape, 0), 1, 1, 1]);
  const [x, y] = [counting(width, [1, 1, 1, width]), counting(height, [1, 1, height, 1])];
  return and(
    and(greaterOrEqual(x, bound(left)), less(x, bound(right))),
    and(greaterOrEqual(y, bound(top)), less(y, bound(bottom))),
  );
}

import { channelsLastOnly, oneOf, type Pair, pair, refuse } from "../../errors/check.js";
import { ShapeError } from "../../errors/errors.js";
import { dimProduct, formatShape, staticDim } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import { constant } from "../../graph/value.js";
import { float32 } from "../../onnx/tensor-data.js";
import { concat } from "../../ops/joining.js";
import { squeeze, transpose, unsqueeze } from "../../ops/layout.js";
import { reshapeTo } from "../../ops/reshape.js";
import { pad, slice } from "../../ops/slicing.js";
import { windowPads } from "../layers/convolutional/same-pads.js";
import { blur, gaussian } from "../layers/preprocessing/blur.js";
import { fromHsv, toHsv } from "../layers/preprocessing/colours.js";
import { type Answer, inGraphOrder, inKerasOrder, type Operand } from "./operand.js";
import { operation, type OperationRow } from "./operation.js";
import { float, value } from "./rows.js";

/* Images cut into pieces, put together, and in other colours. */

/** Images, or one image, as a batch in Keras's order. */
export function imageBatch(owner: string, x: Value): Value {
  if (x.rank === 4) return x;
  if (x.rank === 3) return unsqueeze(x, [0]);
  throw new ShapeError(`${owner}: these are no images.`, {
    subject: "images",
    expected: "[height, width, channels], or a batch of these",
    received: formatShape(x.shape),
  });
}

/** Options of {@link extractPatches}. */
export interface PatchOptions {
  /** Height and width of a patch. */
  readonly size: Pair;
  /** Distances of patches; default their size. */
  readonly strides?: Pair | null;
  /** Distance of a patch's pixels; default 1. */
  readonly dilationRate?: Pair;
  /** Default `"valid"`. */
  readonly padding?: "valid" | "same";
  /** `"channels_last"`: Graft has no other. */
  readonly dataFormat?: "channels_last" | null;
}

/** What {@link extractPatches} is. */
export type ExtractPatches = <X extends Operand>(
  images: X,
  size: Pair | PatchOptions,
  options?: Omit<PatchOptions, "size">,
) => Answer<X>;

/** Patches of images: `[N, H, W, C]` → `[N, rows, columns, height · width · C]`, a pixel's channels beside each other. */
export const extractPatches = operation<ExtractPatches>({
  name: "image.extractPatches",
  className: "ExtractPatches",
  isNameless: true,
  module: "image",
  call: ["images"],
  options: { size: undefined, strides: null, dilationRate: 1, padding: "valid", dataFormat: null },
  compute: ([given], { size: wanted, strides, dilationRate, padding, dataFormat }) => {
    const owner = "image.extractPatches";
    if (dataFormat !== null) channelsLastOnly(owner, dataFormat as string);
    const x = value(given);
    const images = imageBatch(owner, x);
    const size = pair(owner, "size", wanted as Pair);
    const steps = pair(owner, "strides", (strides ?? size) as Pair);
    const apart = pair(owner, "dilationRate", dilationRate as Pair);
    const kind = oneOf(owner, "padding", padding as string, ["valid", "same"]);
    const margins = windowPads(inGraphOrder(images), kind, size, steps, apart);
    const whole = margins.every((margin) => margin === 0) ? images : pad(images, margins, { axes: [1, 2] });
    const counts = size.map((extent, axis) => {
      const span = (extent - 1) * (apart[axis] ?? 1) + 1;
      return Math.floor((staticDim(whole.shape, axis + 1, owner) - span) / (steps[axis] ?? 1)) + 1;
    });
    const [rows = 0, columns = 0] = counts;
    if (rows < 1 || columns < 1) return refuse(owner, "size", "patches that fit into the images", size);
    const patches =
      size[0] === steps[0] && size[1] === steps[1] && apart[0] === 1 && apart[1] === 1
        ? tiles(whole, size, [rows, columns])
        : windows(whole, size, steps, apart, [rows, columns]);
    return x.rank === 3 ? squeeze(patches, [0]) : patches;
  },
});

/** Patches that lie side by side. */
function tiles(x: Value, [high, wide]: readonly [number, number], [rows, columns]: readonly [number, number]): Value {
  const [n = 1, , , c = 1] = x.shape;
  const cut = slice(x, { starts: [0, 0], ends: [rows * high, columns * wide], axes: [1, 2] });
  const split = reshapeTo(cut, [n, rows, high, columns, wide, c]);
  const moved = transpose(split, { perm: [0, 1, 3, 2, 4, 5] });
  return reshapeTo(moved, [n, rows, columns, dimProduct([high, wide, c])]);
}

function windows(
  x: Value,
  [high, wide]: readonly [number, number],
  [down, right]: readonly [number, number],
  [downApart, rightApart]: readonly [number, number],
  [rows, columns]: readonly [number, number],
): Value {
  const pixels = Array.from({ length: high * wide }, (_, place) => {
    const [top, left] = [Math.floor(place / wide) * downApart, (place % wide) * rightApart];
    return slice(x, {
      starts: [top, left],
      ends: [top + (rows - 1) * down + 1, left + (columns - 1) * right + 1],
      axes: [1, 2],
      steps: [down, right],
    });
  });
  return concat(pixels, { axis: 3 });
}

/** Options of {@link padImages}. */
export interface PadImagesOptions {
  /** Rows of zeros above. */
  readonly topPadding?: number | null;
  readonly leftPadding?: number | null;
  readonly bottomPadding?: number | null;
  readonly rightPadding?: number | null;
  readonly targetHeight?: number | null;
  readonly targetWidth?: number | null;
}

/** What {@link padImages} is. */
export type PadImages = <X extends Operand>(images: X, options: PadImagesOptions) => Answer<X>;

/** Images with zeros around them; of each direction two of: before, behind, and extent. */
export const padImages = operation<PadImages>({
  name: "image.padImages",
  className: "PadImages",
  module: "image",
  call: ["images"],
  options: {
    topPadding: null,
    leftPadding: null,
    bottomPadding: null,
    rightPadding: null,
    targetHeight: null,
    targetWidth: null,
    dataFormat: null,
  },
  compute: ([given], options) => {
    const owner = "image.padImages";
    const x = value(given);
    const images = imageBatch(owner, x);
    const direction = (axis: number, before: unknown, behind: unknown, extent: unknown): readonly [number, number] => {
      const all = images.shape[axis];
      const numbers = [before, behind, extent].filter((one) => Number.isSafeInteger(one));
      if (typeof all !== "number" || numbers.length !== 2) {
        return refuse(owner, "padding", "two of before, behind and target for images of known size", [
          before,
          behind,
          extent,
        ]);
      }
      const first = typeof before === "number" ? before : Number(extent) - all - Number(behind);
      const last = typeof behind === "number" ? behind : Number(extent) - all - first;
      return first >= 0 && last >= 0 ? [first, last] : refuse(owner, "padding", "margins of at least 0", [first, last]);
    };
    const rows = direction(1, options["topPadding"], options["bottomPadding"], options["targetHeight"]);
    const columns = direction(2, options["leftPadding"], options["rightPadding"], options["targetWidth"]);
    const padded = pad(images, [rows[0], columns[0], rows[1], columns[1]], { axes: [1, 2] });
    return x.rank === 3 ? squeeze(padded, [0]) : padded;
  },
});

/** A function of images. */
export type OfImages = <X extends Operand>(images: X) => Answer<X>;

function ofColours(name: string, className: string, compute: (images: Value) => Value): OperationRow {
  return {
    name,
    className,
    module: "image",
    call: ["images"],
    options: { dataFormat: null },
    compute: ([given], { dataFormat }) => {
      if (dataFormat !== null) channelsLastOnly(name, dataFormat as string);
      const x = float(given);
      const made = inKerasOrder(compute(inGraphOrder(imageBatch(name, x))));
      return x.rank === 3 ? squeeze(made, [0]) : made;
    },
  };
}

/** Red, green, blue from 0 to 1 as hue, saturation and value. */
export const rgbToHsv = operation<OfImages>(
  ofColours("image.rgbToHsv", "RGBToHSV", (images) => {
    const { hue, saturation, value: brightness } = toHsv(images, "image.rgbToHsv");
    return concat([hue, saturation, brightness], { axis: 1 });
  }),
);

/** The reverse of {@link rgbToHsv}. */
export const hsvToRgb = operation<OfImages>(
  ofColours("image.hsvToRgb", "HSVToRGB", (images) => {
    if (images.shape[1] !== 3) {
      throw new ShapeError("image.hsvToRgb: these are no images of three channels.", {
        subject: "images",
        expected: "[…, 3]",
        received: formatShape(inKerasOrder(images).shape),
      });
    }
    const part = (at: number): Value => slice(images, { starts: [at], ends: [at + 1], axes: [1] });
    return fromHsv({ hue: part(0), saturation: part(1), value: part(2) });
  }),
);

/** Options of {@link gaussianBlur}. */
export interface BlurOptions {
  /** Odd height and width; default 3. */
  readonly kernelSize?: readonly [number, number];
  /** Deviations in pixels, of columns and of rows; default 1. */
  readonly sigma?: readonly [number, number];
}

/** What {@link gaussianBlur} is. */
export type GaussianBlur = <X extends Operand>(images: X, options?: BlurOptions) => Answer<X>;

/** Images blurred by the normal distribution; beyond the edges lies 0. */
export const gaussianBlur = operation<GaussianBlur>({
  name: "image.gaussianBlur",
  className: "GaussianBlur",
  module: "image",
  call: ["images"],
  options: { kernelSize: [3, 3], sigma: [1, 1], dataFormat: null },
  compute: ([given], { kernelSize, sigma, dataFormat }) => {
    const owner = "image.gaussianBlur";
    if (dataFormat !== null) channelsLastOnly(owner, dataFormat as string);
    const x = float(given);
    const images = inGraphOrder(imageBatch(owner, x));
    const [high, wide] = pair(owner, "kernelSize", kernelSize as Pair);
    if (high % 2 === 0 || wide % 2 === 0) refuse(owner, "kernelSize", "odd numbers", kernelSize);
    const deviations: readonly unknown[] = Array.isArray(sigma) ? sigma : [sigma, sigma];
    const [down, right] = deviations;
    if (deviations.length !== 2 || !(Number(down) > 0) || !(Number(right) > 0)) {
      return refuse(owner, "sigma", "two numbers above 0", sigma);
    }
    const line = (size: number, deviation: unknown): Value =>
      gaussian(size, constant(float32([Number(deviation)], [1])));
    // Keras takes the first numbers for columns.
    const made = inKerasOrder(blur(images, line(wide, right), line(high, down)));
    return x.rank === 3 ? squeeze(made, [0]) : made;
  },
});

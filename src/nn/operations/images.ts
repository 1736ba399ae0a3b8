import { channelsLastOnly, oneOf, pair, refuse } from "../../errors/check.js";
import { ShapeError } from "../../errors/errors.js";
import { formatShape } from "../../graph/shape.js";
import { constant, type Value } from "../../graph/value.js";
import { float32 } from "../../onnx/tensor-data.js";
import { unsqueeze, squeeze } from "../../ops/layout.js";
import { mul } from "../../ops/elementwise.js";
import { reduceSum } from "../../ops/reduction.js";
import { slice } from "../../ops/slicing.js";
import { resizeImages, cropToAspectRatio } from "../layers/preprocessing/resize-images.js";
import { type Answer, inGraphOrder, inKerasOrder, type Operand } from "./operand.js";
import { operation } from "./operation.js";
import { float, value } from "./rows.js";

export {
  type BlurOptions,
  extractPatches,
  gaussianBlur,
  hsvToRgb,
  padImages,
  type PadImagesOptions,
  type PatchOptions,
  rgbToHsv,
} from "./patches.js";

/** Options of {@link resize}. */
export interface ResizeOptions {
  /** Default `"bilinear"`. */
  readonly interpolation?: "bilinear" | "nearest" | "bicubic" | "lanczos3" | "lanczos5";
  /** Whether shrinking averages; default `false`. */
  readonly antialias?: boolean;
  /** Whether the largest part of the proportions of the size is resized; default `false`. */
  readonly cropToAspectRatio?: boolean;
  /** `"channels_last"`: Graft has no other. */
  readonly dataFormat?: "channels_last" | null;
}

/** What {@link resize} is. */
export type Resize = <X extends Operand>(
  images: X,
  size: readonly [number, number],
  options?: ResizeOptions,
) => Answer<X>;

/** Images, or one image, in the graph's order as a batch. */
function batch(owner: string, x: Value): Value {
  if (x.rank === 4) return inGraphOrder(x);
  if (x.rank === 3) return inGraphOrder(unsqueeze(x, [0]));
  throw new ShapeError(`${owner}: these are no images.`, {
    subject: "images",
    expected: "[height, width, channels], or a batch of these",
    received: formatShape(x.shape),
  });
}

function likeInput(x: Value, images: Value): Value {
  const result = inKerasOrder(images);
  return x.rank === 3 ? squeeze(result, [0]) : result;
}

/** Images in another size, with TensorFlow's values. */
export const resize = operation<Resize>({
  name: "image.resize",
  className: "Resize",
  module: "image",
  call: ["images"],
  options: {
    size: undefined,
    interpolation: "bilinear",
    antialias: false,
    cropToAspectRatio: false,
    padToAspectRatio: false,
    fillMode: "constant",
    fillValue: 0,
    dataFormat: null,
  },
  compute: ([given], options) => {
    const x = float(given);
    const size = pair("image.resize", "size", options["size"] as readonly [number, number]);
    if (options["padToAspectRatio"] === true) refuse("image.resize", "padToAspectRatio", "false", true);
    if (options["dataFormat"] !== null) channelsLastOnly("image.resize", options["dataFormat"] as string);
    const kinds = ["bilinear", "nearest", "bicubic", "lanczos3", "lanczos5"] as const;
    const interpolation = oneOf("image.resize", "interpolation", options["interpolation"] as string, kinds);
    const images = batch("image.resize", x);
    const cut = options["cropToAspectRatio"] === true ? cropToAspectRatio(images, size) : images;
    return likeInput(x, resizeImages(cut, size, interpolation, options["antialias"] === true));
  },
});

/** What {@link rgbToGrayscale} is. */
export type Greyscale = <X extends Operand>(images: X) => Answer<X>;

/** Brightness of RGB images: `0.2989 R + 0.587 G + 0.114 B`, `[…, 1]`. */
export const rgbToGrayscale = operation<Greyscale>({
  name: "image.rgbToGrayscale",
  className: "RGBToGrayscale",
  module: "image",
  call: ["images"],
  options: { dataFormat: null },
  compute: ([given]) => {
    const x = float(given);
    if (x.shape.at(-1) !== 3) {
      throw new ShapeError("image.rgbToGrayscale: these are no RGB images.", {
        subject: "images",
        expected: "[…, 3]",
        received: formatShape(x.shape),
      });
    }
    return reduceSum(mul(x, constant(float32([0.2989, 0.587, 0.114], [3]))), [x.rank - 1], { keepdims: 1 });
  },
});

/** Options of {@link cropImages}. */
export interface CropOptions {
  /** Pixels that are cut away above. */
  readonly topCropping?: number | null;
  readonly leftCropping?: number | null;
  readonly bottomCropping?: number | null;
  readonly rightCropping?: number | null;
  readonly targetHeight?: number | null;
  readonly targetWidth?: number | null;
}

/** What {@link cropImages} is. */
export type CropImages = <X extends Operand>(images: X, options: CropOptions) => Answer<X>;

/** Part of images; of each direction two of: pixels before, pixels behind, and extent. */
export const cropImages = operation<CropImages>({
  name: "image.cropImages",
  className: "CropImages",
  module: "image",
  call: ["images"],
  options: {
    topCropping: null,
    leftCropping: null,
    bottomCropping: null,
    rightCropping: null,
    targetHeight: null,
    targetWidth: null,
    dataFormat: null,
  },
  compute: ([given], options) => {
    const x = value(given);
    const images = batch("image.cropImages", x);
    const direction = (axis: number, before: unknown, behind: unknown, extent: unknown): readonly [number, number] => {
      const all = images.shape[axis];
      const numbers = [before, behind, extent].filter((one) => typeof one === "number");
      if (typeof all !== "number" || numbers.length !== 2) {
        return refuse(
          "image.cropImages",
          "cropping",
          "two of before, behind and target for images of known size",
          x.shape,
        );
      }
      const start = typeof before === "number" ? before : all - Number(behind) - Number(extent);
      const end = typeof extent === "number" ? start + extent : all - Number(behind);
      return start >= 0 && end <= all && start < end
        ? [start, end]
        : refuse(
            "image.cropImages",
            "cropping",
            `a part of ${String(all)} pixels`,
            `${String(start)} to ${String(end)}`,
          );
    };
    const rows = direction(2, options["topCropping"], options["bottomCropping"], options["targetHeight"]);
    const columns = direction(3, options["leftCropping"], options["rightCropping"], options["targetWidth"]);
    const cut = slice(images, { starts: [rows[0], columns[0]], ends: [rows[1], columns[1]], axes: [2, 3] });
    return likeInput(x, cut);
  },
});

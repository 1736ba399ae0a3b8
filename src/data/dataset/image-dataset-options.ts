import { channelsLastOnly, checkOptionNames, isWhole, refuseOption, show } from "../../errors/check.js";
import { isSize } from "../generator/flow-options.js";
import type { ColorMode } from "../../photos/read-photo.js";
import { type ResizeMethod, resizeMethods } from "../../photos/resize-like-tensorflow.js";

/** What labels look like: numbers `[n]`, one-hot rows, numbers `[n, 1]`, or none. */
export type LabelMode = "int" | "categorical" | "binary" | null;

/** Options of `imageDatasetFromDirectory`; names, meaning and defaults are Keras's. */
export interface ImageDatasetOptions {
  /** `"inferred"`: from the folders; a number for each photo, in the order of the files; `null`: none. Default `"inferred"`. */
  readonly labels?: "inferred" | readonly number[] | null;
  /** Default `"int"`. */
  readonly labelMode?: LabelMode;
  /** Names of the class folders in the order of their numbers; default all, sorted. */
  readonly classNames?: readonly string[] | null;
  /** Default `"rgb"`. */
  readonly colorMode?: ColorMode;
  /** Default 32; `null`: photos one by one, which `batch` joins. */
  readonly batchSize?: number | null;
  /** Height and width in pixels; default [256, 256]. */
  readonly imageSize?: readonly [height: number, width: number];
  /** Whether photos come in an order of their own, each round another; default `true`. */
  readonly shuffle?: boolean;
  /** Seed of that order; needed where photos are shuffled and split. */
  readonly seed?: number | null;
  /** Share of the photos that is set aside for validation: the last ones. Default none. */
  readonly validationSplit?: number | null;
  /** Which part of the photos, where they are split; `"both"` gives two datasets. */
  readonly subset?: "training" | "validation" | "both" | null;
  /** How photos are resized; default `"bilinear"`. */
  readonly interpolation?: ResizeMethod;
  /** Whether to go into folders that are symbolic links; default `false`. */
  readonly followLinks?: boolean;
  /** Whether the largest window of the target's proportions is cut out of the middle; default `false`. */
  readonly cropToAspectRatio?: boolean;
  /** Whether photos keep their proportions with black edges; default `false`. */
  readonly padToAspectRatio?: boolean;
  /** `"channels_last"`, which is also the default: `[batch, height, width, channels]`. */
  readonly dataFormat?: string | null;
  /** Whether to say how many photos there are; default `true`. */
  readonly verbose?: boolean;
}

/** What errors call the function. */
export const datasetOwner = "imageDatasetFromDirectory";

const optionNames = [
  ...["labels", "labelMode", "classNames", "colorMode", "batchSize", "imageSize", "shuffle", "seed"],
  ...["validationSplit", "subset", "interpolation", "followLinks", "cropToAspectRatio", "padToAspectRatio"],
  ...["dataFormat", "verbose"],
];

/**
 * Checks the options of `imageDatasetFromDirectory`.
 *
 * @throws UsageError for an unknown or an impossible one
 */
export function checkDatasetOptions(options: ImageDatasetOptions): void {
  checkOptionNames(datasetOwner, options, optionNames);
  const { batchSize = 32, imageSize = [256, 256], interpolation = "bilinear", colorMode = "rgb" } = options;
  if (batchSize !== null && !isWhole(batchSize, 1)) {
    refuseOption(datasetOwner, "batchSize", "a whole number from 1, or null for photos one by one", batchSize);
  }
  channelsLastOnly(datasetOwner, options.dataFormat ?? undefined);
  if (!isSize(imageSize)) refuseOption(datasetOwner, "imageSize", "[height, width] in pixels", String(imageSize));
  if (!resizeMethods.includes(interpolation)) {
    refuseOption(datasetOwner, "interpolation", resizeMethods.join(", "), interpolation);
  }
  if (!["rgb", "rgba", "grayscale"].includes(colorMode)) {
    refuseOption(datasetOwner, "colorMode", '"rgb", "rgba" or "grayscale"', colorMode);
  }
  checkLabels(options);
  if (options.cropToAspectRatio === true && options.padToAspectRatio === true) {
    refuseOption(datasetOwner, "cropToAspectRatio", "one of cropToAspectRatio and padToAspectRatio", "both");
  }
  checkSplit(options);
}

function checkLabels(options: ImageDatasetOptions): void {
  const labelMode: unknown = options.labelMode === undefined ? "int" : options.labelMode;
  if (!["int", "categorical", "binary", null].includes(labelMode as string | null)) {
    refuseOption(datasetOwner, "labelMode", '"int", "categorical", "binary" or null', labelMode);
  }
  const labels: unknown = options.labels === undefined ? "inferred" : options.labels;
  const isList = Array.isArray(labels) && labels.every((label) => typeof label === "number");
  if (labels !== "inferred" && labels !== null && !isList) {
    refuseOption(datasetOwner, "labels", '"inferred", a list of numbers, or null', show(labels));
  }
  if (labels !== "inferred" && (options.classNames ?? undefined) !== undefined) {
    refuseOption(datasetOwner, "classNames", 'labels: "inferred"', "classNames together with other labels");
  }
}

function checkSplit(options: ImageDatasetOptions): void {
  const split = options.validationSplit ?? undefined;
  const subset: unknown = options.subset ?? undefined;
  if (split !== undefined && !(split > 0 && split < 1)) {
    refuseOption(datasetOwner, "validationSplit", "a number between 0 and 1", split);
  }
  if ((split === undefined) !== (subset === undefined)) {
    refuseOption(
      datasetOwner,
      "subset",
      "validationSplit and subset together, or neither",
      subset ?? "validationSplit alone",
    );
  }
  if (subset !== undefined && !["training", "validation", "both"].includes(subset as string)) {
    refuseOption(datasetOwner, "subset", '"training", "validation" or "both"', subset);
  }
  if (split !== undefined && (options.shuffle ?? true) && (options.seed ?? undefined) === undefined) {
    refuseOption(
      datasetOwner,
      "seed",
      "a seed where photos are shuffled and split",
      "none",
      "Without one the training and validation photos of two calls would overlap.",
    );
  }
}

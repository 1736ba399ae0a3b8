import { checkOptionNames, refuse, type Loose } from "../../errors/check.js";
import { UsageError } from "../../errors/errors.js";
import { type AffineOptions, checkAffineOptions } from "../augment/affine-parameters.js";
import type { InterpolationOrder } from "../augment/affine-graph.js";
import type { Augmentation } from "../augment/augmentation.js";
import { type FillMode, fillModes } from "../augment/fill-mode.js";
import type { HostPreprocessing } from "./host-preprocessing.js";
import type { GraphPreprocessing, Normalization } from "./standardize.js";

/** Options of {@link ImageDataGenerator}; names, meaning and defaults are Keras's. */
export interface ImageDataGeneratorOptions extends AffineOptions {
  /** Whether the data's mean of each channel is subtracted; needs `fit`. Default false. */
  readonly featurewiseCenter?: boolean;
  /** Whether each photo's own mean is subtracted. Default false. */
  readonly samplewiseCenter?: boolean;
  /** Whether channels are divided by the data's standard deviation; needs `fit`, implies `featurewiseCenter`. Default false. */
  readonly featurewiseStdNormalization?: boolean;
  /** Whether each photo is divided by its own standard deviation; implies `samplewiseCenter`. Default false. */
  readonly samplewiseStdNormalization?: boolean;
  /** Whether photos are whitened; needs `fit`, implies `featurewiseCenter`, rules out `featurewiseStdNormalization`. Default false. */
  readonly zcaWhitening?: boolean;
  /** Guard against division by zero in whitening; default 1e-6. */
  readonly zcaEpsilon?: number;
  /** Factor for all values, after the preprocessing function; default none. */
  readonly rescale?: number | null;
  /** What is put beyond the edges; default `"nearest"`. */
  readonly fillMode?: FillMode;
  /** Value beyond the edges for `fillMode: "constant"`; default 0. */
  readonly cval?: number;
  /** How pixels between pixels are made: 0 takes the nearest, 1 is bilinear, 2 to 5 are splines. Default 1. */
  readonly interpolationOrder?: InterpolationOrder;
  /**
   * Applied after augmentation and before `rescale`. A function of Graft, such as `applications.vgg16.preprocessInput`,
   * becomes part of the graph; any other is called for each photo, `[height, width, channels]` float32, and makes
   * everything behind it wait.
   */
  readonly preprocessingFunction?: GraphPreprocessing | HostPreprocessing | null;
  /** Share of the photos set aside for validation, in (0, 1); see `subset`. Default 0: none. */
  readonly validationSplit?: number;
  /** Order of the axes; only Keras's default is offered. */
  readonly dataFormat?: "channels_last" | null | undefined;
  /** Element type of the batches that iterators give; networks compute in float32 whatever it is. Default `"float32"`. */
  readonly dtype?: "float32" | "float64";
}

const switches = [
  "featurewiseCenter",
  "samplewiseCenter",
  "featurewiseStdNormalization",
  "samplewiseStdNormalization",
  "zcaWhitening",
  "horizontalFlip",
  "verticalFlip",
] as const;

const optionNames = [
  ...switches,
  "zcaEpsilon",
  "rotationRange",
  "widthShiftRange",
  "heightShiftRange",
  "brightnessRange",
  "shearRange",
  "zoomRange",
  "channelShiftRange",
  "fillMode",
  "cval",
  "rescale",
  "preprocessingFunction",
  "dataFormat",
  "validationSplit",
  "interpolationOrder",
  "dtype",
] as const satisfies readonly (keyof ImageDataGeneratorOptions)[];

/** What errors call the class. */
const owner = "ImageDataGenerator";

/**
 * Checks the options of `ImageDataGenerator`.
 *
 * @throws UsageError for an unknown option or an impossible value
 */
export function checkGeneratorOptions(given: Loose<ImageDataGeneratorOptions>): ImageDataGeneratorOptions {
  checkOptionNames(owner, given, optionNames);
  const options = given as ImageDataGeneratorOptions;
  checkAffineOptions(options);
  for (const name of switches) {
    const value: unknown = options[name];
    if (value !== undefined && typeof value !== "boolean") refuse(owner, name, "true or false", value);
  }
  const { fillMode = "nearest", rescale, cval = 0, zcaEpsilon = 1e-6, validationSplit = 0 } = options;
  if (!fillModes.includes(fillMode)) {
    throw new UsageError(`There is no fill mode "${fillMode}".`, {
      subject: "fillMode",
      expected: fillModes.join(", "),
      received: fillMode,
    });
  }
  for (const [name, value] of Object.entries({ rescale: rescale ?? 1, cval })) {
    if (!Number.isFinite(value)) refuse(owner, name, "a number", value);
  }
  if (!(Number.isFinite(zcaEpsilon) && zcaEpsilon >= 0)) refuse(owner, "zcaEpsilon", "a number, 0 or more", zcaEpsilon);
  if (!(validationSplit >= 0 && validationSplit < 1)) {
    refuse(owner, "validationSplit", "a number between 0 and 1, or 0 for none", validationSplit);
  }
  checkKinds(options);
  return options;
}

/** Checks options that name one of several kinds. */
function checkKinds(options: ImageDataGeneratorOptions): void {
  const order: unknown = options.interpolationOrder ?? 1;
  if (![0, 1, 2, 3, 4, 5].includes(order as number)) {
    refuse(owner, "interpolationOrder", "0 (nearest), 1 (bilinear), or 2 to 5 (splines)", order);
  }
  const format: unknown = options.dataFormat ?? "channels_last";
  if (format !== "channels_last") refuse(owner, "dataFormat", '"channels_last"', format);
  const dtype: unknown = options.dtype ?? "float32";
  if (dtype !== "float32" && dtype !== "float64") refuse(owner, "dtype", '"float32" or "float64"', dtype);
  const preprocess: unknown = options.preprocessingFunction ?? undefined;
  const usable =
    preprocess === undefined ||
    typeof preprocess === "function" ||
    (typeof preprocess === "object" && preprocess !== null && "graph" in preprocess);
  if (!usable) {
    refuse(
      owner,
      "preprocessingFunction",
      "a function of one image, or one of Graft's such as applications.vgg16.preprocessInput",
      preprocess,
    );
  }
}

/** What augmentation options ask for; flags are all false where there is none. */
export function augmentationOf(options: ImageDataGeneratorOptions): Augmentation {
  const { rotationRange, widthShiftRange, heightShiftRange, shearRange, zoomRange } = options;
  const { fillMode = "nearest", cval = 0, interpolationOrder = 1 } = options;
  const ranges = [rotationRange, widthShiftRange, heightShiftRange, shearRange, zoomRange];
  const moves = ranges.some((range) => range !== undefined && range !== 0);
  return {
    affine: moves || options.horizontalFlip === true || options.verticalFlip === true,
    channelShift: (options.channelShiftRange ?? 0) !== 0,
    brightness: (options.brightnessRange ?? null) !== null,
    fillMode,
    cval,
    order: interpolationOrder,
  };
}

/** The preprocessing function, as what it is: a part of the graph, or a function on the host. */
export function preprocessingOf({ preprocessingFunction }: ImageDataGeneratorOptions): {
  readonly inGraph: GraphPreprocessing | undefined;
  readonly onHost: HostPreprocessing | undefined;
} {
  const given = preprocessingFunction ?? undefined;
  if (given === undefined) return { inGraph: undefined, onHost: undefined };
  return "graph" in given ? { inGraph: given, onHost: undefined } : { inGraph: undefined, onHost: given };
}

/** The switches and the factor, with what Keras makes of contradictions, and what it says of them. */
export function normalizationOf(options: ImageDataGeneratorOptions): {
  readonly normalization: Normalization;
  readonly warnings: readonly string[];
} {
  const { featurewiseCenter = false, featurewiseStdNormalization = false, zcaWhitening = false } = options;
  const { samplewiseCenter = false, samplewiseStdNormalization = false } = options;
  const warnings: string[] = [];
  const overrides = (winner: string, loser: string): void => {
    warnings.push(`ImageDataGenerator: ${winner} overrides the setting of ${loser}.`);
  };
  if (zcaWhitening && !featurewiseCenter) overrides("zcaWhitening", "featurewiseCenter");
  if (zcaWhitening && featurewiseStdNormalization) overrides("zcaWhitening", "featurewiseStdNormalization");
  if (featurewiseStdNormalization && !featurewiseCenter) overrides("featurewiseStdNormalization", "featurewiseCenter");
  if (samplewiseStdNormalization && !samplewiseCenter) overrides("samplewiseStdNormalization", "samplewiseCenter");
  const normalization = {
    // As in Keras a factor of 0 is none.
    rescale: options.rescale === null || options.rescale === 0 ? undefined : options.rescale,
    featurewiseCenter: featurewiseCenter || featurewiseStdNormalization || zcaWhitening,
    featurewiseStdNormalization: featurewiseStdNormalization && !zcaWhitening,
    samplewiseCenter: samplewiseCenter || samplewiseStdNormalization,
    samplewiseStdNormalization,
    zcaWhitening,
  };
  return { normalization, warnings };
}

import { join } from "node:path";
import { FileError, UsageError } from "../../errors/errors.js";
import { platform } from "../../models/platform.js";
import { Generator } from "../../random/generator.js";
import { randomStream } from "../../random/seed.js";
import { BatchIterator, type LabelledBatch, type Samples } from "../generator/batch-iterator.js";
import { checkOptionNames, isSize, refuseOption } from "../generator/flow-options.js";
import { decodePool } from "../../photos/decode-pool.js";
import { ImageDataGenerator } from "../generator/image-data-generator.js";
import { classNumbers, oneHot } from "../generator/labels.js";
import type { Photo } from "../../photos/photo.js";
import { pixelCache } from "../../photos/pixel-cache.js";
import { channelsOf, type ColorMode } from "../../photos/read-photo.js";
import { type ResizeMethod, resizeMethods } from "../../photos/resize-like-tensorflow.js";
import { listPhotos, scanClassFolders } from "../../photos/scan.js";

/** What labels look like: numbers `[n]`, one-hot rows, numbers `[n, 1]`, or none. */
export type LabelMode = "int" | "categorical" | "binary" | null;

/** Options of {@link imageDatasetFromDirectory}; names, meaning and defaults are Keras's. */
export interface ImageDatasetOptions {
  /** `"inferred"`: from the folders; a number for each photo, in the order of the files; `null`: none. Default `"inferred"`. */
  readonly labels?: "inferred" | readonly number[] | null;
  /** Default `"int"`. */
  readonly labelMode?: LabelMode;
  /** Names of the class folders in the order of their numbers; default all, sorted. */
  readonly classNames?: readonly string[] | null;
  /** Default `"rgb"`. */
  readonly colorMode?: ColorMode;
  /** Default 32. */
  readonly batchSize?: number;
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
  /** Whether to say how many photos there are; default `true`. */
  readonly verbose?: boolean;
}

const owner = "imageDatasetFromDirectory";
const optionNames = [
  ...["labels", "labelMode", "classNames", "colorMode", "batchSize", "imageSize", "shuffle", "seed"],
  ...["validationSplit", "subset", "interpolation", "followLinks", "cropToAspectRatio", "padToAspectRatio", "verbose"],
];

/** Keras's list, which is shorter than that of `flowFromDirectory`. */
const extensions = ["bmp", "gif", "jpeg", "jpg", "png"];

function check(options: ImageDatasetOptions): void {
  checkOptionNames(owner, options, optionNames);
  const { batchSize = 32, imageSize = [256, 256], interpolation = "bilinear", colorMode = "rgb" } = options;
  if (!(Number.isInteger(batchSize) && batchSize > 0)) {
    refuseOption(owner, "batchSize", "a whole number from 1", batchSize, "Datasets without batches are not offered.");
  }
  if (!isSize(imageSize)) refuseOption(owner, "imageSize", "[height, width] in pixels", String(imageSize));
  if (!resizeMethods.includes(interpolation)) {
    refuseOption(owner, "interpolation", resizeMethods.join(", "), interpolation);
  }
  if (!["rgb", "rgba", "grayscale"].includes(colorMode)) {
    refuseOption(owner, "colorMode", '"rgb", "rgba" or "grayscale"', colorMode);
  }
  const labelMode: unknown = options.labelMode === undefined ? "int" : options.labelMode;
  if (!["int", "categorical", "binary", null].includes(labelMode as string | null)) {
    refuseOption(owner, "labelMode", '"int", "categorical", "binary" or null', labelMode);
  }
  const labels: unknown = options.labels === undefined ? "inferred" : options.labels;
  if (labels !== "inferred" && labels !== null && !Array.isArray(labels)) {
    refuseOption(owner, "labels", '"inferred", a list of numbers, or null', labels);
  }
  if (labels !== "inferred" && (options.classNames ?? undefined) !== undefined) {
    refuseOption(owner, "classNames", 'labels: "inferred"', "classNames together with other labels");
  }
  if (options.cropToAspectRatio === true && options.padToAspectRatio === true) {
    refuseOption(owner, "cropToAspectRatio", "one of cropToAspectRatio and padToAspectRatio", "both");
  }
  checkSplit(options);
}

function checkSplit(options: ImageDatasetOptions): void {
  const split = options.validationSplit ?? undefined;
  const subset: unknown = options.subset ?? undefined;
  if (split !== undefined && !(split > 0 && split < 1)) {
    refuseOption(owner, "validationSplit", "a number between 0 and 1", split);
  }
  if ((split === undefined) !== (subset === undefined)) {
    refuseOption(owner, "subset", "validationSplit and subset together, or neither", subset ?? "validationSplit alone");
  }
  if (subset !== undefined && !["training", "validation", "both"].includes(subset as string)) {
    refuseOption(owner, "subset", '"training", "validation" or "both"', subset);
  }
  if (split !== undefined && (options.shuffle ?? true) && (options.seed ?? undefined) === undefined) {
    refuseOption(
      owner,
      "seed",
      "a seed where photos are shuffled and split",
      "none",
      "Without one the training and validation photos of two calls would overlap.",
    );
  }
}

/** One photo with its label, if it has one. */
interface Labelled {
  readonly path: string;
  readonly label: number;
}

interface Listing {
  readonly photos: readonly Labelled[];
  /** `undefined` without labels. */
  readonly classNames: readonly string[] | undefined;
}

async function list(directory: string, options: ImageDatasetOptions): Promise<Listing> {
  const { followLinks = false } = options;
  const labels = options.labels === undefined ? "inferred" : options.labels;
  const labelled = labels !== null && options.labelMode !== null;
  if (labels === "inferred") {
    const names = options.classNames ?? undefined;
    const scan = { extensions, followLinks, ...(names === undefined ? {} : { classes: names }) };
    const set = await scanClassFolders(directory, scan);
    const photos = set.photos.map(({ path, classIndex }: Photo) => ({ path, label: classIndex }));
    return { photos, classNames: labelled ? set.classes : undefined };
  }
  const paths = await listPhotos(directory, { extensions, followLinks });
  if (labels !== null && labels.length !== paths.length) {
    throw new UsageError("There is not a label for each photo.", {
      subject: "labels",
      expected: `${paths.length} labels, as many as photos in ${directory}`,
      received: `${labels.length}`,
    });
  }
  const photos = paths.map((path, index) => ({ path, label: labels?.[index] ?? 0 }));
  const names = labelled ? [...new Set(labels)].sort((a, b) => a - b).map(String) : undefined;
  return { photos, classNames: names };
}

function truthOf(listing: Listing, photos: readonly Labelled[], mode: LabelMode): Samples["truth"] {
  const { classNames } = listing;
  if (classNames === undefined || mode === null) return undefined;
  const labels = (keys: readonly number[]): number[] => keys.map((key) => photos[key]?.label ?? 0);
  if (mode === "categorical") return (keys) => oneHot(labels(keys), classNames.length);
  if (mode === "int") return (keys) => classNumbers(labels(keys));
  return (keys) => ({ ...classNumbers(labels(keys)), dims: [keys.length, 1] });
}

/** Photos of a folder in batches: what {@link imageDatasetFromDirectory} gives. Levels are float32 in [0, 255]. */
export class ImageDataset extends BatchIterator<LabelledBatch> {
  /** Names of the classes in the order of their numbers; `undefined` without labels. */
  readonly classNames: readonly string[] | undefined;
  /** Paths of the photos. */
  readonly filePaths: readonly string[];

  /** @param shuffle whether each round has an order of its own */
  constructor(listing: Listing, photos: readonly Labelled[], options: ImageDatasetOptions, shuffle: boolean) {
    const { imageSize = [256, 256], colorMode = "rgb", batchSize = 32 } = options;
    const [height, width] = imageSize;
    const channels = channelsOf(colorMode);
    const size = height * width * channels;
    const labelMode = options.labelMode === undefined ? "int" : options.labelMode;
    const { interpolation = "bilinear", cropToAspectRatio = false, padToAspectRatio = false } = options;
    const pixelOptions = { colorMode, imageSize, interpolation, cropToAspectRatio, padToAspectRatio };
    const reading = JSON.stringify(pixelOptions);
    const samples: Samples = {
      count: photos.length,
      shape: [height, width, channels],
      type: "float32",
      truth: truthOf(listing, photos, labelMode),
      async read(keys) {
        const pixels = new Float32Array(keys.length * size);
        await Promise.all(
          keys.map(async (key, row) => {
            const path = photos[key]?.path ?? "";
            const own = new Uint8Array(pixels.buffer, row * size * 4, size * 4);
            const job = { kind: "dataset", path, options: pixelOptions } as const;
            await pixelCache.fill(own, path, reading, (room) => decodePool.pixels(job, room));
          }),
        );
        return pixels;
      },
    };
    super(new ImageDataGenerator(), samples, { batchSize, shuffle, seed: options.seed ?? null });
    this.classNames = listing.classNames;
    this.filePaths = photos.map(({ path }) => path);
  }
}

/**
 * Takes photos from a folder that holds one folder per class, resized as TensorFlow does it.
 *
 * @param directory the folder that holds the class folders
 * @returns a dataset for `fit`, `evaluate` and `predict`; two, training and validation, for `subset: "both"`
 * @throws FileError when the folder cannot be read or holds no photos
 * @throws UsageError for impossible options
 * @see https://keras.io/api/data_loading/image/#imagedatasetfromdirectory-function Orders are drawn from this package's
 * generators, so a split of shuffled photos is not the one that Keras makes of the same seed; `batchSize: null` and
 * `dataFormat` are not offered; grey is made of colours, where TensorFlow takes a JPEG's brightness as it is stored
 */
export function imageDatasetFromDirectory(
  directory: string,
  options: ImageDatasetOptions & { readonly subset: "both" },
): Promise<[training: ImageDataset, validation: ImageDataset]>;
export function imageDatasetFromDirectory(
  directory: string,
  options?: ImageDatasetOptions & { readonly subset?: "training" | "validation" | null },
): Promise<ImageDataset>;
export async function imageDatasetFromDirectory(
  directory: string,
  options: ImageDatasetOptions = {},
): Promise<ImageDataset | [training: ImageDataset, validation: ImageDataset]> {
  check(options);
  const listing = await list(directory, options);
  const { shuffle = true, subset, verbose = true, validationSplit } = options;
  const say = (line: string): void => {
    if (verbose) platform().print(line);
  };
  const { classNames } = listing;
  const found = `Found ${listing.photos.length} files`;
  say(classNames === undefined ? `${found}.` : `${found} belonging to ${classNames.length} classes.`);
  if (options.labelMode === "binary" && classNames?.length !== 2) {
    refuseOption(owner, "labelMode", 'two classes for "binary"', (classNames ?? ["no labels"]).join(", "));
  }
  const photos = shuffle ? shuffled(listing.photos, options.seed ?? undefined) : listing.photos;
  const held = Math.trunc((validationSplit ?? 0) * photos.length);
  const training = photos.slice(0, photos.length - held);
  const validation = photos.slice(photos.length - held);
  const dataset = (part: readonly Labelled[], what: string, order: boolean): ImageDataset => {
    if (part.length > 0) return new ImageDataset(listing, part, options, order);
    throw new FileError(`There are no ${what}photos in ${directory}.`, {
      subject: join(directory),
      expected: `files that end in ${extensions.join(", ")}`,
      received: `${listing.photos.length} photos in all`,
    });
  };
  if (subset === undefined || subset === null) return dataset(photos, "", shuffle);
  if (subset !== "validation") say(`Using ${training.length} files for training.`);
  if (subset !== "training") say(`Using ${validation.length} files for validation.`);
  if (subset === "both") {
    return [dataset(training, "training ", shuffle), dataset(validation, "validation ", false)];
  }
  return subset === "training" ? dataset(training, "training ", shuffle) : dataset(validation, "validation ", shuffle);
}

function shuffled(photos: readonly Labelled[], seed: number | undefined): readonly Labelled[] {
  const generator = seed === undefined ? randomStream("image-dataset") : new Generator(seed).fork("files");
  return generator.permutation(photos.length).flatMap((index) => photos[index] ?? []);
}

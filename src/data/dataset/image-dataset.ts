import { join } from "node:path";
import { FileError, UsageError } from "../../errors/errors.js";
import { platform } from "../../models/platform.js";
import { byName } from "../../nn/named.js";
import { Generator } from "../../random/generator.js";
import { randomStream } from "../../random/seed.js";
import { isWhole, refuseOption, type Loose, text } from "../../errors/check.js";
import {
  checkDatasetOptions,
  datasetOwner,
  type ImageDatasetOptions,
  type LabelMode,
} from "./image-dataset-options.js";
import { datasetExtensions } from "../generator/keras-extensions.js";
import { classNumbers, oneHot } from "../generator/labels.js";
import type { Photo } from "../../photos/photo.js";
import { PinnedPhotos } from "../../photos/pinned-photos.js";
import { channelsOf } from "../../photos/read-photo.js";
import type { LabelsOf } from "../generator/samples.js";
import { ImageDataset, type LabelledSamples } from "./photo-dataset.js";
import type { Tensor } from "../../runtime/runtime.js";
import { listPhotos, scanClassFolders } from "../../photos/scan.js";

export type { ImageDatasetOptions } from "./image-dataset-options.js";

/** What the function takes by position. */
const call = { name: datasetOwner, positional: ["directory"] };

/** Options of a dataset of photos alone. */
type WithoutLabels = { readonly labels: null } | { readonly labelMode: null };

/** Photos that a dataset is made of. */
interface Listing {
  /** With a label as the number of the class, whoever gave it; 0 without labels. */
  readonly photos: readonly Photo[];
  /** `undefined` without labels. */
  readonly classNames: readonly string[] | undefined;
}

async function listed(directory: string, options: ImageDatasetOptions): Promise<Listing> {
  const { followLinks = false } = options;
  const labels = options.labels === undefined ? "inferred" : options.labels;
  const labelled = labels !== null && options.labelMode !== null;
  if (labels === "inferred") {
    const classes = options.classNames ?? undefined;
    const set = await scanClassFolders(directory, { extensions: datasetExtensions, followLinks, classes });
    return { photos: set.photos, classNames: labelled ? set.classes : undefined };
  }
  const paths = await listPhotos(directory, { extensions: datasetExtensions, followLinks });
  if (labels !== null && labels.length !== paths.length) {
    throw new UsageError("There is not a label for each photo.", {
      subject: "labels",
      expected: `${paths.length} labels, as many as photos in ${directory}`,
      received: `${labels.length}`,
    });
  }
  if (options.labelMode === "categorical") checkClasses(labels ?? []);
  const photos = paths.map((path, index) => ({ path, classIndex: labels?.[index] ?? 0 }));
  const names = labelled ? [...new Set(labels)].sort((a, b) => a - b).map(String) : undefined;
  return { photos, classNames: names };
}

/** Refuses numbers that have no column among those of as many classes as there are different numbers. */
function checkClasses(labels: readonly number[]): void {
  const classes = new Set(labels).size;
  const wrong = labels.findIndex((label) => !(isWhole(label, 0) && label < classes));
  if (wrong < 0) return;
  throw new UsageError("A label is no class.", {
    subject: "labels",
    expected: `whole numbers from 0 to ${classes - 1}, for there are ${classes} different ones`,
    received: `${labels[wrong] ?? ""} as number ${wrong}`,
    advice: 'Use labelMode "int" for other numbers.',
  });
}

function labelsOf(
  classNames: readonly string[] | undefined,
  photos: readonly Photo[],
  mode: LabelMode,
): LabelsOf | undefined {
  if (classNames === undefined || mode === null) return undefined;
  const labels = (keys: readonly number[]): number[] => keys.map((key) => photos[key]?.classIndex ?? 0);
  if (mode === "categorical") return (keys) => oneHot(labels(keys), classNames.length);
  if (mode === "int") return (keys) => classNumbers(labels(keys));
  return (keys) => ({ ...classNumbers(labels(keys)), dims: [keys.length, 1] });
}

/** Photos as samples, resized as TensorFlow does it. */
function samplesOf(
  photos: readonly Photo[],
  classNames: readonly string[] | undefined,
  options: ImageDatasetOptions,
): LabelledSamples {
  const { imageSize = [256, 256], colorMode = "rgb", interpolation = "bilinear" } = options;
  const { cropToAspectRatio = false, padToAspectRatio = false } = options;
  const [height, width] = imageSize;
  const channels = channelsOf(colorMode);
  const how = { colorMode, imageSize, interpolation, cropToAspectRatio, padToAspectRatio };
  const pinned = new PinnedPhotos();
  return {
    count: photos.length,
    shape: [height, width, channels],
    type: "float32",
    nameOf: (key) => photos[key]?.path ?? "",
    labelNames: classNames,
    labels: labelsOf(classNames, photos, options.labelMode === undefined ? "int" : options.labelMode),
    async read(keys) {
      const pixels = new Float32Array(keys.length * height * width * channels);
      const chosen = keys.flatMap((key) => photos.slice(key, key + 1));
      await pinned.fill(new Uint8Array(pixels.buffer), chosen, { kind: "dataset", options: how });
      return pixels;
    },
  };
}

/**
 * Takes photos from a folder that holds one folder per class, resized as TensorFlow does it.
 *
 * @param directory the folder that holds the class folders; it may stand among the options, as Keras's keyword arguments
 * @returns a dataset for `fit`, `evaluate` and `predict`; two, training and validation, for `subset: "both"`
 * @throws FileError when the folder cannot be read or holds no photos
 * @throws UsageError for impossible options
 * @see https://keras.io/api/data_loading/image/#imagedatasetfromdirectory-function Orders are drawn from this package's
 * generators, so a split of shuffled photos is not the one that Keras makes of the same seed; `dataFormat` has no channels first;
 * grey is made of colours, where TensorFlow takes a JPEG's brightness as it is stored
 *
 * @example
 * ```ts
 * import { imageDatasetFromDirectory } from "graft-ml";
 *
 * // The folder photos holds photos/cat and photos/dog, with four photos each.
 * const options = { imageSize: [150, 150], validationSplit: 0.25, subset: "both", seed: 1 } as const;
 * const [training, validation] = await imageDatasetFromDirectory("photos", options);
 * // → Found 8 files belonging to 2 classes.
 * // → Using 6 files for training.
 * // → Using 2 files for validation.
 * console.log(training.classNames, validation.samples); // → [ 'cat', 'dog' ] 2
 * ```
 */
export function imageDatasetFromDirectory(
  directory: string,
  options: Loose<Omit<ImageDatasetOptions, "subset">> & WithoutLabels & { readonly subset: "both" },
): Promise<[training: ImageDataset<Tensor>, validation: ImageDataset<Tensor>]>;
export function imageDatasetFromDirectory(
  directory: string,
  options: Loose<Omit<ImageDatasetOptions, "subset">> &
    WithoutLabels & { readonly subset?: "training" | "validation" | null },
): Promise<ImageDataset<Tensor>>;
export function imageDatasetFromDirectory(
  directory: string,
  options: Loose<Omit<ImageDatasetOptions, "subset">> & { readonly subset: "both" },
): Promise<[training: ImageDataset, validation: ImageDataset]>;
export function imageDatasetFromDirectory(
  directory: string,
  options?: Loose<Omit<ImageDatasetOptions, "subset">> & { readonly subset?: "training" | "validation" | null },
): Promise<ImageDataset>;
export function imageDatasetFromDirectory(
  directory: string,
  options?: Loose<ImageDatasetOptions>,
): Promise<ImageDataset | [training: ImageDataset, validation: ImageDataset]>;
export function imageDatasetFromDirectory(
  options: Loose<Omit<ImageDatasetOptions, "subset">> & { readonly directory: string; readonly subset: "both" },
): Promise<[training: ImageDataset, validation: ImageDataset]>;
export function imageDatasetFromDirectory(
  options: Loose<Omit<ImageDatasetOptions, "subset">> & {
    readonly directory: string;
    readonly subset?: "training" | "validation" | null;
  },
): Promise<ImageDataset>;
export async function imageDatasetFromDirectory(...given: readonly unknown[]): Promise<unknown> {
  const named = byName<ImageDatasetOptions & { readonly directory: string }>(call, given);
  // They are checked at once.
  const { directory, ...options } = named;
  checkDatasetOptions(options);
  text(datasetOwner, "directory", directory);
  const listing = await listed(directory, options);
  const { shuffle = true, subset, verbose = true, validationSplit } = options;
  const say = (line: string): void => {
    if (verbose) platform().print(line);
  };
  const { classNames } = listing;
  const found = `Found ${listing.photos.length} files`;
  say(classNames === undefined ? `${found}.` : `${found} belonging to ${classNames.length} classes.`);
  if (options.labelMode === "binary" && classNames?.length !== 2) {
    refuseOption(datasetOwner, "labelMode", 'two classes for "binary"', (classNames ?? ["no labels"]).join(", "));
  }
  const photos = shuffle ? shuffled(listing.photos, options.seed ?? undefined) : listing.photos;
  const held = Math.trunc((validationSplit ?? 0) * photos.length);
  const training = photos.slice(0, photos.length - held);
  const validation = photos.slice(photos.length - held);
  const dataset = (part: readonly Photo[], what: string, order: boolean): ImageDataset => {
    if (part.length > 0) {
      const samples = samplesOf(part, classNames, options);
      const filePaths = part.map(({ path }) => path);
      const { batchSize = 32 } = options;
      return ImageDataset.of({ samples, classNames, filePaths }, batchSize ?? undefined, order, options.seed);
    }
    throw new FileError(`There are no ${what}photos in ${directory}.`, {
      subject: join(directory),
      expected: `files that end in ${datasetExtensions.join(", ")}`,
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

function shuffled(photos: readonly Photo[], seed: number | undefined): readonly Photo[] {
  const generator = seed === undefined ? randomStream("image-dataset") : new Generator(seed).fork("files");
  return generator.permutation(photos.length).flatMap((index) => photos[index] ?? []);
}
